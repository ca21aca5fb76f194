#define CUVEE_VEC_AVX512
#include "kernels/depthwise/depthwise_impl.h"

namespace cuvee {
extern const DepthwiseKernels depthwise_avx512;
const DepthwiseKernels depthwise_avx512 = {depthwise_row};
}  // namespace cuvee
