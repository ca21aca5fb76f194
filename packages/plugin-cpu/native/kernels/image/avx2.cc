#define CUVEE_VEC_AVX2
#include "kernels/image/image_impl.h"

namespace cuvee {
extern const ImageRow image_row_avx2;
const ImageRow image_row_avx2 = row;
}  // namespace cuvee
