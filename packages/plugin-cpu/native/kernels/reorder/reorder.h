/// Between planar (nchw) and blocked (nChw{B}c) tensors, float32. Bit-exact copies; pad lanes of blocked results are zero.
#pragma once

#include "kernels/table.h"
#include "kernels/tensor.h"

namespace cuvee {

/// Lanes that a channel block takes from another: `lane` has B of them, -1 for those that come from elsewhere.
struct LanePiece {
  const float* from;
  const std::int32_t* lane;
};

struct ReorderKernels {
  /// dst[p][lane] = src[lane * channel_stride + p] for lane < channels <= B, zero beyond; p in [0, pixels).
  void (*to_blocked)(float* dst, const float* src, std::ptrdiff_t channel_stride, int channels, std::ptrdiff_t pixels);
  /// dst[lane * channel_stride + p] = src[p][lane] for lane < channels <= B.
  void (*to_planar)(float* dst, std::ptrdiff_t channel_stride, const float* src, int channels, std::ptrdiff_t pixels);
  /// Lane i of dst[p] is lane[i] of the one of `pieces` whose lane[i] is not negative, at pixel p; zero where there is none.
  void (*gather)(float* dst, const LanePiece* pieces, int count, std::ptrdiff_t pixels);
};

/// Sizes of the tensor, the same on both sides.
struct ReorderShape {
  int batch = 1, channels = 0, height = 1, width = 1;
};

/// Chunks of the functions below: one for each image, channel block and band of pixels.
int reorder_chunks(const KernelTable& table, const ReorderShape& shape);

/// Dense tensors both; chunk in [0, reorder_chunks).
void reorder_to_blocked(const KernelTable& table, const ReorderShape& shape, const float* planar, float* blocked, int chunk);
void reorder_to_planar(const KernelTable& table, const ReorderShape& shape, const float* blocked, float* planar, int chunk);

}  // namespace cuvee
