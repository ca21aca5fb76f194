#include "kernels/reorder/reorder_impl.h"

namespace cuvee {
extern const ReorderKernels reorder_scalar;
const ReorderKernels reorder_scalar = {to_blocked, to_planar, gather};
}  // namespace cuvee
