#define CUVEE_VEC_AVX512
#include "kernels/eltwise/eltwise_impl.h"

namespace cuvee {
extern const EltwiseRow eltwise_avx512;
const EltwiseRow eltwise_avx512 = row;
}  // namespace cuvee
