#define CUVEE_VEC_NEON
#include "kernels/eltwise/eltwise_impl.h"

namespace cuvee {
extern const EltwiseRow eltwise_neon;
const EltwiseRow eltwise_neon = row;
}  // namespace cuvee
