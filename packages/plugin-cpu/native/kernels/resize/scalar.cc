#include "kernels/resize/resize_impl.h"

namespace cuvee {
extern const ResizeKernels resize_scalar;
const ResizeKernels resize_scalar{combine, columns, moves, combine_bytes, pixels, bytes};
}  // namespace cuvee
