/// Tile transforms of Winograd convolution F(4x4, 3x3) with points 0, +-sqrt(1/2), +-sqrt(2), infinity.
///
///   Y = A^T [ (G g G^T) . (B^T d B) ] A,   d 6x6 inputs, g 3x3 weights, Y 4x4 outputs, "." summed over input channels.
///
/// These points have a third to a sixth of the error of the textbook 0, +-1, +-2. Weights are transformed in double and
/// rounded once (`winograd_weight`). The products are 36 small matrix products, run by the tile microkernel; this family
/// holds what surrounds them. Used by conv.
#pragma once

#include <cstddef>

#include "kernels/tensor.h"

namespace cuvee {

struct TileArgs;

struct WinogradKernels {
  /// v[t * t_step + lane] for t in [0, 36): transform of the 6x6 pixels rows[i][j * B + lane].
  void (*input)(const float* const* rows, float* v, std::ptrdiff_t t_step);
  /// Sums m[t * t_step + lane] to 4x4 pixels, epilogue of `tile` (channel arrays, form, lanes), store of the first `height`
  /// rows and `width` columns at c[row] and, when present, residual[row].
  void (*output)(const float* m, std::ptrdiff_t t_step, const TileArgs& tile, float* const* c, const float* const* residual, int height, int width);
};

/// u[36] of one 3x3 filter g[9], row-major both.
void winograd_weight(const float* g, float* u);

}  // namespace cuvee
