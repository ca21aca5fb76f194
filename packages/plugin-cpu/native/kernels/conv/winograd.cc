/// The winograd method of conv: blocks of 4x4- or 2x2-output tiles, for each block input transform, then panel by panel a product for each point and the
/// output transform. The transformed input of a block and the sums of a panel stay in L2, the panels' weights stream by once.
#include "kernels/winograd/winograd.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/memory.h"
#include "base/system.h"
#include "kernels/conv/conv_run.h"
#include "kernels/costs.h"

namespace cuvee::conv_detail {
namespace {

/// Points of a tile.
constexpr int points_of(int tile) { return (tile + 2) * (tile + 2); }
int points_of(const ConvPlan& plan) { return points_of(plan.winograd_tile); }

/// Whether the inner pixels of a tile are one pixel of a part.
bool is_coarse(const ConvShape& s, int tile, const ConvPart& part) { return tile == 4 && part.shift >= 2 && s.pad_top == 1 && s.pad_left == 1; }

bool has_coarse(const ConvPlan& plan) { return plan.fine_blocks < static_cast<int>(plan.in_blocks.size()); }

/// Points of the sums.
int sum_points(const ConvPlan& plan) { return points_of(plan) + (has_coarse(plan) ? coarse_flats : 0); }

/// 24 channels on 16 lanes: the products are of one and a half vectors.
bool is_half(const KernelTable& table, int out_channels) { return table.tile->half_pixels > 0 && out_channels > table.block && 2 * out_channels <= 3 * table.block; }
bool is_half(const ConvPlan& plan) { return is_half(*plan.table, plan.shape.out_channels); }

/// Floats of one point's weights of input blocks [from, to) in a panel.
std::ptrdiff_t point_weights(const ConvPlan& plan, const ConvPanel& panel, int from, int to) {
  const bool half = is_half(plan);
  std::ptrdiff_t count = 0;
  for (int b = from; b < to; ++b) count += half ? (plan.in_blocks[b].count + 1) / 2 * 3 : plan.in_blocks[b].count * panel.vectors;
  return count * plan.table->block;
}

/// A point of the sums: the input blocks that it has, and where its weights lie in the panel.
struct Point {
  int place;               // in the transformed input
  int from, to;            // input blocks
  std::ptrdiff_t weights, floats;
  std::ptrdiff_t before;   // floats that all blocks before `from` have in a point of all blocks
};

/// All points of a panel, in the order of the sums; the last one's end is the panel's.
std::vector<Point> points_of(const ConvPlan& plan, const ConvPanel& panel) {
  const int blocks = static_cast<int>(plan.in_blocks.size()), fine = plan.fine_blocks, plain = points_of(plan);
  const std::ptrdiff_t fine_floats = point_weights(plan, panel, 0, fine), coarse_floats = point_weights(plan, panel, fine, blocks);
  std::vector<Point> points;
  std::ptrdiff_t at = 0;
  for (int i = 0; i < sum_points(plan); ++i) {
    const bool flat = i >= plain, corner = fine < blocks && coarse_corner(i);
    points.push_back({flat ? coarse_flat[i - plain] : i, flat ? fine : 0, flat || corner ? blocks : fine, at, (flat ? 0 : fine_floats) + (flat || corner ? coarse_floats : 0), flat ? fine_floats : 0});
    at += points.back().floats;
  }
  return points;
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
  const int fine = plan.fine_blocks, coarse = static_cast<int>(plan.in_blocks.size()) - fine;
  const std::size_t per_tile = std::size_t(plan.table->block) * (points_of(plan) * fine + 9 * coarse + sum_points(plan) * widest(plan));
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
  const int points = points_of(tile);
  const double tiles = double(ceil_div(s.out_h, tile)) * ceil_div(s.out_w, tile) * s.batch;
  int coarse = 0;  // channels
  for (int p = 0; p < s.parts; ++p) coarse += is_coarse(s, tile, s.part[p]) ? s.part[p].channels : 0;
  const double in = ceil_div(s.in_channels - coarse, table.block) + costs::winograd::coarse_input * ceil_div(coarse, table.block);
  const double out = ceil_div(s.out_channels, table.block), pairs = (s.in_channels - costs::winograd::coarse_products * coarse) * out;
  return {tiles * points * pairs / 2 * costs::winograd::product_overhead, tiles * in * costs::winograd::input_cycles[tile == 4], tiles * out * costs::winograd::output_cycles[tile == 4], points * pairs * table.block * sizeof(float) / costs::winograd::bytes_per_cycle};
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
  const TileEntry* entries;  // of the first group, one for each input block
  float* sums;
  int group, tiles;
};

/// The products of one panel, one for each point.
void multiply(const ConvPlan& plan, const ConvArgs& args, const ConvPanel& panel, const Products& products) {
  const auto [entries, sums, group, tiles] = products;
  const int width = plan.table->block, blocks = static_cast<int>(plan.in_blocks.size());
  const std::ptrdiff_t point_step = std::ptrdiff_t(group) * width, block_step = points_of(plan) * point_step, sums_step = sum_points(plan) * point_step;
  const bool half = is_half(plan);
  const std::vector<Point> points = points_of(plan, panel);
  TileArgs t{};
  t.a_step = t.c_step = width;
  t.c_block = sums_step;
  t.w_step = std::ptrdiff_t(panel.vectors) * width;
  t.lanes = panel.vectors * width;
  t.fetch_stride = width;
  const float* const end = args.weights + plan.packed_floats;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const Point& point = points[i];
    t.entries = entries + point.from;
    t.entry_count = point.to - point.from;
    t.fetch_step = point.floats / panel.vectors;
    t.w = args.weights + panel.offset + point.weights;
    t.fetch = std::min(t.w + point.floats, end);
    t.fetch_end = std::min(t.fetch + point.floats, end);
    for (int g = 0; g * group < tiles; ++g) {
      t.a_offset = std::ptrdiff_t(g) * blocks * block_step + point.place * point_step;
      t.c = sums + std::ptrdiff_t(g) * panel.vectors * sums_step + static_cast<std::ptrdiff_t>(i) * point_step;
      const int now = std::min(group, tiles - g * group);
      if (half) run_half_tiles(*plan.table->tile, t, now);
      else run_tiles(*plan.table->tile, t, panel.vectors, now);
    }
  }
}

}  // namespace

