#define CUVEE_VEC_AVX512
#include "kernels/mvn/mvn_impl.h"

namespace cuvee {
extern const MvnRowKernel mvn_avx512;
const MvnRowKernel mvn_avx512 = row;
}  // namespace cuvee
