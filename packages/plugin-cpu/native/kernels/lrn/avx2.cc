#define CUVEE_VEC_AVX2
#include "kernels/lrn/lrn_impl.h"

namespace cuvee {
extern const LrnRowKernel lrn_avx2;
const LrnRowKernel lrn_avx2 = row;
}  // namespace cuvee
