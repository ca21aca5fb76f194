#define CUVEE_DIGEST_LANES 4
#include "kernels/digest/digest_impl.h"

namespace cuvee {
extern const DigestKernel digest_scalar;
const DigestKernel digest_scalar = {lanes, values};
}  // namespace cuvee
