#define CUVEE_VEC_NEON
#include "kernels/depthwise/depthwise_impl.h"

namespace cuvee {
extern const DepthwiseKernels depthwise_neon;
const DepthwiseKernels depthwise_neon = {depthwise_row};
}  // namespace cuvee
