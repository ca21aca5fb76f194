#include "kernels/image/image.h"

#include "kernels/select.h"

namespace cuvee {

CUVEE_VARIANTS(ImageRow, image_row, ImageRow, image_row)

}  // namespace cuvee
