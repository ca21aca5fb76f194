#define CUVEE_VEC_AVX512
#include "kernels/lrn/lrn_impl.h"

namespace cuvee {
extern const LrnRowKernel lrn_avx512;
const LrnRowKernel lrn_avx512 = row;
}  // namespace cuvee
