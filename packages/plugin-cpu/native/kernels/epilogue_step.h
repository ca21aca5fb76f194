// The inputs and arguments that convolutions and matrix products share: their epilogue (see lower/epilogue.ts).
#pragma once

#include "kernels/tensor.h"
#include "kernels/tile/tile.h"
#include "runtime/step.h"

namespace cuvee {

// Position of the epilogue's inputs: bias, weight scale, post scale, post shift, residual.
inline constexpr int epilogue_first = 2, epilogue_weight_scale = 3, epilogue_residual = 6;

// Channel arrays of a step, padded to what kernels read.
struct EpilogueState {
  std::shared_ptr<Packed> bias, post_scale, post_shift;
  Epilogue base;  // without the residual
};

// Reads activation, alpha, beta and residual-after from `args[first..first+3]` and packs the channel arrays. Only in `bind`.
Status bind_epilogue(StepContext& ctx, int channels, int first_arg, EpilogueState& state);

// Constant input `input`, one element a channel, padded to what kernels read. Only in `bind`; null where it is no constant.
std::shared_ptr<Packed> pack_channels(StepContext& ctx, int input, int channels);

// Adds `hash` of a channel array to a packing format, so that weights scaled differently are packed apart. Empty when absent.
std::string scale_format(const StepContext& ctx);

inline const float* weight_scale(const StepContext& ctx) {
  const TensorView& v = ctx.in[epilogue_weight_scale];
  return v.absent ? nullptr : v.as<float>();
}

// A tensor of planar or blocked pictures, or the window of it that a strip holds, as Source or Sink.
template <class View>
View view_of(const StepContext& ctx, const TensorView& v) {
  const int b = v.layout == Layout::plain ? 1 : ctx.block;
  const std::ptrdiff_t row = v.cols * b, block = row * v.rows;
  return {v.as<float>() - v.row0 * row - v.col0 * b, block * ((v.dim(1) + b - 1) / b), block, row};
}

// "; tile 14x32": pixels by output channels of the microkernel, for `set_variant`; nothing for no vectors.
std::string tile_words(const TileKernels& tile, int vectors);

}  // namespace cuvee
