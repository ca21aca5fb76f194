/// Depthwise convolution, float32, blocked to blocked: channel multiplier 1 (other group convolutions: conv.h).
///
///   y[n][c][oy][ox] = epilogue( sum over ky, kx of x[n][c][oy * stride_h - pad_top + ky * dilation_h][ix] * w[c][ky][kx] )
///
/// Rows and columns outside the image are skipped, so no halo is copied. 3- and 5-wide
/// kernels of stride 1 and 2 and 7-wide ones of stride 1, without column dilation, keep a kernel row's weights in registers
/// and load every input once for a row; any other kernel loads it for every tap (about half the speed). kernel_h is at most
/// 64. Weights are packed as [ceil(C / B)][kh * kw][B].
#pragma once

#include "kernels/table.h"
#include "kernels/tensor.h"

namespace cuvee {

struct TileArgs;

struct DepthwiseShape {
  int batch = 1, channels = 0;
  int in_h = 0, in_w = 0, out_h = 0, out_w = 0;
  int kernel_h = 3, kernel_w = 3, stride_h = 1, stride_w = 1, dilation_h = 1, dilation_w = 1;
  int pad_top = 0, pad_left = 0;
};

struct DepthwisePlan {
  const KernelTable* table = nullptr;
  DepthwiseShape shape;
  int blocks = 0;                  // ceil(C / B)
  std::size_t packed_floats = 0;
  int chunks = 0, bands = 1, block_splits = 1;  // chunks = batch * bands * block_splits
};

DepthwisePlan depthwise_select(const KernelTable& table, const DepthwiseShape& shape, int threads);

/// Packs [C][1][kh][kw] weights.
void depthwise_pack(const DepthwisePlan& plan, const float* weights, float* dst);

struct DepthwiseArgs {
  Source source;
  const float* weights = nullptr;  // packed
  Sink sink;
  Epilogue epilogue;
};

/// Computes chunk `chunk` in [0, plan.chunks). No scratch.
void depthwise_run_chunk(const DepthwisePlan& plan, const DepthwiseArgs& args, int chunk);

/// Computes output rows [y0, y1), columns [x0, x1) of blocks [block0, block1) of image n.
void depthwise_run_rows(const DepthwisePlan& plan, const DepthwiseArgs& args, int n, int y0, int y1, int x0, int x1, int block0, int block1);

/// One output row segment of one block, for the instruction set's kernel.
struct DepthwiseRow {
  const DepthwiseShape* shape;
  const float* const* rows;        // kernel_h input rows at x = 0, null where outside the image
  const float* weights;            // [kh * kw][B]
  int x0, x1;
};

struct DepthwiseKernels {
  /// Computes pixels [x0, x1); `tile` carries epilogue, c and residual at pixel x0 with their steps.
  void (*row)(const DepthwiseRow& row, TileArgs& tile);
};

}  // namespace cuvee
