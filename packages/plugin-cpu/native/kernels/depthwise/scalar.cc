#include "kernels/depthwise/depthwise_impl.h"

namespace cuvee {
extern const DepthwiseKernels depthwise_scalar;
const DepthwiseKernels depthwise_scalar = {depthwise_row};
}  // namespace cuvee
