#define CUVEE_VEC_AVX512
#include "kernels/winograd/winograd_impl.h"

namespace cuvee {
extern const WinogradKernels winograd_avx512;
const WinogradKernels winograd_avx512 = winograd_kernels;
}  // namespace cuvee
