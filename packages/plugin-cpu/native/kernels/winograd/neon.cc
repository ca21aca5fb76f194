#define CUVEE_VEC_NEON
#include "kernels/winograd/winograd_impl.h"

namespace cuvee {
extern const WinogradKernels winograd_neon;
const WinogradKernels winograd_neon = winograd_kernels;
}  // namespace cuvee
