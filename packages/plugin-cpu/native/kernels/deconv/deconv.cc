#include "kernels/deconv/deconv.h"

#include <algorithm>

#include "base/memory.h"
#include "kernels/costs.h"
#include "kernels/deconv/planar.h"

namespace cuvee {
namespace {

using costs::deconv::band_floats;

int floor_div(int a, int b) { return a >= 0 ? a / b : -((b - 1 - a) / b); }

/// Taps by residue r: those with k * dilation = r modulo stride; offset = (r - k * dilation) / stride.
std::vector<std::vector<DeconvTap>> list_taps(int kernel, int stride, int dilation) {
  std::vector<std::vector<DeconvTap>> taps(stride);
  for (int k = 0; k < kernel; ++k) {
    const int residue = k * dilation % stride;
    taps[residue].push_back({k, (residue - k * dilation) / stride});
  }
  return taps;
}

/// Input coordinates [begin, end) that outputs [from, to) read along one axis, not cut to the image.
RowRange reach(int from, int to, int kernel, int stride, int dilation, int pad) {
  return {-floor_div((kernel - 1) * dilation - from - pad, stride), floor_div(to - 1 + pad, stride) + 1};
}

RowRange reach_y(const DeconvShape& s, int y0, int y1) { return reach(y0, y1, s.kernel_h, s.stride_h, s.dilation_h, s.pad_top); }
RowRange reach_x(const DeconvShape& s, int x0, int x1) { return reach(x0, x1, s.kernel_w, s.stride_w, s.dilation_w, s.pad_left); }

std::size_t halo_size(const DeconvPlan& plan, int h, int w) {
  const DeconvShape& s = plan.shape;
  // One more than any position of the band along the axis can need.
  const std::size_t rows = std::size_t((h + (s.kernel_h - 1) * s.dilation_h) / s.stride_h + 2);
  const std::size_t cols = std::size_t((w + (s.kernel_w - 1) * s.dilation_w) / s.stride_w + 2);
  return rows * cols * plan.blocks.in_blocks.size() * plan.blocks.table->block;
}

/// Kernel equal to stride, nothing padded: every output pixel reads one input pixel, in place.
bool single_tap(const DeconvShape& s) {
  return s.kernel_h == s.stride_h && s.kernel_w == s.stride_w && s.pad_top == 0 && s.pad_left == 0 && s.dilation_h == 1 && s.dilation_w == 1 &&
         s.out_h <= s.in_h * s.stride_h && s.out_w <= s.in_w * s.stride_w;
}

void run_single_tap(const DeconvPlan& plan, const ConvArgs& args, const conv_detail::Region& region, float* scratch) {
  using namespace conv_detail;
  const DeconvShape& s = plan.shape;
  const ConvPlan& base = plan.blocks;
  auto* entries = reinterpret_cast<TileEntry*>(scratch);
  TileArgs t = start_args(args, entries);
  t.a_step = base.table->block;
  for (int y = region.y0; y < region.y1; ++y) {
    for (std::size_t b = 0; b < base.in_blocks.size(); ++b) entries[b] = {args.sources[0].at(region.n, int(b), y / s.stride_h), base.in_blocks[b].count};
    for (int px = 0; px < s.stride_w; ++px) {
      const int x = region.x0 + ((px - region.x0) % s.stride_w + s.stride_w) % s.stride_w;
      if (x >= region.x1) continue;
      for (int p = region.panel0; p < region.panel1; ++p) {
        const ConvPanel& panel = base.panels[p];
        seek_panel(base, args, panel, t);
        t.w += panel.depth / (s.kernel_h * s.kernel_w) * (y % s.stride_h * s.stride_w + px) * t.w_step;
        t.entries = entries + panel.in_begin;
        t.entry_count = panel.in_end - panel.in_begin;
        t.a_offset = std::ptrdiff_t(x / s.stride_w) * t.a_step;
        run_segment(base, args, panel, region.n, y, x, s.stride_w, ceil_div(region.x1 - x, s.stride_w), t);
      }
    }
  }
}

void run_region(const DeconvPlan& plan, const ConvArgs& args, const conv_detail::Region& region, float* scratch) {
  using namespace conv_detail;
  const DeconvShape& s = plan.shape;
  const ConvPlan& base = plan.blocks;
  const int width = base.table->block;
  if (s.planar_output) return deconv_detail::planar_run(plan, args, region, scratch);
  if (single_tap(s)) return run_single_tap(plan, args, region, scratch);
  const RowRange ry = reach_y(s, region.y0, region.y1), rx = reach_x(s, region.x0, region.x1);
  const int rows = ry.end - ry.begin, cols = rx.end - rx.begin;
  const std::ptrdiff_t row_floats = std::ptrdiff_t(cols) * width, block_floats = row_floats * rows;
  auto* entries = reinterpret_cast<TileEntry*>(scratch);
  float* halo = scratch + entry_floats(base.in_blocks.size() * s.kernel_h * s.kernel_w);
  for (std::size_t b = 0; b < base.in_blocks.size(); ++b)
    copy_halo(base, args, region.n, base.in_blocks[b], ry.begin, rows, rx.begin, cols, halo + b * block_floats);

  TileArgs t = start_args(args, entries);
  t.a_step = width;
  std::ptrdiff_t taps_before = 0;
  for (int py = 0; py < s.stride_h; ++py)
    for (int px = 0; px < s.stride_w; ++px) {
      const auto &taps_y = plan.taps_y[py], &taps_x = plan.taps_x[px];
      const std::ptrdiff_t taps = std::ptrdiff_t(taps_y.size() * taps_x.size()), before = taps_before;
      taps_before += taps;
      const int y_first = region.y0 + ((py - region.y0 - s.pad_top) % s.stride_h + s.stride_h) % s.stride_h;
      const int x_first = region.x0 + ((px - region.x0 - s.pad_left) % s.stride_w + s.stride_w) % s.stride_w;
      if (x_first >= region.x1 || y_first >= region.y1) continue;
      TileEntry* entry = entries;
      for (std::size_t b = 0; b < base.in_blocks.size(); ++b)
        for (const DeconvTap& ty : taps_y)
          for (const DeconvTap& tx : taps_x)
            *entry++ = {halo + b * block_floats + (ty.offset - ry.begin) * row_floats + std::ptrdiff_t(tx.offset - rx.begin) * width,
                        base.in_blocks[b].count};
      const int pixels = ceil_div(region.x1 - x_first, s.stride_w);
      for (int p = region.panel0; p < region.panel1; ++p) {
        const ConvPanel& panel = base.panels[p];
        seek_panel(base, args, panel, t);
        t.w += panel.depth / (s.kernel_h * s.kernel_w) * before * t.w_step;
        t.entries = entries + panel.in_begin * taps;
        t.entry_count = int((panel.in_end - panel.in_begin) * taps);
        for (int y = y_first; y < region.y1; y += s.stride_h) {
          const int jy = (y + s.pad_top - py) / s.stride_h, jx = (x_first + s.pad_left - px) / s.stride_w;
          t.a_offset = jy * row_floats + std::ptrdiff_t(jx) * width;
          run_segment(base, args, panel, region.n, y, x_first, s.stride_w, pixels, t);
        }
      }
    }
}

}  // namespace

DeconvPlan deconv_select(const KernelTable& table, const DeconvShape& shape, int threads) {
  DeconvPlan plan;
  plan.shape = shape;
  plan.taps_y = list_taps(shape.kernel_h, shape.stride_h, shape.dilation_h);
  plan.taps_x = list_taps(shape.kernel_w, shape.stride_w, shape.dilation_w);
  ConvPlan& base = plan.blocks;
  base.table = &table;
  ConvShape& s = base.shape;
  s.batch = shape.batch, s.in_channels = shape.in_channels, s.out_channels = shape.out_channels, s.groups = shape.groups;
  s.in_h = shape.in_h, s.in_w = shape.in_w, s.out_h = shape.out_h, s.out_w = shape.out_w;
  s.kernel_h = shape.kernel_h, s.kernel_w = shape.kernel_w;
  s.parts = 1;
  s.part[0] = {shape.in_channels, 0};
  conv_detail::list_blocks_and_panels(base, false);
  plan.packed_floats = base.packed_floats;
  plan.packing = 0xdec0 + shape.planar_output;
  for (int value : {table.block, table.tile->vectors, shape.in_channels, shape.out_channels, shape.groups, shape.kernel_h, shape.kernel_w,
                    shape.stride_h, shape.stride_w, shape.dilation_h, shape.dilation_w})
    plan.packing = (plan.packing ^ std::uint64_t(value)) * 0x100000001b3u;
  if (shape.planar_output) {
    deconv_detail::planar_select(plan, threads);
    return plan;
  }

  int h = shape.out_h, w = shape.out_w;
  while (w > 64 && halo_size(plan, std::min(2 * shape.stride_h, h), w) > band_floats) w = ceil_div(w, 2);
  while (h > shape.stride_h && halo_size(plan, h, w) > band_floats) --h;
  const int across = ceil_div(shape.out_w, w) * shape.batch;
  if (threads > 1) h = std::min(h, std::max(ceil_div(shape.out_h, ceil_div(4 * threads, across)), shape.stride_h));
  h = std::min(ceil_div(h, shape.stride_h) * shape.stride_h, shape.out_h);
  plan.band_h = std::max(h, 1);
  plan.bands_y = ceil_div(shape.out_h, plan.band_h);
  plan.band_w = std::max(w, 1);
  plan.bands_x = ceil_div(shape.out_w, plan.band_w);
  const int bands = plan.bands_y * plan.bands_x * shape.batch;
  if (threads > 1 && bands < 2 * threads) plan.panel_splits = std::min(int(base.panels.size()), ceil_div(4 * threads, bands));
  plan.chunks = bands * plan.panel_splits;
  plan.scratch_floats =
      conv_detail::entry_floats(base.in_blocks.size() * shape.kernel_h * shape.kernel_w) + halo_size(plan, plan.band_h, plan.band_w);
  plan.scratch_floats = round_up(plan.scratch_floats, alignment / sizeof(float));
  return plan;
}

void deconv_pack(const DeconvPlan& plan, const float* weights, float* dst, int index) {
  if (plan.shape.planar_output) return deconv_detail::planar_pack(plan, weights, dst);
  const DeconvShape& s = plan.shape;
  const ConvPlan& base = plan.blocks;
  const ConvPanel& panel = base.panels[index];
  const int in_group = s.in_channels / s.groups, out_group = s.out_channels / s.groups, taps = s.kernel_h * s.kernel_w;
  const int lanes = panel.vectors * base.table->block, first = panel.block * base.table->block;
  float* out = dst + panel.offset;
  for (int py = 0; py < s.stride_h; ++py)
    for (int px = 0; px < s.stride_w; ++px)
      for (int b = panel.in_begin; b < panel.in_end; ++b)
        for (const DeconvTap& ty : plan.taps_y[py])
          for (const DeconvTap& tx : plan.taps_x[px])
            for (int i = 0; i < base.in_blocks[b].count; ++i, out += lanes) {
              const int ic = base.in_blocks[b].first + i;
              const float* filters = weights + std::ptrdiff_t(ic) * out_group * taps + ty.tap * s.kernel_w + tx.tap;
              for (int lane = 0; lane < lanes; ++lane) {
                const int oc = first + lane;
                const bool joined = oc < s.out_channels && oc / out_group == ic / in_group;
                out[lane] = joined ? filters[std::ptrdiff_t(oc % out_group) * taps] : 0.0f;
              }
            }
}

void deconv_run_chunk(const DeconvPlan& plan, const ConvArgs& args, int chunk, float* scratch) {
  const DeconvShape& s = plan.shape;
  const int bands = plan.bands_y * plan.bands_x, per_split = bands * s.batch, panels = int(plan.blocks.panels.size());
  const int split = chunk / per_split, n = chunk % per_split / bands, band = chunk % bands;
  const int x0 = band % plan.bands_x * plan.band_w, y0 = band / plan.bands_x * plan.band_h;
  run_region(plan, args,
             {n, y0, std::min(y0 + plan.band_h, s.out_h), x0, std::min(x0 + plan.band_w, s.out_w), panels * split / plan.panel_splits,
              panels * (split + 1) / plan.panel_splits},
             scratch);
}

void deconv_run_rows(const DeconvPlan& plan, const ConvArgs& args, int n, int y0, int y1, int x0, int x1, float* scratch) {
  for (int y = y0; y < y1; y += plan.band_h)
    for (int x = x0; x < x1; x += plan.band_w)
      run_region(plan, args, {n, y, std::min(y + plan.band_h, y1), x, std::min(x + plan.band_w, x1), 0, int(plan.blocks.panels.size())}, scratch);
}

RowRange deconv_rows_needed(const DeconvShape& s, int y0, int y1) {
  if (y1 <= y0) return {0, 0};
  const RowRange range = reach_y(s, y0, y1);
  return {std::clamp(range.begin, 0, s.in_h), std::clamp(range.end, 0, s.in_h)};
}

RowRange deconv_columns_needed(const DeconvShape& s, int x0, int x1) {
  if (x1 <= x0) return {0, 0};
  const RowRange range = reach_x(s, x0, x1);
  return {std::clamp(range.begin, 0, s.in_w), std::clamp(range.end, 0, s.in_w)};
}

double deconv_flops(const DeconvShape& s) {
  return 2.0 * s.batch * s.in_channels * s.in_h * s.in_w * (double(s.out_channels) / s.groups) * s.kernel_h * s.kernel_w;
}

}  // namespace cuvee
