#define CUVEE_VEC_AVX512
#include "kernels/reduce/reduce_impl.h"

namespace cuvee {
extern const ReduceKernels reduce_avx512;
const ReduceKernels reduce_avx512 = {row, combine, columns};
}  // namespace cuvee
