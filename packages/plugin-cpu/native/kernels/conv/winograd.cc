/// The winograd method of conv: blocks of 4x4-output tiles, for each block input transform, 36 products, output transform,
/// everything of one block in L2.
#include "kernels/winograd/winograd.h"

#include <algorithm>
#include <cstring>

#include "base/memory.h"
#include "kernels/conv/conv_run.h"

namespace cuvee::conv_detail {
namespace {

constexpr int points = 36;
constexpr std::size_t block_floats = 160 * 1024;  // transformed input and sums of one block of tiles: 640 KiB

int ceil_div(std::ptrdiff_t a, std::ptrdiff_t b) { return static_cast<int>((a + b - 1) / b); }

/// Floats between transform points: a line more than the data, so that the 36 streams fall into different cache sets.
std::ptrdiff_t point_step(std::ptrdiff_t blocks, int tiles, int width) { return blocks * tiles * width + 16; }

int out_blocks(const ConvPlan& plan) { return ceil_div(plan.shape.out_channels, plan.table->block); }

/// Most tiles of one block.
int block_tiles(const ConvPlan& plan) {
  const std::size_t per_tile = std::size_t(points) * plan.table->block * (plan.in_blocks.size() + out_blocks(plan));
  return std::clamp(static_cast<int>(block_floats / per_tile), 8, 64);
}

/// Gathers a 6x6 window that leaves the image or is upsampled; rows[i] then point into `window`.
void gather(const ConvPlan& plan, const Source& source, const ConvInBlock& in, int n, int iy, int ix, float* window, const float** rows) {
  const ConvShape& s = plan.shape;
  const int width = plan.table->block, shift = s.part[in.part].shift;
  for (int i = 0; i < 6; ++i) {
    float* out = window + i * 6 * width;
    rows[i] = out;
    const bool inside = iy + i >= 0 && iy + i < s.in_h;
    const float* row = inside ? source.at(n, in.block, (iy + i) >> shift) : nullptr;
    for (int j = 0; j < 6; ++j, out += width) {
      if (inside && ix + j >= 0 && ix + j < s.in_w) std::memcpy(out, row + std::ptrdiff_t((ix + j) >> shift) * width, width * sizeof(float));
      else std::memset(out, 0, width * sizeof(float));
    }
  }
}

void transform_input(const ConvPlan& plan, const ConvArgs& args, int n, const ConvInBlock& in, int iy, int ix, float* v, std::ptrdiff_t step) {
  const ConvShape& s = plan.shape;
  const Source& source = args.sources[in.part];
  const int width = plan.table->block;
  alignas(64) float window[36 * 16];
  const float* rows[6];
  if (iy >= 0 && iy + 6 <= s.in_h && ix >= 0 && ix + 6 <= s.in_w && s.part[in.part].shift == 0)
    for (int i = 0; i < 6; ++i) rows[i] = source.at(n, in.block, iy + i) + std::ptrdiff_t(ix) * width;
  else
    gather(plan, source, in, n, iy, ix, window, rows);
  plan.table->winograd->input(rows, v, step);
}

void transform_output(const ConvPlan& plan, const ConvArgs& args, const TileArgs& t, const float* m, std::ptrdiff_t step, int n, int block, int y, int x,
                      int height, int columns) {
  const std::ptrdiff_t column = std::ptrdiff_t(x) * plan.table->block;
  float* c[4];
  const float* residual[4];
  for (int i = 0; i < height; ++i) {
    c[i] = args.sink.at(n, block, y + i) + column;
    residual[i] = args.epilogue.has_residual ? args.epilogue.residual.at(n, block, y + i) + column : nullptr;
  }
  TileArgs tile = t;
  tile.residual = args.epilogue.has_residual ? residual[0] : nullptr;
  plan.table->winograd->output(m, step, tile, c, residual, height, columns);
}

}  // namespace

bool winograd_suits(const KernelTable& table, const ConvShape& s) {
  if (s.kernel_h != 3 || s.kernel_w != 3 || s.stride_h != 1 || s.stride_w != 1 || s.dilation_h != 1 || s.dilation_w != 1) return false;
  if (s.groups != 1 || s.planar_input || s.in_channels < 16 || s.out_channels < 16) return false;
  const double tiles = double(ceil_div(s.out_h, 4)) * ceil_div(s.out_w, 4) * s.batch, pixels = double(s.out_h) * s.out_w * s.batch;
  const double in = ceil_div(s.in_channels, table.block), out = ceil_div(s.out_channels, table.block), lanes = in * table.block * out;
  // Cycles at two multiply-adds each; weights beyond L2 stream at about 5 bytes a cycle. Below a gain of a quarter the fourfold
  // weights are not worth their memory.
  const double weight_bytes = 4.0 * lanes * table.block;
  const auto stream = [&](double taps) { return taps * weight_bytes > 1.5e6 ? taps * weight_bytes / 5 : 0; };
  const double winograd = tiles * (points * lanes / 2 * 1.1 + in * 110 + out * 75) + stream(points);
  const double direct = pixels * 9 * lanes / 2 * 1.1 + stream(9);
  return tiles >= 4 && winograd < 0.75 * direct;
}

void winograd_select(ConvPlan& plan, int threads) {
  const ConvShape& s = plan.shape;
  plan.packed_floats *= points / 9;
  for (ConvPanel& panel : plan.panels) panel.offset *= points / 9;
  const int rows = ceil_div(s.out_h, 4), columns = ceil_div(s.out_w, 4), most = block_tiles(plan), panels = static_cast<int>(plan.panels.size());
  plan.bands_x = 1;
  plan.band_w = s.out_w;
  const int wanted = threads > 1 ? ceil_div(4 * threads, s.batch) : 1;
  // Bands of whole tile rows that fill blocks well.
  int height = std::max(1, ceil_div(rows, wanted));
  if (height * columns < most / 2) height = std::min(rows, ceil_div(most / 2, columns));
  if (threads == 1) height = rows;
  plan.bands_y = ceil_div(rows, height);
  plan.band_h = 4 * height;
  if (threads > 1 && plan.bands_y * s.batch < 2 * threads) plan.panel_splits = std::min(panels, ceil_div(2 * threads, plan.bands_y * s.batch));
  const int width = plan.table->block, tiles = std::min(most, height * columns);
  plan.scratch_floats = entry_floats(plan.in_blocks.size()) + points * (point_step(plan.in_blocks.size(), tiles, width) + point_step(out_blocks(plan), tiles, width));
}

void winograd_pack(const ConvPlan& plan, const float* weights, float* dst, int index) {
  const ConvShape& s = plan.shape;
  const ConvPanel& panel = plan.panels[index];
  const int lanes = panel.vectors * plan.table->block, first = panel.block * plan.table->block;
  float* out = dst + panel.offset;
  const std::ptrdiff_t step = std::ptrdiff_t(s.in_channels) * lanes;
  for (int lane = 0; lane < lanes; ++lane)
    for (int ic = 0; ic < s.in_channels; ++ic) {
      float u[points] = {};
      if (first + lane < s.out_channels) winograd_weight(weights + (std::ptrdiff_t(first + lane) * s.in_channels + ic) * 9, u);
      for (int t = 0; t < points; ++t) out[t * step + std::ptrdiff_t(ic) * lanes + lane] = u[t];
    }
}

void winograd_run(const ConvPlan& plan, const ConvArgs& args, const Region& region, float* scratch) {
  const ConvShape& s = plan.shape;
  const int width = plan.table->block, columns = ceil_div(region.x1 - region.x0, 4);
  const int total = ceil_div(region.y1 - region.y0, 4) * columns, blocks = static_cast<int>(plan.in_blocks.size());
  const int first_block = plan.panels[region.panel0].block;
  const ConvPanel& last_panel = plan.panels[region.panel1 - 1];
  const int sums = last_panel.block + last_panel.vectors - first_block;
  const int passes = ceil_div(total, block_tiles(plan)), most = ceil_div(total, passes);
  auto* entries = reinterpret_cast<TileEntry*>(scratch);
  float* v = scratch + entry_floats(plan.in_blocks.size());
  const std::ptrdiff_t v_step = point_step(blocks, most, width), m_step = point_step(sums, most, width);
  float* m = v + points * v_step;
  for (int b = 0; b < blocks; ++b) entries[b] = {v + std::ptrdiff_t(b) * most * width, plan.in_blocks[b].count};

  TileArgs epilogue = start_args(args, nullptr);
  epilogue.c_step = epilogue.r_step = width;
  for (int from = 0; from < total;) {
    const int tiles = std::min(most, total - from);
    for (int b = 0; b < blocks; ++b)
      for (int i = 0; i < tiles; ++i) {
        const int y = region.y0 + (from + i) / columns * 4, x = region.x0 + (from + i) % columns * 4;
        transform_input(plan, args, region.n, plan.in_blocks[b], y - s.pad_top, x - s.pad_left, v + (std::ptrdiff_t(b) * most + i) * width, v_step);
      }
    for (int p = region.panel0; p < region.panel1; ++p) {
      const ConvPanel& panel = plan.panels[p];
      TileArgs t{};
      t.entries = entries;
      t.entry_count = blocks;
      t.a_step = t.c_step = width;
      t.c_block = std::ptrdiff_t(most) * width;
      t.w_step = std::ptrdiff_t(panel.vectors) * width;
      t.lanes = panel.vectors * width;
      for (int point = 0; point < points; ++point) {
        t.a_offset = point * v_step;
        t.w = args.weights + panel.offset + point * s.in_channels * t.w_step;
        t.c = m + point * m_step + std::ptrdiff_t(panel.block - first_block) * most * width;
        run_tiles(*plan.table->tile, t, panel.vectors, tiles);
      }
    }
    for (int k = 0; k < sums; ++k) {
      const int block = first_block + k;
      seek_channel(epilogue, args.epilogue, std::ptrdiff_t(block) * width);
      epilogue.lanes = std::min(s.out_channels - block * width, width);
      for (int i = 0; i < tiles; ++i) {
        const int y = region.y0 + (from + i) / columns * 4, x = region.x0 + (from + i) % columns * 4;
        transform_output(plan, args, epilogue, m + (std::ptrdiff_t(k) * most + i) * width, m_step, region.n, block, y, x, std::min(4, region.y1 - y),
                         std::min(4, region.x1 - x));
      }
    }
    from += tiles;
  }
}

}  // namespace cuvee::conv_detail
