#define CUVEE_VEC_AVX2
#include "kernels/eltwise/eltwise_impl.h"

namespace cuvee {
extern const EltwiseRow eltwise_avx2;
const EltwiseRow eltwise_avx2 = row;
}  // namespace cuvee
