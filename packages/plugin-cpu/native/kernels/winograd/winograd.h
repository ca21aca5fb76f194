/// Tile transforms of Winograd convolution F(4x4, 3x3) with points 0, +-sqrt(1/2), +-sqrt(2), infinity, and F(2x2, 3x3) with 0, +-1, infinity.
///
///   Y = A^T [ (G g G^T) . (B^T d B) ] A,   d inputs, 6x6 or 4x4, g 3x3 weights, Y outputs, 4x4 or 2x2, "." summed over input channels.
///
/// A coarse channel, upsampled by 4 or more so that a tile's inner 4x4 inputs are one value c, needs 3 products along an axis instead of 6:
/// (p - c) g0, c (g0 + g1 + g2) and (n - c) g2 with p and n the inputs before and after. The first and the last belong to points 0 and
/// infinity; the middle one is the same in all four outputs, a point of its own behind the others ("flat").
///
/// The first points have a third to a sixth of the error of the textbook 0, +-1, +-2. Weights are transformed in double and
/// rounded once (`winograd_weight`). The products are 36 small matrix products, run by the tile microkernel; this family
/// holds what surrounds them. Used by conv.
#pragma once

#include <cstddef>

#include "kernels/tensor.h"

namespace cuvee {

struct TileArgs;

/// Points of F(4x4) that coarse channels have, (i, j) with i and j of 0, 1 (flat) and 5, by their place i * 6 + j in v. Corners are points
/// of fine channels, too; the others are points 36.. of the sums.
constexpr int coarse_flats = 5, coarse_flat[coarse_flats] = {1, 6, 7, 11, 31};
constexpr bool coarse_corner(int point) { return point == 0 || point == 5 || point == 30 || point == 35; }

/// A run of tiles side by side along a row of tiles, one channel block; here and below with the numbers of F(4x4).
struct WinogradInput {
  const float* const* rows;   // the tiles' 6 input rows at pixel 0; rows outside the image point at zeros
  int x, width, shift;        // first pixel of the first tile (may be negative); pixels [0, width) exist; pixel x lies at x >> shift
  int tiles;
  float* v;                   // v[tile * tile_step + point * point_step + lane]
  std::ptrdiff_t tile_step, point_step;
};
struct WinogradOutput {
  const float* m;             // as v
  std::ptrdiff_t tile_step, point_step;
  int tiles;
  int top, bottom;            // rows [top, bottom) of 4 to store
  int left, right;            // columns [left, right) of 4 * tiles to store, left < 4
  float* const* c;            // 4 output rows at the run's first pixel (stored or not)
  const float* const* residual;  // null, or the residual's 4 rows
  bool flats;                 // points 36.. hold sums of coarse channels
};

struct WinogradKernels {
  void (*input)(const WinogradInput& run);
  /// The same of coarse channels: rows 0, 1 and 5 only.
  void (*coarse_input)(const WinogradInput& run);
  /// Sums to pixels, epilogue of `tile` (channel arrays, form, lanes; c_step = r_step = B), store.
  void (*output)(const WinogradOutput& run, const TileArgs& tile);
  /// Weights of F(4x4) of B filters at once, in f32: filter l's tap t at taps[t * tap_step + l], its u[i] at u[i * step + l]. `coarse`: those of
  /// a coarse channel, at its places only.
  void (*weights)(const float* taps, std::ptrdiff_t tap_step, float* u, std::ptrdiff_t step, bool coarse);
  /// The same of F(2x2).
  void (*small_input)(const WinogradInput& run);
  void (*small_output)(const WinogradOutput& run, const TileArgs& tile);
};

/// u[36], or u[16] of F(2x2), of one 3x3 filter g[9], row-major both.
void winograd_weight(const float* g, float* u, int tile);

/// Of a coarse channel, at the places of its points in u[36]; the others are left alone.
void winograd_coarse_weight(const float* g, float* u);

}  // namespace cuvee
