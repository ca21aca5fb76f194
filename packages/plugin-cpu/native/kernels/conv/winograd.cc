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
constexpr std::size_t block_floats = 192 * 1024;  // transformed input and sums of one block of tiles: 768 KiB

int ceil_div(std::ptrdiff_t a, std::ptrdiff_t b) { return static_cast<int>((a + b - 1) / b); }

int out_blocks(const ConvPlan& plan) { return ceil_div(plan.shape.out_channels, plan.table->block); }

/// 24 channels on 16 lanes: the products are of one and a half vectors.
bool is_half(const KernelTable& table, int out_channels) { return table.tile->half_pixels > 0 && out_channels > table.block && 2 * out_channels <= 3 * table.block; }
bool is_half(const ConvPlan& plan) { return is_half(*plan.table, plan.shape.out_channels); }

/// Floats of one point's weights in a panel.
std::ptrdiff_t point_weights(const ConvPlan& plan, const ConvPanel& panel) {
  std::ptrdiff_t pairs = 0;
  if (!is_half(plan)) return std::ptrdiff_t(plan.shape.in_channels) * panel.vectors * plan.table->block;
  for (const ConvInBlock& in : plan.in_blocks) pairs += (in.count + 1) / 2;
  return pairs * 3 * plan.table->block;
}

/// Tiles that lie side by side in the transformed tensors, [group][channel block][point][tile][B]: as many as the microkernel
/// takes at once (twice as many where that is few). So a transform touches few pages, and a product reads whole runs.
int group_tiles(const ConvPlan& plan) {
  const int pixels = is_half(plan) ? plan.table->tile->half_pixels : plan.table->tile->pixels[plan.panels.front().vectors];
  return pixels < 8 ? 2 * pixels : pixels;
}

/// Most tiles of one block, a multiple of the group.
int block_tiles(const ConvPlan& plan) {
  const std::size_t per_tile = std::size_t(points) * plan.table->block * (plan.in_blocks.size() + out_blocks(plan));
  const int group = group_tiles(plan);
  return std::clamp(static_cast<int>(block_floats / per_tile) / group, 1, 5) * group;
}

/// Tiles [from, from + count) of a region, row by row and group by group: calls body(first tile within the call, tiles, y, x).
template <class Body>
void for_runs(const Region& region, int columns, int group, int from, int count, Body&& body) {
  for (int i = 0; i < count;) {
    const int row = (from + i) / columns, column = (from + i) % columns;
    const int run = std::min({columns - column, count - i, group - i % group});
    body(i, run, region.y0 + row * 4, region.x0 + column * 4);
    i += run;
  }
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
  return tiles >= 4 && winograd < (points * weight_bytes > 4e6 ? 0.6 : 0.75) * direct;
}

void winograd_select(ConvPlan& plan, int threads) {
  const ConvShape& s = plan.shape;
  plan.packed_floats = 0;
  for (ConvPanel& panel : plan.panels) {
    panel.offset = plan.packed_floats;
    plan.packed_floats += static_cast<std::size_t>(points * point_weights(plan, panel));
  }
  const int rows = ceil_div(s.out_h, 4), columns = ceil_div(s.out_w, 4), most = block_tiles(plan), panels = static_cast<int>(plan.panels.size());
  plan.bands_x = 1;
  plan.band_w = s.out_w;
  const int wanted = threads > 1 ? ceil_div(4 * threads, s.batch) : 1;
  // Bands of whole tile rows that fill blocks well.
  int height = std::max(1, ceil_div(rows, wanted));
  if (height * columns < group_tiles(plan)) height = std::min(rows, ceil_div(group_tiles(plan), columns));
  if (threads == 1) height = rows;
  plan.bands_y = ceil_div(rows, height);
  plan.band_h = 4 * height;
  if (threads > 1 && plan.bands_y * s.batch < 2 * threads) plan.panel_splits = std::min(panels, ceil_div(2 * threads, plan.bands_y * s.batch));
  const int width = plan.table->block, tiles = std::min<int>(most, round_up(height * columns, group_tiles(plan)));
  plan.scratch_floats = entry_floats(plan.in_blocks.size()) + std::size_t(points) * width * tiles * (plan.in_blocks.size() + out_blocks(plan)) +
                        std::size_t(s.in_w) * width;
}

void winograd_pack(const ConvPlan& plan, const float* weights, float* dst, int index) {
  const ConvShape& s = plan.shape;
  const ConvPanel& panel = plan.panels[index];
  const int width = plan.table->block, lanes = panel.vectors * width, first = panel.block * width;
  float* out = dst + panel.offset;
  const std::ptrdiff_t step = point_weights(plan, panel);
  const bool half = is_half(plan);
  if (half) std::fill_n(out, points * step, 0.0f);  // odd counts and missing channels
  for (int lane = 0; lane < (half ? s.out_channels : lanes); ++lane) {
    std::ptrdiff_t pairs = 0;
    for (const ConvInBlock& in : plan.in_blocks) {
      for (int i = 0; i < in.count; ++i) {
        const int ic = in.first + i;
        float u[points] = {};
        if (first + lane < s.out_channels) winograd_weight(weights + (std::ptrdiff_t(first + lane) * s.in_channels + ic) * 9, u);
        const std::ptrdiff_t pair = (pairs + i / 2) * 3 * width;
        const std::ptrdiff_t at = !half ? std::ptrdiff_t(ic) * lanes + lane : lane < width ? pair + i % 2 * width + lane : pair + 2 * width + 2 * (lane - width) + i % 2;
        for (int t = 0; t < points; ++t) out[t * step + at] = u[t];
      }
      pairs += (in.count + 1) / 2;
    }
  }
}

