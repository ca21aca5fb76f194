#include "kernels/mvn/mvn_impl.h"

namespace cuvee {
extern const MvnRowKernel mvn_scalar;
const MvnRowKernel mvn_scalar = row;
}  // namespace cuvee
