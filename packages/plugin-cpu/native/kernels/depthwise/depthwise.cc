#include "kernels/depthwise/depthwise.h"

#include <algorithm>
#include <cstring>

#include "kernels/tile/tile.h"

namespace cuvee {

DepthwisePlan depthwise_select(const KernelTable& table, const DepthwiseShape& shape, int threads) {
  DepthwisePlan plan;
  plan.table = &table;
  plan.shape = shape;
  plan.blocks = (shape.channels + table.block - 1) / table.block;
  plan.packed_floats = std::size_t(plan.blocks) * shape.kernel_h * shape.kernel_w * table.block;
  const int wanted = threads > 1 ? (4 * threads + shape.batch - 1) / shape.batch : 1;
  // Bands of at least 4 rows, which threads can share evenly; few rows that they cannot are shared by channels.
  plan.bands = std::clamp(shape.out_h / 4, 1, wanted);
  if (plan.bands > threads) plan.bands -= plan.bands % threads;
  if (shape.out_h % threads && shape.out_h < 16 * threads) plan.bands = 1;
  if (plan.bands < wanted) plan.block_splits = std::min(plan.blocks, (wanted + plan.bands - 1) / plan.bands);
  plan.chunks = shape.batch * plan.bands * plan.block_splits;
  return plan;
}

void depthwise_pack(const DepthwisePlan& plan, const float* weights, float* dst) {
  const int taps = plan.shape.kernel_h * plan.shape.kernel_w, width = plan.table->block;
  std::memset(dst, 0, plan.packed_floats * sizeof(float));
  for (int c = 0; c < plan.shape.channels; ++c)
    for (int tap = 0; tap < taps; ++tap)
      dst[(std::ptrdiff_t(c / width) * taps + tap) * width + c % width] = weights[std::ptrdiff_t(c) * taps + tap];
}

void depthwise_run_rows(const DepthwisePlan& plan, const DepthwiseArgs& args, int n, int y0, int y1, int x0, int x1, int block0, int block1) {
  const DepthwiseShape& s = plan.shape;
  const int width = plan.table->block, taps = s.kernel_h * s.kernel_w;
  constexpr int most = 64;
  const float* rows[most];
  TileArgs tile{};
  set_epilogue(tile, args.epilogue);
  tile.c_step = tile.r_step = width;
  for (int block = block0; block < block1; ++block) {
    seek_channel(tile, args.epilogue, std::ptrdiff_t(block) * width);
    tile.lanes = std::min(s.channels - block * width, width);
    for (int y = y0; y < y1; ++y) {
      tile.c = args.sink.at(n, block, y) + std::ptrdiff_t(x0) * width;
      if (args.epilogue.has_residual) tile.residual = args.epilogue.residual.at(n, block, y) + std::ptrdiff_t(x0) * width;
      for (int ky = 0; ky < s.kernel_h; ++ky) {
        const int iy = y * s.stride_h - s.pad_top + ky * s.dilation_h;
        rows[ky] = iy < 0 || iy >= s.in_h ? nullptr : args.source.at(n, block, iy);
      }
      TileArgs now = tile;
      plan.table->depthwise->row({&s, rows, args.weights + std::ptrdiff_t(block) * taps * width, x0, x1}, now);
    }
  }
}

void depthwise_run_chunk(const DepthwisePlan& plan, const DepthwiseArgs& args, int chunk) {
  const int split = chunk % plan.block_splits, band = chunk / plan.block_splits % plan.bands, n = chunk / plan.block_splits / plan.bands;
  const int height = plan.shape.out_h;
  depthwise_run_rows(plan, args, n, height * band / plan.bands, height * (band + 1) / plan.bands, 0, plan.shape.out_w,
                     plan.blocks * split / plan.block_splits, plan.blocks * (split + 1) / plan.block_splits);
}

}  // namespace cuvee
