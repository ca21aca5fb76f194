#include <algorithm>

#include "base/memory.h"
#include "kernels/conv/conv_run.h"
#include "kernels/costs.h"

namespace cuvee {
namespace {

using conv_detail::entry_floats;


/// Of a shuffled source: for each group of the convolution its channels, which lie side by side within each group of the shuffle.
void list_shuffled_blocks(ConvPlan& plan) {
  const ConvShape& s = plan.shape;
  const int width = plan.table->block, each = s.in_channels / s.shuffle, in_group = s.in_channels / s.groups;
  for (int group = 0; group < s.groups; ++group)
    for (int g = 0; g < s.shuffle; ++g) {
      const int begin = g * each + ceil_div(group * in_group - g, s.shuffle), end = g * each + ceil_div((group + 1) * in_group - g, s.shuffle);
      for (int c = begin, next; c < end; c = next) {
        next = std::min((c / width + 1) * width, end);
        plan.in_blocks.push_back({0, c / width, group * in_group, next - c, c % width});
      }
    }
}

/// The logical channel of a block's i'th one.
int logical_channel(const ConvShape& s, const ConvInBlock& in, int i, int width) {
  if (s.shuffle == 1) return in.first + i;
  const int each = s.in_channels / s.shuffle, lies = in.block * width + in.lane + i;
  return lies % each * s.shuffle + lies / each;
}

void list_in_blocks(ConvPlan& plan) {
  const ConvShape& s = plan.shape;
  const int width = s.planar_input ? 1 : plan.table->block;
  if (s.shuffle > 1) return list_shuffled_blocks(plan);
  int first = 0;
  for (int p = 0; p < s.parts; ++p)
    for (int c = 0, block = 0; c < s.part[p].channels; c += width, ++block) {
      const int count = std::min(width, s.part[p].channels - c);
      plan.in_blocks.push_back({p, block, first, count});
      first += count;
    }
}

/// Splits `blocks` output blocks from `block` into few panels, as evenly as possible; into an even number where they are many, so
/// that two halves of the panels are halves of the work.
void add_panels(ConvPlan& plan, int block, int blocks, int widest) {
  int count = ceil_div(blocks, widest);
  if (count > 2 && count < blocks && count % 2 && plan.method != ConvMethod::split) ++count;
  for (int p = 0; p < count; ++p) {
    const int from = blocks * p / count, to = blocks * (p + 1) / count;
    plan.panels.push_back({block + from, to - from, 0, 0, 0, 0, 0, 0});
  }
}

/// Groups that do not fill whole blocks: neighbouring blocks of the same groups go together, so that no panel reads a group more
/// than its blocks need.
void add_straddling_panels(ConvPlan& plan, int out_group, int widest) {
  const int width = plan.table->block, channels = plan.shape.out_channels, blocks = ceil_div(channels, width);
  const auto first = [&](int b) { return b * width / out_group; };
  const auto last = [&](int b) { return (std::min((b + 1) * width, channels) - 1) / out_group; };
  for (int b = 0, end; b < blocks; b = end) {
    for (end = b + 1; end < blocks && first(end) == first(b) && last(end) == last(b);) ++end;
    add_panels(plan, b, end - b, widest);
  }
}

/// Vectors of a panel at most. Deep panels are narrower, so that one stays in the second cache; those of narrow rows, too, where that
/// has more sums at a time: rows of 7 pixels go at once with three vectors, but in two calls with four.
int widest_panel(const ConvPlan& plan) {
  const ConvShape& s = plan.shape;
  const std::size_t column = std::size_t(s.in_channels) / s.groups * s.kernel_h * s.kernel_w * plan.table->block;
  int widest = plan.table->tile->vectors;
  if (plan.method == ConvMethod::winograd || plan.method == ConvMethod::split) return std::min(widest, 2);
  while (widest > 2 && widest * column > costs::conv::panel_floats) --widest;
  // A single panel that few pixels share is halved, so that two threads have work.
  if (const int blocks = ceil_div(s.out_channels, plan.table->block); s.groups == 1 && blocks > 1 && blocks <= widest && s.out_h * s.out_w * s.batch < costs::conv::halved_pixels && column * blocks > costs::conv::halved_floats) return ceil_div(blocks, 2);
  if (s.kernel_h == 1 && s.kernel_w == 1 && s.stride_h == 1 && s.stride_w == 1) return widest;
  const auto sums = [&](int vectors) { return ceil_div(s.out_w, ceil_div(s.out_w, plan.table->tile->pixels[vectors])) * vectors; };
  if (10 * sums(widest) >= 7 * widest * plan.table->tile->pixels[widest]) return widest;
  int best = widest;
  for (int v = widest - 1; v > 1; --v)
    if (sums(v) > sums(best)) best = v;
  return best;
}

void list_panels(ConvPlan& plan, bool cut) {
  const ConvShape& s = plan.shape;
  const int width = plan.table->block, widest = widest_panel(plan);
  const int in_group = s.in_channels / s.groups, out_group = s.out_channels / s.groups;
  if (s.groups == 1) add_panels(plan, 0, ceil_div(s.out_channels, width), widest);
  else if (out_group % width == 0)
    for (int g = 0; g < s.groups; ++g) add_panels(plan, g * (out_group / width), out_group / width, widest);
  else add_straddling_panels(plan, out_group, widest);
  std::size_t offset = 0;
  for (ConvPanel& panel : plan.panels) {
    const int last = std::min((panel.block + panel.vectors) * width, s.out_channels) - 1;
    panel.from = panel.block * width / out_group * in_group;
    panel.to = (last / out_group + 1) * in_group;
    panel.in_begin = -1;
    for (int b = 0; b < static_cast<int>(plan.in_blocks.size()); ++b) {
      const ConvInBlock& in = plan.in_blocks[b];
      if (in.first + in.count <= panel.from || in.first >= panel.to) continue;
      if (panel.in_begin < 0) panel.in_begin = b;
      panel.in_end = b + 1;
    }
    if (!cut) panel.from = plan.in_blocks[panel.in_begin].first, panel.to = plan.in_blocks[panel.in_end - 1].first + plan.in_blocks[panel.in_end - 1].count;
    panel.depth = std::ptrdiff_t(panel.to - panel.from) * s.kernel_h * s.kernel_w;
    panel.offset = offset;
    offset += static_cast<std::size_t>(panel.depth) * panel.vectors * width;
  }
  plan.packed_floats = offset;
}

void hash(std::uint64_t& h, std::uint64_t value) { h = (h ^ value) * 0x100000001b3u; }

std::uint64_t packing_of(const ConvPlan& plan) {
  const ConvShape& s = plan.shape;
  std::uint64_t h = 0xcbf29ce484222325u;
  const int transformed = plan.method == ConvMethod::split ? 1 : plan.winograd_tile;
  for (int value : {plan.table->block, widest_panel(plan), transformed, int(s.planar_input), s.in_channels, s.out_channels,
                    s.groups, s.kernel_h, s.kernel_w, s.parts, s.shuffle})
    hash(h, static_cast<std::uint64_t>(value));
  for (int p = 0; p < s.parts; ++p) hash(h, static_cast<std::uint64_t>(s.part[p].channels));
  for (int b = plan.fine_blocks; plan.method == ConvMethod::winograd && b < static_cast<int>(plan.in_blocks.size()); ++b) hash(h, static_cast<std::uint64_t>(plan.in_blocks[b].first));
  return h;
}

void grid_pointwise(ConvPlan& plan, int threads) {
  const ConvShape& s = plan.shape;
  const int pixels = s.out_h * s.out_w, panels = static_cast<int>(plan.panels.size());
  const bool heavy = plan.packed_floats > std::size_t(s.in_channels) * pixels * s.batch && plan.packed_floats > costs::conv::heavy_pointwise_floats;
  const int most = static_cast<int>(std::max<std::size_t>((heavy ? costs::conv::heavy_pixel_floats : costs::conv::pixel_floats) / std::max(s.in_channels, 1), costs::conv::least_band_pixels));
  int bands = ceil_div(pixels, most);
  if (threads > 1 && !heavy) bands = std::max(bands, std::min(ceil_div(costs::conv::chunks_each * threads, s.batch), pixels / costs::conv::least_band_pixels));
  bands = std::max(bands, 1);
  if (threads > 1 && bands * s.batch > 1)
    while (bands * s.batch % threads) ++bands;  // else a thread has a band more than the others
  plan.band_h = 1;
  plan.band_w = ceil_div(pixels, bands);
  plan.bands_x = ceil_div(pixels, plan.band_w);
  if (heavy || plan.bands_x * s.batch < 2 * threads)
    plan.panel_splits = threads > 1 ? std::min(panels, ceil_div(costs::conv::chunks_each * threads, heavy ? 1 : plan.bands_x * s.batch)) : 1;
  plan.scratch_floats = entry_floats(plan.in_blocks.size());
  if (s.activated_input) plan.scratch_floats += plan.in_blocks.size() * plan.band_w * plan.table->block;
}

void grid_direct(ConvPlan& plan, int threads) {
  const ConvShape& s = plan.shape;
  const int width = s.planar_input ? 1 : plan.table->block, panels = static_cast<int>(plan.panels.size());
  const auto cols = [&](int w) { return std::size_t(w - 1) * s.stride_w + std::size_t(s.kernel_w - 1) * s.dilation_w + 1; };
  const auto rows = [&](int h) { return std::size_t(h - 1) * s.stride_h + std::size_t(s.kernel_h - 1) * s.dilation_h + 1; };
  const auto size = [&](int h, int w) { return plan.in_blocks.size() * rows(h) * cols(w) * width; };
  const bool heavy = plan.packed_floats > costs::conv::heavy_direct_floats && plan.packed_floats > std::size_t(s.in_channels) * s.in_h * s.in_w * s.batch;
  int w = s.out_w, h = s.out_h;
  while (w > 32 && size(std::min(2, s.out_h), w) > costs::conv::band_floats) w = ceil_div(w, 2);
  while (h > 1 && size(h, w) > costs::conv::band_floats) --h;
  if (threads > 1 && !heavy) {
    const int columns = ceil_div(s.out_w, w) * s.batch, most = h;
    h = std::min(h, std::max(ceil_div(s.out_h, ceil_div(costs::conv::chunks_each * threads, columns)), std::min(h, 2)));
    // Bands that leave a thread a tenth more rows than another give way to higher ones that do not.
    const auto longest = [&](int rows) { return ceil_div(std::ptrdiff_t(ceil_div(s.out_h, rows)) * columns, threads) * rows; };
    for (int higher = h + 1; higher <= most; ++higher)
      if (10 * longest(higher) < 9 * longest(h)) h = higher;
  }
  plan.bands_y = ceil_div(s.out_h, h);
  plan.band_h = ceil_div(s.out_h, plan.bands_y);
  plan.bands_y = ceil_div(s.out_h, plan.band_h);
  plan.bands_x = ceil_div(s.out_w, w);
  plan.band_w = ceil_div(s.out_w, plan.bands_x);
  plan.bands_x = ceil_div(s.out_w, plan.band_w);
  const int bands = plan.bands_y * plan.bands_x * s.batch;
  // Every split copies the band for itself: heavy weights have no more of them than leave work to share.
  if (threads > 1 && (heavy || bands < 2 * threads)) plan.panel_splits = std::min(panels, heavy ? std::max(threads, ceil_div(2 * threads, bands)) : ceil_div(costs::conv::chunks_each * threads, bands));
  plan.scratch_floats = entry_floats(plan.in_blocks.size() * s.kernel_h * s.kernel_w) + size(plan.band_h, plan.band_w);
}

}  // namespace

void conv_detail::list_blocks_and_panels(ConvPlan& plan, bool cut) {
  list_in_blocks(plan);
  list_panels(plan, cut);
}

const char* conv_method_name(ConvMethod method) {
  switch (method) {
    case ConvMethod::pointwise: return "pointwise";
    case ConvMethod::direct: return "direct";
    case ConvMethod::planar: return "planar";
    case ConvMethod::winograd: return "winograd";
    case ConvMethod::split: return "split";
  }
  return "?";
}

ConvPlan conv_select(const KernelTable& table, const ConvShape& shape, int threads) {
  ConvPlan plan;
  plan.table = &table;
  plan.shape = shape;
  ConvShape& s = plan.shape;
  if (s.parts == 0) {
    s.parts = 1;
    s.part[0] = {s.in_channels, 0};
  }
  const bool shifted = std::any_of(s.part, s.part + s.parts, [](const ConvPart& part) { return part.shift > 0; });
  const bool fits = s.pad_top == 0 && s.pad_left == 0 && (s.out_h - 1) * s.stride_h < s.in_h && (s.out_w - 1) * s.stride_w < s.in_w;
  if (s.planar_input) plan.method = ConvMethod::planar;
  else if (s.kernel_h == 1 && s.kernel_w == 1 && fits && !shifted) plan.method = conv_detail::split_suits(table, s) ? ConvMethod::split : ConvMethod::pointwise;
  else if (s.allow_winograd && (plan.winograd_tile = conv_detail::winograd_tile(table, s)) != 0) plan.method = ConvMethod::winograd;
  conv_detail::list_blocks_and_panels(plan, true);
  switch (plan.method) {
    case ConvMethod::pointwise: grid_pointwise(plan, threads); break;
    case ConvMethod::winograd: conv_detail::winograd_select(plan, threads); break;
    case ConvMethod::split: conv_detail::split_select(plan, threads); break;
    default: grid_direct(plan, threads);
  }
  plan.scratch_floats = round_up(plan.scratch_floats, alignment / sizeof(float));
  plan.packing = packing_of(plan);
  plan.chunks = plan.panel_splits * s.batch * plan.bands_y * plan.bands_x;
  return plan;
}

void conv_pack(const ConvPlan& plan, const ConvFilters& filters, float* dst, int index) {
  if (plan.method == ConvMethod::winograd) return conv_detail::winograd_pack(plan, filters, dst, index);
  if (plan.method == ConvMethod::split) return conv_detail::split_pack(plan, filters, dst, index);
  const ConvShape& s = plan.shape;
  const ConvPanel& panel = plan.panels[index];
  const int in_group = s.in_channels / s.groups, out_group = s.out_channels / s.groups;
  const int taps = s.kernel_h * s.kernel_w, lanes = panel.vectors * plan.table->block;
  float* out = dst + panel.offset;
  std::fill_n(out, panel.depth * lanes, 0.0f);
  const int first = panel.block * plan.table->block, used = std::min(lanes, s.out_channels - first);
  std::ptrdiff_t k = 0;
  for (int b = panel.in_begin; b < panel.in_end; ++b) {  // a block of all outputs stays in the first cache
    const auto [skip, count] = conv_detail::in_channels(panel, plan.in_blocks[b]);
    for (int lane = 0; lane < used; ++lane) {
      const int oc = first + lane, group_first = oc / out_group * in_group;
      const float* filter = filters.weights + std::ptrdiff_t(oc) * in_group * taps;
      const float factor = filters.factor(oc);
      for (int i = 0; i < count; ++i) {
        const int ic = logical_channel(s, plan.in_blocks[b], skip + i, plan.table->block) - group_first;
        if (ic < 0 || ic >= in_group) continue;
        for (int tap = 0; tap < taps; ++tap) out[(k + std::ptrdiff_t(tap) * count + i) * lanes + lane] = filter[ic * taps + tap] * factor;
      }
    }
    k += std::ptrdiff_t(count) * taps;
  }
}

bool conv_packs_channels(const ConvPlan& plan) { return plan.method == ConvMethod::winograd && plan.winograd_tile == 4; }

void conv_pack_channel(const ConvPlan& plan, const float* taps, std::ptrdiff_t tap_step, float* dst, int block, int channel) {
  conv_detail::winograd_pack_channel(plan, taps, tap_step, dst, block, channel);
}

RowRange conv_rows_needed(const ConvShape& s, int y0, int y1) {
  if (y1 <= y0) return {0, 0};
  const int begin = y0 * s.stride_h - s.pad_top, end = (y1 - 1) * s.stride_h - s.pad_top + (s.kernel_h - 1) * s.dilation_h + 1;
  return {std::clamp(begin, 0, s.in_h), std::clamp(end, 0, s.in_h)};
}

RowRange conv_columns_needed(const ConvShape& s, bool tiles, int x0, int x1) {
  if (x1 <= x0) return {0, 0};
  if (tiles) x0 &= ~3, x1 = (x1 + 3) & ~3;
  return {std::clamp(x0 * s.stride_w - s.pad_left, 0, s.in_w), std::clamp((x1 - 1) * s.stride_w - s.pad_left + (s.kernel_w - 1) * s.dilation_w + 1, 0, s.in_w)};
}

RowRange conv_rows_needed(const ConvPlan& plan, int y0, int y1) {
  if (plan.method != ConvMethod::winograd || y1 <= y0) return conv_rows_needed(plan.shape, y0, y1);
  return conv_rows_needed(plan.shape, y0 & ~3, (y1 + 3) & ~3);
}

double conv_flops(const ConvShape& s) {
  return 2.0 * s.batch * s.out_channels * s.out_h * s.out_w * (double(s.in_channels) / s.groups) * s.kernel_h * s.kernel_w;
}

}  // namespace cuvee