int winograd_tile(const KernelTable& table, const ConvShape& s) {
  if (s.kernel_h != 3 || s.kernel_w != 3 || s.stride_h != 1 || s.stride_w != 1 || s.dilation_h != 1 || s.dilation_w != 1) return 0;
  if (s.groups != 1 || s.planar_input || s.in_channels < costs::winograd::least_channels || s.out_channels < costs::winograd::least_channels) return 0;
  const double pixels = double(s.out_h) * s.out_w * s.batch;
  const Cost cost = cost_of(table, s, 4);
  const double winograd = std::max(cost.products, cost.stream) + cost.input + cost.output;
  const double direct = std::max(pixels * 9 * s.in_channels * ceil_div(s.out_channels, table.block) / 2 * costs::winograd::direct_overhead, cost.stream * 9 / points_of(4));
  // Below a gain of a quarter the fourfold weights are not worth their memory.
  const bool large = double(points_of(4)) * s.in_channels * s.out_channels * sizeof(float) > costs::winograd::large_weights;
  if (ceil_div(s.out_h, 4) * ceil_div(s.out_w, 4) * s.batch < costs::winograd::least_tiles || winograd >= (large ? costs::winograd::most_of_direct_large : costs::winograd::most_of_direct) * direct) return 0;
  return large && cost.products < cost.stream && !is_half(table, s.out_channels) ? 2 : 4;
}

