#include "kernels/pool/pool_impl.h"

namespace cuvee {
extern const PoolRowKernel pool_scalar;
const PoolRowKernel pool_scalar = row;
}  // namespace cuvee
