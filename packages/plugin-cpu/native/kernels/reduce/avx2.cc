#define CUVEE_VEC_AVX2
#include "kernels/reduce/reduce_impl.h"

namespace cuvee {
extern const ReduceKernels reduce_avx2;
const ReduceKernels reduce_avx2 = {row, combine, columns};
}  // namespace cuvee
