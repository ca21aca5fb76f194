#include "kernels/softmax/softmax_impl.h"

namespace cuvee {
extern const SoftmaxKernels softmax_scalar;
const SoftmaxKernels softmax_scalar = {row};
}  // namespace cuvee
