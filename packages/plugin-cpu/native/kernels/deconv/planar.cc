#include "kernels/deconv/planar.h"

#include <algorithm>
#include <cstring>

#include "base/memory.h"

namespace cuvee {
namespace {

int lanes_of(const DeconvShape& s) { return s.kernel_h * s.kernel_w * s.out_channels; }

/// Epilogue of one channel over a planar run, in place.
void finish_run(const TileKernels& tile, const Epilogue& e, int channel, float* y, const float* residual, int count) {
  if (e.bias)
    for (int i = 0; i < count; ++i) y[i] += e.bias[channel];
  if (e.pre_scale)
    for (int i = 0; i < count; ++i) y[i] = y[i] * e.pre_scale[channel] + e.pre_shift[channel];
  if (residual && !e.residual_after)
    for (int i = 0; i < count; ++i) y[i] += residual[i];
  if (e.act != Act::none) tile.activate(y, y, count, e.act, e.a, e.b);
  if (e.post_scale)
    for (int i = 0; i < count; ++i) y[i] = y[i] * e.post_scale[channel] + e.post_shift[channel];
  if (residual && e.residual_after)
    for (int i = 0; i < count; ++i) y[i] += residual[i];
}

/// y[j * kw + kx] = sums[j * step + kx].
void interleave(float* y, const float* sums, int step, int kw, int pixels) {
  if (kw == 2) {
    for (int j = 0; j < pixels; ++j) std::memcpy(y + 2 * j, sums + std::ptrdiff_t(j) * step, 2 * sizeof(float));
    return;
  }
  for (int j = 0; j < pixels; ++j)
    for (int kx = 0; kx < kw; ++kx) y[j * kw + kx] = sums[std::ptrdiff_t(j) * step + kx];
}

}  // namespace

bool deconv_planar_fits(const KernelTable& table, const DeconvShape& s) {
  return s.kernel_h == s.stride_h && s.kernel_w == s.stride_w && s.pad_top == 0 && s.pad_left == 0 && s.dilation_h == 1 && s.dilation_w == 1 &&
         s.groups == 1 && s.out_h <= s.in_h * s.stride_h && s.out_w <= s.in_w * s.stride_w && lanes_of(s) <= table.tile->vectors * table.block;
}

namespace deconv_detail {

void planar_select(DeconvPlan& plan, int threads) {
  const DeconvShape& s = plan.shape;
  const int width = plan.blocks.table->block, vectors = ceil_div(lanes_of(s), width);
  plan.blocks.panels = {{0, vectors, 0, int(plan.blocks.in_blocks.size()), 0, s.in_channels, s.in_channels, 0}};
  plan.packed_floats = std::size_t(s.in_channels) * vectors * width;
  const int rows = ceil_div(s.out_h, s.stride_h), wanted = threads > 1 ? ceil_div(4 * threads, s.batch) : 1;
  plan.band_h = std::max(1, ceil_div(rows, wanted)) * s.stride_h;
  plan.bands_y = ceil_div(s.out_h, plan.band_h);
  plan.band_w = s.out_w;
  plan.chunks = plan.bands_y * s.batch;
  plan.scratch_floats = conv_detail::entry_floats(plan.blocks.in_blocks.size()) + round_up(std::size_t(s.in_w) * vectors * width, 16);
}

void planar_pack(const DeconvPlan& plan, const float* weights, float* dst) {
  const DeconvShape& s = plan.shape;
  const int step = plan.blocks.panels[0].vectors * plan.blocks.table->block, lanes = lanes_of(s);
  std::memset(dst, 0, plan.packed_floats * sizeof(float));
  for (int ic = 0; ic < s.in_channels; ++ic) std::copy_n(weights + std::ptrdiff_t(ic) * lanes, lanes, dst + std::ptrdiff_t(ic) * step);
}

void planar_run(const DeconvPlan& plan, const ConvArgs& args, const conv_detail::Region& region, float* scratch) {
  const DeconvShape& s = plan.shape;
  const ConvPlan& base = plan.blocks;
  const int width = base.table->block, vectors = base.panels[0].vectors, step = vectors * width, blocks = int(base.in_blocks.size());
  auto* entries = reinterpret_cast<TileEntry*>(scratch);
  float* sums = scratch + conv_detail::entry_floats(base.in_blocks.size());
  const int j0 = region.x0 / s.stride_w, j1 = ceil_div(region.x1, s.stride_w);
  for (int i = region.y0 / s.stride_h; i * s.stride_h < region.y1; ++i) {
    for (int b = 0; b < blocks; ++b) entries[b] = {args.sources[0].at(region.n, b, i), base.in_blocks[b].count};
    TileArgs t{};
    t.entries = entries;
    t.entry_count = blocks;
    t.a_offset = std::ptrdiff_t(j0) * width;
    t.a_step = width;
    t.w = args.weights;
    t.w_step = t.c_step = step;
    t.c = sums;
    t.c_block = width;
    t.lanes = step;
    run_tiles(*base.table->tile, t, vectors, j1 - j0);
    for (int oc = 0; oc < s.out_channels; ++oc)
      for (int ky = 0; ky < s.kernel_h; ++ky) {
        const int y = i * s.stride_h + ky, x0 = j0 * s.stride_w, x1 = std::min(region.x1, j1 * s.stride_w), whole = x1 / s.stride_w;
        if (y < region.y0 || y >= region.y1) continue;
        float* out = args.sink.at(region.n, oc, y) + x0;
        const float* from = sums + (oc * s.kernel_h + ky) * s.kernel_w;
        interleave(out, from, step, s.kernel_w, whole - j0);
        for (int x = whole * s.stride_w; x < x1; ++x) out[x - x0] = from[std::ptrdiff_t(whole - j0) * step + x - whole * s.stride_w];
        const float* residual = args.epilogue.has_residual ? args.epilogue.residual.at(region.n, oc, y) + x0 : nullptr;
        finish_run(*base.table->tile, args.epilogue, oc, out, residual, x1 - x0);
      }
  }
}

}  // namespace deconv_detail
}  // namespace cuvee
