// Pointwise convolution on a tile unit (kernels/split/split.h): a chunk's pixels are split once, then every panel passes over them.
#include "kernels/split/split.h"

#include <algorithm>
#include <cmath>

#include "base/memory.h"
#include "kernels/conv/conv_run.h"
#include "kernels/costs.h"

namespace cuvee::conv_detail {
namespace {

int blocks_of(const ConvShape& s) {
  int blocks = 0;
  for (int p = 0; p < s.parts; ++p) blocks += ceil_div(s.part[p].channels, 16);
  return blocks;
}

/// Pixels that the unit multiplies at once: two tiles.
constexpr int pair_pixels = 32;

/// Bands are of whole pairs of tiles, as many in each or one more in some; the last of the picture may be cut.
int band_begin(int pixels, int band, int bands) { return std::min(pixels, static_cast<int>(std::ptrdiff_t(ceil_div(pixels, pair_pixels)) * band / bands) * pair_pixels); }

/// Pixels of a chunk at most.
int most_pixels(const ConvPlan& plan) {
  const std::size_t pixel = split_tile(split_steps(static_cast<int>(plan.in_blocks.size()))) / 16 * sizeof(std::uint16_t);
  return static_cast<int>(std::clamp<std::size_t>(costs::split::tile_bytes / pixel / pair_pixels * pair_pixels, pair_pixels, 512));
}

}  // namespace

bool split_suits(const KernelTable& table, const ConvShape& s) {
  if (s.split == SplitUse::never || table.isa != Isa::avx512 || s.groups != 1 || s.shuffle != 1 || s.activated_input || !split_kernels()) return false;
  if (s.split == SplitUse::always) return true;
  // Few pixels wait for weights, of which there are half as many bytes again; short layers for the unit, which takes its time to wake.
  if (s.out_h * s.out_w < costs::split::least_pixels || conv_flops(s) < costs::split::least_flops) return false;
  // Results beyond the second cache are waited for by either method: then only deep sums gain.
  if (s.in_channels < costs::split::shallow_channels && std::ptrdiff_t(s.out_h) * s.out_w * s.out_channels > costs::split::large_result) return false;
  // Times of a pixel in those of a multiply-add of a vector: splitting its channels, products, epilogue; the rest is measured.
  const double in = 16.0 * blocks_of(s), out = 16.0 * ceil_div(s.out_channels, 16);
  return costs::split::split_channel * in + costs::split::product * in * out + costs::split::epilogue * out < costs::split::multiply_add * s.in_channels * out;
}

void split_select(ConvPlan& plan, int threads) {
  const ConvShape& s = plan.shape;
  plan.split = split_kernels();
  const int blocks = static_cast<int>(plan.in_blocks.size()), pixels = s.out_h * s.out_w, panels = static_cast<int>(plan.panels.size());
  std::size_t offset = 0;
  for (ConvPanel& panel : plan.panels) {
    panel.offset = offset;
    offset += split_vector(split_steps(blocks)) / 2 * panel.vectors;
  }
  plan.packed_floats = offset;
  // As few bands as leave the thread that has the most tiles the fewest.
  const int most = most_pixels(plan), least = ceil_div(pixels, most), pairs = ceil_div(pixels, pair_pixels);
  const auto longest = [&](int bands) {
    const auto tiles_before = [&](std::ptrdiff_t chunk) { return chunk / bands * ceil_div(pixels, 16) + ceil_div(band_begin(pixels, static_cast<int>(chunk % bands), bands), 16); };
    std::ptrdiff_t tiles = 0;
    for (int t = 0; t < threads; ++t) {
      const std::ptrdiff_t chunks = std::ptrdiff_t(bands) * s.batch;
      tiles = std::max<std::ptrdiff_t>(tiles, tiles_before(chunks * (t + 1) / threads) - tiles_before(chunks * t / threads));
    }
    return tiles;
  };
  plan.bands_x = least;
  for (int b = least + 1; b <= std::min(pairs, least + 4 * threads); ++b)
    if (longest(b) < longest(plan.bands_x)) plan.bands_x = b;
  plan.band_h = 1;
  plan.band_w = ceil_div(pairs, plan.bands_x) * pair_pixels;
  if (plan.bands_x * s.batch < threads) plan.panel_splits = std::min(panels, threads);
  plan.scratch_floats = entry_floats(plan.in_blocks.size()) + split_scratch_floats(blocks, plan.band_w);
}

void split_pack(const ConvPlan& plan, const ConvFilters& filters, float* dst, int index) {
  const ConvPanel& panel = plan.panels[index];
  const int blocks = static_cast<int>(plan.in_blocks.size()), lanes = panel.vectors * 16, depth = plan.shape.in_channels;
  const int used = std::min(lanes, plan.shape.out_channels - panel.block * 16);
  auto* to = reinterpret_cast<std::uint16_t*>(dst + panel.offset);
  alignas(alignment) float rows[2 * 16 * max_tile_vectors * 16];  // a pair of blocks, which the kernel packs together
  for (int pair = 0; pair < blocks; pair += 2, to += std::ptrdiff_t(3) * panel.vectors * 512) {
    const int count = std::min(2, blocks - pair);
    std::fill_n(rows, count * 16 * lanes, 0.0f);
    for (int b = 0; b < count; ++b)
      for (int lane = 0; lane < used; ++lane) {
        const ConvInBlock& in = plan.in_blocks[pair + b];
        const int output = panel.block * 16 + lane;
        const float* filter = filters.weights + std::ptrdiff_t(output) * depth + in.first;
        const float factor = filters.factor(output);
        for (int i = 0; i < in.count; ++i) {
          const float x = filter[i] * factor;
          rows[(b * 16 + i) * lanes + lane] = std::fabs(x) < filters.least ? 0.0f : x;
        }
      }
    plan.split->pack(rows, count, panel.vectors, to);
  }
}

RowRange split_band(const ConvPlan& plan, int band) {
  const int pixels = plan.shape.out_h * plan.shape.out_w;
  return {band_begin(pixels, band, plan.bands_x), band_begin(pixels, band + 1, plan.bands_x)};
}

void run_split(const ConvPlan& plan, const ConvArgs& args, int n, int p0, int p1, int panel0, int panel1, float* scratch) {
  const ConvShape& s = plan.shape;
  const std::ptrdiff_t step = std::ptrdiff_t(s.stride_w) * 16;
  const bool dense = is_dense(plan, args), even = dense || rows_are_even(plan, args);
  const int row = dense ? s.out_h * s.out_w : s.out_w;
  auto* entries = reinterpret_cast<TileEntry*>(scratch);
  SplitWork work(*plan.split, static_cast<int>(plan.in_blocks.size()), plan.band_w, scratch + entry_floats(plan.in_blocks.size()));
  for (int from = p0, end; from < p1; from = end) {
    end = std::min(p1, from + plan.band_w);
    if (!even) end = std::min(end, (from / row + 1) * row);
    const int y0 = from / row;
    for (std::size_t b = 0; b < plan.in_blocks.size(); ++b) {
      const ConvInBlock& in = plan.in_blocks[b];
      entries[b] = {args.sources[in.part].at(n, in.block, y0 * s.stride_h), 16};
    }
    work.clear();
    for (int at = from, next; at < end; at = next) {
      next = std::min(end, (at / row + 1) * row);
      const std::ptrdiff_t down = at / row > y0 ? (at / row - y0) * args.sources[0].row * s.stride_h : 0;
      work.add(entries, {down + at % row * step, step, next - at});
    }
    TileArgs t = start_args(args, nullptr);
    for (int p = panel0; p < panel1; ++p) {
      const ConvPanel& panel = plan.panels[p];
      work.multiply(entries, reinterpret_cast<const std::uint16_t*>(args.weights + panel.offset), panel.vectors, [&](const float* sums, int first, int count) {
        for (int at = from + first, next, stop = at + count; at < stop; sums += (next - at) * 16, at = next) {
          next = std::min(stop, (at / row + 1) * row);
          for (int v = 0; v < panel.vectors; ++v) {
            seek_channel(t, args.epilogue, std::ptrdiff_t(panel.block + v) * 16);
            seek_output(plan, args, n, panel.block + v, at / row, at % row, 1, t);
            t.lanes = std::min(s.out_channels - (panel.block + v) * 16, 16);
            work.finish(t, sums + v * 512, 1, next - at);
          }
        }
      });
    }
  }
}

}  // namespace cuvee::conv_detail