void winograd_select(ConvPlan& plan, int threads) {
  const ConvShape& s = plan.shape;
  const auto first_coarse = std::stable_partition(plan.in_blocks.begin(), plan.in_blocks.end(), [&](const ConvInBlock& in) { return !is_coarse(s, plan.winograd_tile, s.part[in.part]); });
  plan.fine_blocks = static_cast<int>(first_coarse - plan.in_blocks.begin());
  plan.packed_floats = 0;
  for (ConvPanel& panel : plan.panels) {
    panel.offset = plan.packed_floats;
    const Point last = points_of(plan, panel).back();
    plan.packed_floats += static_cast<std::size_t>(last.weights + last.floats);
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
  plan.scratch_floats = entry_floats(plan.in_blocks.size()) + std::size_t(width) * block * (points * plan.in_blocks.size() + sum_points(plan) * widest(plan)) +
                        std::size_t(s.in_w) * width;
}

namespace {

/// Puts an input channel's transformed weights, row[place * lanes + lane], where the panel's products read them.
void place_channel(const ConvPlan& plan, const ConvPanel& panel, const std::vector<Point>& points, int block, int channel, const float* row, float* out) {
  const int width = plan.table->block, lanes = panel.vectors * width;
  const bool half = is_half(plan);
  const std::ptrdiff_t before = point_weights(plan, panel, 0, block);
  for (const Point& point : points) {
    if (block < point.from || block >= point.to) continue;
    float* to = out + point.weights + before - point.before;
    const float* from = row + point.place * lanes;
    if (!half) {
      std::copy_n(from, lanes, to + std::ptrdiff_t(channel) * lanes);
      continue;
    }
    to += channel / 2 * 3 * width;  // pair by pair of input channels, see TileKernels::half
    std::copy_n(from, width, to + channel % 2 * width);
    for (int lane = 0; lane < width / 2; ++lane) to[2 * width + 2 * lane + channel % 2] = from[width + lane];
  }
}

}  // namespace

void winograd_pack(const ConvPlan& plan, const ConvFilters& filters, float* dst, int index) {
  const ConvShape& s = plan.shape;
  const ConvPanel& panel = plan.panels[index];
  const int width = plan.table->block, lanes = panel.vectors * width, first = panel.block * width;
  float* out = dst + panel.offset;
  const std::vector<Point> points = points_of(plan, panel);
  if (is_half(plan)) std::fill_n(out, points.back().weights + points.back().floats, 0.0f);  // odd counts
  std::vector<float> row(std::size_t(points_of(plan)) * lanes, 0.0f);
  for (int b = 0; b < static_cast<int>(plan.in_blocks.size()); ++b) {
    const ConvInBlock& in = plan.in_blocks[b];
    for (int i = 0; i < in.count; ++i) {
      for (int lane = 0; lane < std::min(lanes, s.out_channels - first); ++lane) {
        float u[points_of(4)] = {}, filter[9];
        const float* taps = filters.weights + (std::ptrdiff_t(first + lane) * s.in_channels + in.first + i) * 9;
        for (int t = 0; t < 9; ++t) filter[t] = taps[t] * filters.factor(first + lane);
        if (b < plan.fine_blocks) winograd_weight(filter, u, plan.winograd_tile);
        else winograd_coarse_weight(filter, u);
        for (int t = 0; t < points_of(plan); ++t) row[t * lanes + lane] = u[t];
      }
      place_channel(plan, panel, points, b, i, row.data(), out);
    }
  }
}

void winograd_pack_channel(const ConvPlan& plan, const float* taps, std::ptrdiff_t tap_step, float* dst, int block, int channel) {
  const int width = plan.table->block;
  alignas(alignment) float row[points_of(4) * max_tile_vectors * 16];
  for (const ConvPanel& panel : plan.panels) {
    for (int v = 0; v < panel.vectors; ++v)
      plan.table->winograd->weights(taps + (panel.block + v) * width, tap_step, row + v * width, panel.vectors * width, block >= plan.fine_blocks);
    place_channel(plan, panel, points_of(plan, panel), block, channel, row, dst + panel.offset);
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
  const std::ptrdiff_t point_step = std::ptrdiff_t(group) * width, block_step = points * point_step, sums_step = sum_points(plan) * point_step;
  auto* entries = reinterpret_cast<TileEntry*>(scratch);
  float* v = scratch + entry_floats(plan.in_blocks.size());
  float* m = v + std::ptrdiff_t(most) * points * width * blocks;
  float* zeros = m + std::ptrdiff_t(most) * sum_points(plan) * width * widest(plan);
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
        const WinogradKernels& kernels = *plan.table->winograd;
        (size == 2 ? kernels.small_input : b < plan.fine_blocks ? kernels.input : kernels.coarse_input)({rows, x - s.pad_left, s.in_w, shift, run, v + (std::ptrdiff_t(i / group) * blocks + b) * block_step + i % group * width,
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
          (size == 4 ? plan.table->winograd->output : plan.table->winograd->small_output)({m + (std::ptrdiff_t(i / group) * panel.vectors + k) * sums_step + i % group * width, width, point_step, run, top, bottom,
                                        std::max(wanted.x0 - x, 0), std::min(size * run, wanted.x1 - x), c, args.epilogue.has_residual ? residual : nullptr, has_coarse(plan)},
                                       epilogue);
        });
      }
    }
  }
}

}  // namespace cuvee::conv_detail
