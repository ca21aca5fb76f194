#define CUVEE_VEC_NEON
#include "kernels/image/image_impl.h"

namespace cuvee {
extern const ImageRow image_row_neon;
const ImageRow image_row_neon = row;
}  // namespace cuvee
