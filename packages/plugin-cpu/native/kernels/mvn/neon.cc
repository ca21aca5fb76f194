#define CUVEE_VEC_NEON
#include "kernels/mvn/mvn_impl.h"

namespace cuvee {
extern const MvnRowKernel mvn_neon;
const MvnRowKernel mvn_neon = row;
}  // namespace cuvee
