#include "kernels/reduce/reduce.h"

#include "kernels/select.h"

namespace cuvee {

CUVEE_VARIANTS(ReduceKernels, reduce, const ReduceKernels&, reduce_kernels)

}  // namespace cuvee
