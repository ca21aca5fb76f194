#define CUVEE_VEC_AVX2
#include "kernels/softmax/softmax_impl.h"

namespace cuvee {
extern const SoftmaxKernels softmax_avx2;
const SoftmaxKernels softmax_avx2 = {row};
}  // namespace cuvee
