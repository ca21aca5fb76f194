#define CUVEE_VEC_NEON
#include "kernels/lrn/lrn_impl.h"

namespace cuvee {
extern const LrnRowKernel lrn_neon;
const LrnRowKernel lrn_neon = row;
}  // namespace cuvee
