#define CUVEE_VEC_AVX512
#include "kernels/pool/pool_impl.h"

namespace cuvee {
extern const PoolRowKernel pool_avx512;
const PoolRowKernel pool_avx512 = row;
}  // namespace cuvee
