#define CUVEE_DIGEST_LANES 4
#include "kernels/digest/digest_impl.h"

namespace cuvee {
extern const DigestKernel digest_neon;
const DigestKernel digest_neon = {lanes, values};
}  // namespace cuvee
