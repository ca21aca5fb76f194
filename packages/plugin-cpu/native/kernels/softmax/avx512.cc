#define CUVEE_VEC_AVX512
#include "kernels/softmax/softmax_impl.h"

namespace cuvee {
extern const SoftmaxKernels softmax_avx512;
const SoftmaxKernels softmax_avx512 = {row};
}  // namespace cuvee
