#define CUVEE_VEC_AVX2
#include "kernels/reorder/reorder_impl.h"

namespace cuvee {
extern const ReorderKernels reorder_avx2;
const ReorderKernels reorder_avx2 = {to_blocked, to_planar, gather};
}  // namespace cuvee
