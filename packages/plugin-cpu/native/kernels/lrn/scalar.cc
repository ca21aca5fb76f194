#include "kernels/lrn/lrn_impl.h"

namespace cuvee {
extern const LrnRowKernel lrn_scalar;
const LrnRowKernel lrn_scalar = row;
}  // namespace cuvee