void winograd_run(const ConvPlan& plan, const ConvArgs& args, const Region& wanted, float* scratch) {
  const ConvShape& s = plan.shape;
  Region region = wanted;  // from multiples of 4, so that a pixel's result does not depend on the rectangle asked for
  region.y0 &= ~3;
  region.x0 &= ~3;
  const int width = plan.table->block, columns = ceil_div(region.x1 - region.x0, 4);
  const int total = ceil_div(region.y1 - region.y0, 4) * columns, blocks = static_cast<int>(plan.in_blocks.size());
  const int first_block = plan.panels[region.panel0].block;
  const ConvPanel& last_panel = plan.panels[region.panel1 - 1];
  const int sums = last_panel.block + last_panel.vectors - first_block;
  const int group = ceil_div(total, ceil_div(total, group_tiles(plan))), most = block_tiles(plan) / group_tiles(plan) * group;
  const std::ptrdiff_t point_step = std::ptrdiff_t(group) * width, block_step = points * point_step;
  auto* entries = reinterpret_cast<TileEntry*>(scratch);
  float* v = scratch + entry_floats(plan.in_blocks.size());
  float* m = v + block_step * blocks * std::min(most / group, ceil_div(total, group));
  float* zeros = m + block_step * sums * std::min(most / group, ceil_div(total, group));
  std::memset(zeros, 0, sizeof(float) * s.in_w * width);
  for (int b = 0; b < blocks; ++b) entries[b] = {v + b * block_step, plan.in_blocks[b].count};

  const bool half = is_half(plan);
  TileArgs epilogue = start_args(args, nullptr);
  epilogue.c_step = epilogue.r_step = width;
  for (int from = 0; from < total;) {
    const int tiles = std::min(most, total - from);
    for (int b = 0; b < blocks; ++b)
      for_runs(region, columns, group, from, tiles, [&](int i, int run, int y, int x) {
        const ConvInBlock& in = plan.in_blocks[b];
        const int shift = s.part[in.part].shift;
        const float* rows[6];
        for (int r = 0; r < 6; ++r) {
          const int iy = y - s.pad_top + r;
          rows[r] = iy < 0 || iy >= s.in_h ? zeros : args.sources[in.part].at(region.n, in.block, iy >> shift);
        }
        plan.table->winograd->input({rows, x - s.pad_left, s.in_w, shift, run, v + (std::ptrdiff_t(i / group) * blocks + b) * block_step + i % group * width,
                                      width, point_step});
      });
    for (int p = region.panel0; p < region.panel1; ++p) {
      const ConvPanel& panel = plan.panels[p];
      TileArgs t{};
      t.entries = entries;
      t.entry_count = blocks;
      t.a_step = t.c_step = width;
      t.c_block = block_step;
      t.w_step = std::ptrdiff_t(panel.vectors) * width;
      t.lanes = panel.vectors * width;
      const std::ptrdiff_t weights_step = point_weights(plan, panel);
      for (int point = 0; point < points; ++point) {
        t.w = args.weights + panel.offset + point * weights_step;
        for (int g = 0; g * group < tiles; ++g) {
          t.a_offset = g * blocks * block_step + point * point_step;
          t.c = m + (std::ptrdiff_t(g) * sums + panel.block - first_block) * block_step + point * point_step;
          const int now = std::min(group, tiles - g * group);
          if (half) run_half_tiles(*plan.table->tile, t, now);
          else run_tiles(*plan.table->tile, t, panel.vectors, now);
        }
      }
    }
    for (int k = 0; k < sums; ++k) {
      const int block = first_block + k;
      seek_channel(epilogue, args.epilogue, std::ptrdiff_t(block) * width);
      epilogue.lanes = std::min(s.out_channels - block * width, width);
      for_runs(region, columns, group, from, tiles, [&](int i, int run, int y, int x) {
        const std::ptrdiff_t column = std::ptrdiff_t(x) * width;
        const int top = std::max(wanted.y0 - y, 0), bottom = std::min(wanted.y1 - y, 4);
        float* c[4];
        const float* residual[4];
        for (int r = top; r < bottom; ++r) {
          c[r] = args.sink.at(region.n, block, y + r) + column;
          if (args.epilogue.has_residual) residual[r] = args.epilogue.residual.at(region.n, block, y + r) + column;
        }
        plan.table->winograd->output({m + (std::ptrdiff_t(i / group) * sums + k) * block_step + i % group * width, width, point_step, run, top, bottom,
                                      std::max(wanted.x0 - x, 0), std::min(4 * run, wanted.x1 - x), c, args.epilogue.has_residual ? residual : nullptr},
                                     epilogue);
      });
    }
    from += tiles;
  }
}

}  // namespace cuvee::conv_detail
