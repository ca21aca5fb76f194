#define CUVEE_VEC_NEON
#include "kernels/resize/resize_impl.h"

namespace cuvee {
extern const ResizeKernels resize_neon;
const ResizeKernels resize_neon{combine, columns, moves, combine_bytes, pixels, bytes};
}  // namespace cuvee
