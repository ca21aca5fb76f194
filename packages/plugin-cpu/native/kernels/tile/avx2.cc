#define CUVEE_VEC_AVX2
#include "kernels/tile/tile_impl.h"

namespace cuvee {
extern const TileKernels tile_avx2;
const TileKernels tile_avx2 = make_tile_kernels<12, 6, 4, 0>();
}  // namespace cuvee
