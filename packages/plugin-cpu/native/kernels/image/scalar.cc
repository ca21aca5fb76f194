#include "kernels/image/image_impl.h"

namespace cuvee {
extern const ImageRow image_row_scalar;
const ImageRow image_row_scalar = row;
}  // namespace cuvee
