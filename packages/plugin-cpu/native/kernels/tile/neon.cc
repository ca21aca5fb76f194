#define CUVEE_VEC_NEON
#include "kernels/tile/tile_impl.h"

namespace cuvee {
extern const TileKernels tile_neon;
const TileKernels tile_neon = make_tile_kernels<12, 6, 4, 0>();
}  // namespace cuvee
