#define CUVEE_VEC_AVX512
#include "kernels/reorder/reorder_impl.h"

namespace cuvee {
extern const ReorderKernels reorder_avx512;
const ReorderKernels reorder_avx512 = {to_blocked, to_planar, gather};
}  // namespace cuvee
