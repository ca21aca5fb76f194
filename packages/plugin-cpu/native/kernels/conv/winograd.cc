/// The winograd method of conv: blocks of 4x4- or 2x2-output tiles, for each block input transform, then panel by panel a product for each point and the
/// output transform. The transformed input of a block and the sums of a panel stay in L2, the panels' weights stream by once.
#include "kernels/winograd/winograd.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/memory.h"
#include "base/system.h"
#include "kernels/conv/conv_run.h"

namespace cuvee::conv_detail {
namespace {

/// Points of a tile.
constexpr int points_of(int tile) { return (tile + 2) * (tile + 2); }
int points_of(const ConvPlan& plan) { return points_of(plan.winograd_tile); }

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

/// Vectors of the widest panel.
int widest(const ConvPlan& plan) {
  int most = 1;
  for (const ConvPanel& panel : plan.panels) most = std::max(most, panel.vectors);
  return most;
}

/// Most tiles that the microkernel takes at once. A transformed tensor is [group of so many tiles][channel block][point][tile][B]:
/// so a transform touches few pages, and a product reads whole runs.
int group_tiles(const ConvPlan& plan) { return is_half(plan) ? plan.table->tile->half_pixels : plan.table->tile->pixels[widest(plan)]; }

/// Most tiles of one block: their transformed input and sums, and the weights where they are few, take not quite half of the second cache.
int block_tiles(const ConvPlan& plan) {
  static const std::size_t cache = std::clamp<std::size_t>(second_level_cache(), 512 << 10, 4 << 20) / sizeof(float);
  const std::size_t per_tile = std::size_t(points_of(plan)) * plan.table->block * (plan.in_blocks.size() + widest(plan));
  const std::size_t room = plan.packed_floats < cache / 4 ? cache / 16 * 7 - plan.packed_floats : plan.winograd_tile == 4 ? cache / 8 * 3 : cache / 2;
  return std::max(static_cast<int>(room / per_tile), group_tiles(plan));
}

/// How `total` tiles are worked through: groups and blocks of nearly equal size.
struct Blocks {
  int group, most;  // tiles of a group; of a block, whole groups
};
Blocks blocks_of(const ConvPlan& plan, int total) {
  const int rounds = std::max(ceil_div(total, block_tiles(plan)), 1), tiles = std::max(ceil_div(total, rounds), 1);
  const int groups = ceil_div(tiles, group_tiles(plan)), group = ceil_div(tiles, groups);
  return {group, group * groups};
}

/// Cycles of the parts of a layer on one thread, at two multiply-adds each, and the weights that stream by.
struct Cost {
  double products, input, output, stream;
};
Cost cost_of(const KernelTable& table, const ConvShape& s, int tile) {
  constexpr double bytes_per_cycle = 6.5;  // from memory
  const int points = points_of(tile);
  const double tiles = double(ceil_div(s.out_h, tile)) * ceil_div(s.out_w, tile) * s.batch;
  const double in = ceil_div(s.in_channels, table.block), out = ceil_div(s.out_channels, table.block), pairs = double(s.in_channels) * out;
  return {tiles * points * pairs / 2 * 1.1, tiles * in * (tile == 4 ? 110 : 50), tiles * out * (tile == 4 ? 75 : 35), points * pairs * table.block * sizeof(float) / bytes_per_cycle};
}

/// Tiles [from, from + count) of a region, row by row and group by group: calls body(first tile within the call, tiles, y, x).
template <class Body>
void for_runs(const Region& region, int size, int columns, int group, int from, int count, Body&& body) {
  for (int i = 0; i < count;) {
    const int row = (from + i) / columns, column = (from + i) % columns;
    const int run = std::min({columns - column, count - i, group - i % group});
    body(i, run, region.y0 + row * size, region.x0 + column * size);
    i += run;
  }
}

/// A block of transformed tiles, and where a panel's sums of it go.
struct Products {
  const TileEntry* entries;  // of the first group
  float* sums;
  int group, tiles;
};

/// The products of one panel, one for each point.
void multiply(const ConvPlan& plan, const ConvArgs& args, const ConvPanel& panel, const Products& products) {
  const auto [entries, sums, group, tiles] = products;
  const int width = plan.table->block, blocks = static_cast<int>(plan.in_blocks.size()), points = points_of(plan);
  const std::ptrdiff_t point_step = std::ptrdiff_t(group) * width, block_step = points * point_step, weights_step = point_weights(plan, panel);
  const bool half = is_half(plan);
  TileArgs t{};
  t.entries = entries;
  t.entry_count = blocks;
  t.a_step = t.c_step = width;
  t.c_block = block_step;
  t.w_step = std::ptrdiff_t(panel.vectors) * width;
  t.lanes = panel.vectors * width;
  t.fetch_stride = width;
  t.fetch_step = std::ptrdiff_t(plan.shape.in_channels) * width;
  const float* const end = args.weights + plan.packed_floats;
  for (int point = 0; point < points; ++point) {
    t.w = args.weights + panel.offset + point * weights_step;
    t.fetch = std::min(t.w + weights_step, end);
    t.fetch_end = std::min(t.fetch + weights_step, end);
    for (int g = 0; g * group < tiles; ++g) {
      t.a_offset = std::ptrdiff_t(g) * blocks * block_step + point * point_step;
      t.c = sums + std::ptrdiff_t(g) * panel.vectors * block_step + point * point_step;
      const int now = std::min(group, tiles - g * group);
      if (half) run_half_tiles(*plan.table->tile, t, now);
      else run_tiles(*plan.table->tile, t, panel.vectors, now);
    }
  }
}

}  // namespace

int winograd_tile(const KernelTable& table, const ConvShape& s) {
  if (s.kernel_h != 3 || s.kernel_w != 3 || s.stride_h != 1 || s.stride_w != 1 || s.dilation_h != 1 || s.dilation_w != 1) return 0;
  if (s.groups != 1 || s.planar_input || s.in_channels < 16 || s.out_channels < 16) return 0;
  const double pixels = double(s.out_h) * s.out_w * s.batch;
  const Cost cost = cost_of(table, s, 4);
  const double winograd = std::max(cost.products, cost.stream) + cost.input + cost.output;
  const double direct = std::max(pixels * 9 * s.in_channels * ceil_div(s.out_channels, table.block) / 2 * 1.15, cost.stream * 9 / points_of(4));
  // Below a gain of a quarter the fourfold weights are not worth their memory.
  const bool large = double(points_of(4)) * s.in_channels * s.out_channels * sizeof(float) > 4e6;
  if (ceil_div(s.out_h, 4) * ceil_div(s.out_w, 4) * s.batch < 4 || winograd >= (large ? 0.6 : 0.75) * direct) return 0;
  return large && cost.products < cost.stream && !is_half(table, s.out_channels) ? 2 : 4;
}

void winograd_select(ConvPlan& plan, int threads) {
  const ConvShape& s = plan.shape;
  plan.packed_floats = 0;
  for (ConvPanel& panel : plan.panels) {
    panel.offset = plan.packed_floats;
    plan.packed_floats += static_cast<std::size_t>(points_of(plan) * point_weights(plan, panel));
  }
  const int size = plan.winograd_tile, points = points_of(plan), tiles = ceil_div(s.out_h, size) * ceil_div(s.out_w, size), panels = static_cast<int>(plan.panels.size()), most = block_tiles(plan);
  // Threads share the tiles, or the panels: then each transforms all of the input, but reads only its part of the weights.
  const Cost cost = cost_of(*plan.table, s, size);
  const double by_tiles = std::max(cost.products / threads, cost.stream) + cost.input / threads;
  const double by_panels = std::max(cost.products, cost.stream) / threads + cost.input;
  plan.bands_y = plan.bands_x = 1;
  if (threads > 1 && panels >= threads && (by_panels < by_tiles || size == 2) && tiles * s.batch < 8 * most) {
    plan.panel_splits = threads;
  } else if (threads > 1) {
    const int each = std::clamp(tiles * s.batch / threads / std::min(most, 64), 1, 4);
    plan.bands_x = std::min(ceil_div(threads * each, s.batch), ceil_div(tiles, 4));
    if (plan.bands_x * s.batch < threads) plan.panel_splits = std::min(panels, threads);
  }
  const int width = plan.table->block, least = std::min(most, tiles), block = least + ceil_div(least, group_tiles(plan));
  plan.scratch_floats = entry_floats(plan.in_blocks.size()) + std::size_t(points) * width * block * (plan.in_blocks.size() + widest(plan)) +
                        std::size_t(s.in_w) * width;
}

namespace {

/// 24 channels: pair by pair of input channels, see TileKernels::half.
void pack_half(const ConvPlan& plan, const float* weights, float* out, std::ptrdiff_t step) {
  const ConvShape& s = plan.shape;
  const int width = plan.table->block;
  constexpr int points = points_of(4);
  std::fill_n(out, points * step, 0.0f);  // odd counts and missing channels
  for (int lane = 0; lane < s.out_channels; ++lane) {
    std::ptrdiff_t pairs = 0;
    for (const ConvInBlock& in : plan.in_blocks) {
      for (int i = 0; i < in.count; ++i) {
        float u[points];
        winograd_weight(weights + (std::ptrdiff_t(lane) * s.in_channels + in.first + i) * 9, u, 4);
        const std::ptrdiff_t pair = (pairs + i / 2) * 3 * width, at = lane < width ? pair + i % 2 * width + lane : pair + 2 * width + 2 * (lane - width) + i % 2;
        for (int t = 0; t < points; ++t) out[t * step + at] = u[t];
      }
      pairs += (in.count + 1) / 2;
    }
  }
}

}  // namespace

void winograd_pack(const ConvPlan& plan, const float* weights, float* dst, int index) {
  const ConvShape& s = plan.shape;
  const ConvPanel& panel = plan.panels[index];
  const int width = plan.table->block, lanes = panel.vectors * width, first = panel.block * width, points = points_of(plan);
  float* out = dst + panel.offset;
  const std::ptrdiff_t step = point_weights(plan, panel);
  if (is_half(plan)) return pack_half(plan, weights, out, step);
  // All lanes of an input channel together, so that each point's are written side by side.
  std::vector<float> row(std::size_t(points) * lanes, 0.0f);
  for (int ic = 0; ic < s.in_channels; ++ic) {
    for (int lane = 0; lane < std::min(lanes, s.out_channels - first); ++lane) {
      float u[points_of(4)];
      winograd_weight(weights + (std::ptrdiff_t(first + lane) * s.in_channels + ic) * 9, u, plan.winograd_tile);
      for (int t = 0; t < points; ++t) row[t * lanes + lane] = u[t];
    }
    for (int t = 0; t < points; ++t) std::copy_n(row.data() + t * lanes, lanes, out + t * step + std::ptrdiff_t(ic) * lanes);
  }
}

void winograd_run(const ConvPlan& plan, const ConvArgs& args, const Region& wanted, int band, int bands, float* scratch) {
  const ConvShape& s = plan.shape;
  const int size = plan.winograd_tile, points = points_of(plan);
  Region region = wanted;  // from multiples of a tile's size, so that a pixel's result does not depend on the rectangle asked for
  region.y0 &= -size;
  region.x0 &= -size;
  const int width = plan.table->block, columns = ceil_div(region.x1 - region.x0, size), blocks = static_cast<int>(plan.in_blocks.size());
  const int all = ceil_div(region.y1 - region.y0, size) * columns, last = static_cast<int>(std::ptrdiff_t(all) * (band + 1) / bands);
  int from = static_cast<int>(std::ptrdiff_t(all) * band / bands);
  const auto [group, most] = blocks_of(plan, last - from);
  const std::ptrdiff_t point_step = std::ptrdiff_t(group) * width, block_step = points * point_step;
  auto* entries = reinterpret_cast<TileEntry*>(scratch);
  float* v = scratch + entry_floats(plan.in_blocks.size());
  float* m = v + std::ptrdiff_t(most) * points * width * blocks;
  float* zeros = m + std::ptrdiff_t(most) * points * width * widest(plan);
  std::memset(zeros, 0, sizeof(float) * s.in_w * width);
  for (int b = 0; b < blocks; ++b) entries[b] = {v + b * block_step, plan.in_blocks[b].count};

  TileArgs epilogue = start_args(args, nullptr);
  epilogue.c_step = epilogue.r_step = width;
  for (; from < last; from += most) {
    const int tiles = std::min(most, last - from);
    for (int b = 0; b < blocks; ++b)
      for_runs(region, size, columns, group, from, tiles, [&](int i, int run, int y, int x) {
        const ConvInBlock& in = plan.in_blocks[b];
        const int shift = s.part[in.part].shift;
        const float* rows[6];
        for (int r = 0; r < size + 2; ++r) {
          const int iy = y - s.pad_top + r;
          rows[r] = iy < 0 || iy >= s.in_h ? zeros : args.sources[in.part].at(region.n, in.block, iy >> shift);
        }
        (size == 4 ? plan.table->winograd->input : plan.table->winograd->small_input)({rows, x - s.pad_left, s.in_w, shift, run, v + (std::ptrdiff_t(i / group) * blocks + b) * block_step + i % group * width,
                                      width, point_step});
      });
    for (int p = region.panel0; p < region.panel1; ++p) {
      const ConvPanel& panel = plan.panels[p];
      multiply(plan, args, panel, {entries, m, group, tiles});
      for (int k = 0; k < panel.vectors; ++k) {
        const int block = panel.block + k;
        seek_channel(epilogue, args.epilogue, std::ptrdiff_t(block) * width);
        epilogue.lanes = std::min(s.out_channels - block * width, width);
        for_runs(region, size, columns, group, from, tiles, [&](int i, int run, int y, int x) {
          const std::ptrdiff_t column = std::ptrdiff_t(x) * width;
          const int top = std::max(wanted.y0 - y, 0), bottom = std::min(wanted.y1 - y, size);
          float* c[4];
          const float* residual[4];
          for (int r = top; r < bottom; ++r) {
            c[r] = args.sink.at(region.n, block, y + r) + column;
            if (args.epilogue.has_residual) residual[r] = args.epilogue.residual.at(region.n, block, y + r) + column;
          }
          (size == 4 ? plan.table->winograd->output : plan.table->winograd->small_output)({m + (std::ptrdiff_t(i / group) * panel.vectors + k) * block_step + i % group * width, width, point_step, run, top, bottom,
                                        std::max(wanted.x0 - x, 0), std::min(size * run, wanted.x1 - x), c, args.epilogue.has_residual ? residual : nullptr},
                                       epilogue);
        });
      }
    }
  }
}

}  // namespace cuvee::conv_detail
