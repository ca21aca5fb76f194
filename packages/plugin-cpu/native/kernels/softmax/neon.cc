#define CUVEE_VEC_NEON
#include "kernels/softmax/softmax_impl.h"

namespace cuvee {
extern const SoftmaxKernels softmax_neon;
const SoftmaxKernels softmax_neon = {row};
}  // namespace cuvee
