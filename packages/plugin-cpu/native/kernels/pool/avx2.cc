#define CUVEE_VEC_AVX2
#include "kernels/pool/pool_impl.h"

namespace cuvee {
extern const PoolRowKernel pool_avx2;
const PoolRowKernel pool_avx2 = row;
}  // namespace cuvee
