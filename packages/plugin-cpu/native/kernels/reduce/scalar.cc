#include "kernels/reduce/reduce_impl.h"

namespace cuvee {
extern const ReduceKernels reduce_scalar;
const ReduceKernels reduce_scalar = {row, combine, columns};
}  // namespace cuvee
