#define CUVEE_DIGEST_LANES 16
#include "kernels/digest/digest_impl.h"

namespace cuvee {
extern const DigestKernel digest_avx512;
const DigestKernel digest_avx512 = {lanes, values};
}  // namespace cuvee
