#define CUVEE_VEC_NEON
#include "kernels/pool/pool_impl.h"

namespace cuvee {
extern const PoolRowKernel pool_neon;
const PoolRowKernel pool_neon = row;
}  // namespace cuvee
