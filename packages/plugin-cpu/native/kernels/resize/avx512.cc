#define CUVEE_VEC_AVX512
#include "kernels/resize/resize_impl.h"

namespace cuvee {
extern const ResizeKernels resize_avx512;
const ResizeKernels resize_avx512{combine, columns, moves, combine_bytes, pixels, bytes};
}  // namespace cuvee
