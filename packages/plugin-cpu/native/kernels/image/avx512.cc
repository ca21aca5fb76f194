#define CUVEE_VEC_AVX512
#include "kernels/image/image_impl.h"

namespace cuvee {
extern const ImageRow image_row_avx512;
const ImageRow image_row_avx512 = row;
}  // namespace cuvee
