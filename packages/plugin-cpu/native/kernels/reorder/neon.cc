#define CUVEE_VEC_NEON
#include "kernels/reorder/reorder_impl.h"

namespace cuvee {
extern const ReorderKernels reorder_neon;
const ReorderKernels reorder_neon = {to_blocked, to_planar, gather};
}  // namespace cuvee
