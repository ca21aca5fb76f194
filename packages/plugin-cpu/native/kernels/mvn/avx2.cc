#define CUVEE_VEC_AVX2
#include "kernels/mvn/mvn_impl.h"

namespace cuvee {
extern const MvnRowKernel mvn_avx2;
const MvnRowKernel mvn_avx2 = row;
}  // namespace cuvee
