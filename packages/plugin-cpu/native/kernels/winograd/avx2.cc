#define CUVEE_VEC_AVX2
#include "kernels/winograd/winograd_impl.h"

namespace cuvee {
extern const WinogradKernels winograd_avx2;
const WinogradKernels winograd_avx2 = winograd_kernels;
}  // namespace cuvee
