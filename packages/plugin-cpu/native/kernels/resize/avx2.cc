#define CUVEE_VEC_AVX2
#include "kernels/resize/resize_impl.h"

namespace cuvee {
extern const ResizeKernels resize_avx2;
const ResizeKernels resize_avx2{combine, columns, moves, combine_bytes, pixels, bytes};
}  // namespace cuvee
