#include "kernels/tile/tile_impl.h"

namespace cuvee {
extern const TileKernels tile_scalar;
const TileKernels tile_scalar = make_tile_kernels<4, 0, 0, 0>();
}  // namespace cuvee
