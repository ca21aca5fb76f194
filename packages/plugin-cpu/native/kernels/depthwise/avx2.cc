#define CUVEE_VEC_AVX2
#include "kernels/depthwise/depthwise_impl.h"

namespace cuvee {
extern const DepthwiseKernels depthwise_avx2;
const DepthwiseKernels depthwise_avx2 = {depthwise_row};
}  // namespace cuvee
