#define CUVEE_VEC_NEON
#include "kernels/reduce/reduce_impl.h"

namespace cuvee {
extern const ReduceKernels reduce_neon;
const ReduceKernels reduce_neon = {row, combine, columns};
}  // namespace cuvee
