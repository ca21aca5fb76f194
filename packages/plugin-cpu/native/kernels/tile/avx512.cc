#define CUVEE_VEC_AVX512
#include "kernels/tile/tile_impl.h"

namespace cuvee {
extern const TileKernels tile_avx512;
const TileKernels tile_avx512 = make_tile_kernels<16, 14, 9, 6>();
}  // namespace cuvee
