#include "kernels/eltwise/eltwise_impl.h"

namespace cuvee {
extern const EltwiseRow eltwise_scalar;
const EltwiseRow eltwise_scalar = row;
}  // namespace cuvee
