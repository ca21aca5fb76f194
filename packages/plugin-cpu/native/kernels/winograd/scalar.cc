#include "kernels/winograd/winograd_impl.h"

namespace cuvee {
extern const WinogradKernels winograd_scalar;
const WinogradKernels winograd_scalar = winograd_kernels;
}  // namespace cuvee
