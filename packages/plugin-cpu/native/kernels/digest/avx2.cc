#define CUVEE_DIGEST_LANES 8
#include "kernels/digest/digest_impl.h"

namespace cuvee {
extern const DigestKernel digest_avx2;
const DigestKernel digest_avx2 = {lanes, values};
}  // namespace cuvee
