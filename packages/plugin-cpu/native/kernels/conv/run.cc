#include <algorithm>
#include <cstring>

#include "base/memory.h"
#include "kernels/conv/conv_run.h"
#include "kernels/costs.h"

namespace cuvee {
namespace conv_detail {

/// Weights of a part of a panel: they stay in the first cache while all pixels pass.
constexpr std::ptrdiff_t part_floats = costs::conv::part_floats, parts_from = 2 * part_floats;

/// Layers with more weights have each panel's, or part's, fetched while the one before is computed: among a network's other layers they
/// come from memory.
constexpr std::size_t fetched_from = costs::conv::fetched_from;

/// Steps of k by which the first pixels' pass over weights that no pass before has fetched is ahead of its products.
constexpr int fetch_ahead = costs::conv::fetch_ahead;

std::size_t entry_floats(std::size_t entries) { return round_up(entries * sizeof(TileEntry), alignment) / sizeof(float); }

void copy_halo(const ConvPlan& plan, const ConvArgs& args, int n, const ConvInBlock& in, int iy0, int rows, int ix0, int cols, float* dst) {
  const ConvShape& s = plan.shape;
  const int width = s.planar_input ? 1 : plan.table->block, shift = s.part[in.part].shift;
  const Source& source = args.sources[in.part];
  const int from = std::clamp(-ix0, 0, cols), to = std::clamp(s.in_w - ix0, from, cols);
  const std::size_t pixel = width * sizeof(float), row_floats = std::size_t(cols) * width;
  for (int r = 0; r < rows; ++r, dst += row_floats) {
    const int iy = iy0 + r;
    if (iy < 0 || iy >= s.in_h || from == to) {
      std::memset(dst, 0, row_floats * sizeof(float));
      continue;
    }
    const float* src = source.at(n, in.block, iy >> shift);
    if (from > 0) std::memset(dst, 0, from * pixel);
    if (shift == 0) std::memcpy(dst + std::ptrdiff_t(from) * width, src + std::ptrdiff_t(ix0 + from) * width, (to - from) * pixel);
    else
      for (int c = from; c < to; ++c) std::memcpy(dst + std::ptrdiff_t(c) * width, src + std::ptrdiff_t((ix0 + c) >> shift) * width, pixel);
    if (to < cols) std::memset(dst + std::ptrdiff_t(to) * width, 0, (cols - to) * pixel);
  }
}

/// The same for all channels of a picture: plane c at dst + c * plane.
static void copy_image(const ConvPlan& plan, const ConvArgs& args, int n, int iy0, int rows, int ix0, int cols, float* dst, std::ptrdiff_t plane) {
  const ConvShape& s = plan.shape;
  const int from = std::clamp(-ix0, 0, cols), to = std::clamp(s.in_w - ix0, from, cols);
  for (int r = 0; r < rows; ++r, dst += cols) {
    const bool inside = iy0 + r >= 0 && iy0 + r < s.in_h && from < to;
    float* planes[max_image_channels];
    for (int c = 0; c < args.image->channels; ++c) {
      float* row = dst + c * plane;
      std::fill_n(row, inside ? from : cols, 0.0f);
      if (inside) std::fill(row + to, row + cols, 0.0f);
      planes[c] = row + from;
    }
    if (inside) args.image_row(*args.image, args.image->at(n, iy0 + r, ix0 + from), planes, to - from);
  }
}

TileArgs start_args(const ConvArgs& args, TileEntry* entries) {
  TileArgs t{};
  set_epilogue(t, args.epilogue);
  t.entries = entries;
  return t;
}

void seek_panel(const ConvPlan& plan, const ConvArgs& args, const ConvPanel& panel, TileArgs& t) {
  const int width = plan.table->block;
  t.w = args.weights + panel.offset;
  t.w_step = std::ptrdiff_t(panel.vectors) * width;
  t.lanes = std::min(plan.shape.out_channels - panel.block * width, panel.vectors * width);
  seek_channel(t, args.epilogue, std::ptrdiff_t(panel.block) * width);
}

void seek_output(const ConvPlan& plan, const ConvArgs& args, int n, int block, int y, int x, int x_step, TileArgs& t) {
  const int width = plan.table->block;
  const std::ptrdiff_t column = std::ptrdiff_t(x) * width;
  t.c = args.sink.at(n, block, y) + column;
  t.c_step = x_step * width;
  t.c_block = args.sink.block;
  if (args.epilogue.has_residual) {
    t.residual = args.epilogue.residual.at(n, block, y) + column;
    t.r_step = x_step * width;
    t.r_block = args.epilogue.residual.block;
  }
}

void run_segment(const ConvPlan& plan, const ConvArgs& args, const ConvPanel& panel, int n, int y, int x, int x_step, int pixels, TileArgs& t) {
  const bool scattered = args.sink.rows || (args.epilogue.has_residual && args.epilogue.residual.rows);
  bool even = true;
  if (scattered && panel.vectors > 1) {
    const std::ptrdiff_t sink_step = args.sink.at(n, panel.block + 1, y) - args.sink.at(n, panel.block, y);
    std::ptrdiff_t residual_step = 0;
    if (args.epilogue.has_residual)
      residual_step = args.epilogue.residual.at(n, panel.block + 1, y) - args.epilogue.residual.at(n, panel.block, y);
    for (int v = 1; v < panel.vectors; ++v) {
      even = even && args.sink.at(n, panel.block + v, y) - args.sink.at(n, panel.block, y) == v * sink_step;
      if (args.epilogue.has_residual)
        even = even && args.epilogue.residual.at(n, panel.block + v, y) - args.epilogue.residual.at(n, panel.block, y) == v * residual_step;
    }
    if (even) {
      seek_output(plan, args, n, panel.block, y, x, x_step, t);
      t.c_block = sink_step;
      t.r_block = residual_step;
      return run_tiles(*plan.table->tile, t, panel.vectors, pixels);
    }
  }
  if (even) {
    seek_output(plan, args, n, panel.block, y, x, x_step, t);
    return run_tiles(*plan.table->tile, t, panel.vectors, pixels);
  }
  const int width = plan.table->block;
  for (int v = 0; v < panel.vectors; ++v) {
    TileArgs one = t;
    one.w += v * width;
    one.lanes = std::min(t.lanes - v * width, width);
    seek_channel(one, args.epilogue, std::ptrdiff_t(panel.block + v) * width);
    seek_output(plan, args, n, panel.block + v, y, x, x_step, one);
    run_tiles(*plan.table->tile, one, 1, pixels);
  }
}

bool is_dense(const ConvPlan& plan, const ConvArgs& args) {
  const ConvShape& s = plan.shape;
  const std::ptrdiff_t row = std::ptrdiff_t(s.out_w) * plan.table->block;
  if (s.stride_h != 1 || s.stride_w != 1 || s.in_w != s.out_w || args.sink.rows || args.sink.row != row) return false;
  if (args.epilogue.has_residual && (args.epilogue.residual.rows || args.epilogue.residual.row != row)) return false;
  for (int p = 0; p < std::max(s.parts, 1); ++p)
    if (args.sources[p].rows || args.sources[p].row != row) return false;
  return true;
}

bool rows_are_even(const ConvPlan& plan, const ConvArgs& args) {
  for (int p = 0; p < plan.shape.parts; ++p)
    if (args.sources[p].rows || args.sources[p].row != args.sources[0].row) return false;
  return true;
}

namespace {

/// Narrows the entries of a panel's first and last input block (`per_block` each) to the channels of its groups; `back` undoes it.
void cut_entries(const ConvPlan& plan, const ConvPanel& panel, TileEntry* entries, int per_block, bool back) {
  const int blocks = panel.in_end - panel.in_begin;
  for (int b : {0, blocks - 1}) {
    const ConvInBlock& in = plan.in_blocks[panel.in_begin + b];
    const auto [skip, count] = in_channels(panel, in);
    for (int i = b * per_block; i < (b + 1) * per_block; ++i) {
      entries[i].a += back ? -skip : skip;
      entries[i].count = back ? in.count : count;
    }
    if (blocks == 1) break;
  }
}

/// Runs a panel's reduction over `count` entries in parts. `run(args, t)` is to compute all pixels of a part, in about `calls` calls of
/// the microkernel; between parts the sums are where the result will be. Each part has the next one's weights fetched meanwhile.
template <class Run>
void in_parts(const ConvPlan& plan, const ConvArgs& args, const ConvPanel& panel, const TileEntry* entries, int count, int calls, TileArgs& t, Run&& run) {
  const std::ptrdiff_t width = plan.table->block, lanes = panel.vectors * width, floats = panel.depth * lanes;
  const int parts = floats > parts_from && calls > 1 ? static_cast<int>(std::min<std::ptrdiff_t>(count, (floats + part_floats - 1) / part_floats)) : 1;
  const float *w = args.weights + panel.offset, *const end = args.weights + plan.packed_floats;
  ConvArgs partial = args;
  for (int part = 0; part < parts; ++part) {
    const int first = static_cast<int>(std::ptrdiff_t(count) * part / parts), last = static_cast<int>(std::ptrdiff_t(count) * (part + 1) / parts);
    partial.epilogue = part + 1 == parts ? args.epilogue : Epilogue{};
    partial.epilogue.bias = part == 0 ? args.epilogue.bias : nullptr;
    t = start_args(partial, nullptr);
    seek_panel(plan, partial, panel, t);
    t.a_step = std::ptrdiff_t(plan.shape.stride_w) * (plan.shape.planar_input ? 1 : width);
    t.accumulate = part > 0;
    t.entries = entries + first;
    t.entry_count = last - first;
    t.w = w;
    std::ptrdiff_t depth = 0;
    for (int e = first; e < last; ++e) depth += entries[e].count;
    w += depth * lanes;
    if (floats > parts_from || (calls > 1 && plan.packed_floats > fetched_from)) {
      if (part == 0) t.ahead = fetch_ahead * lanes;
      t.fetch = std::min(w, end);
      t.fetch_end = std::min(w + depth * lanes, end);
      t.fetch_stride = std::min(width, lanes / calls / 4 * 4 + 4);
      t.fetch_step = depth * t.fetch_stride;
    }
    run(partial, t);
  }
}

int calls_for(const ConvPlan& plan, const ConvPanel& panel, int pixels) {
  const int most = plan.table->tile->pixels[panel.vectors];
  return (pixels + most - 1) / most;
}

/// Pixels [p0, p1) for some panels; `offset(pixel, y, x)`: floats from the entries to a pixel's operands.
template <class Offset>
void pointwise_panels(const ConvPlan& plan, const ConvArgs& args, int n, int p0, int p1, int row, int panel0, int panel1, TileEntry* entries, Offset&& offset) {
  const bool cut = cuts_blocks(plan.shape, plan.table->block);
  TileArgs t{};
  for (int p = panel0; p < panel1; ++p) {
    const ConvPanel& panel = plan.panels[p];
    TileEntry* const own = entries + panel.in_begin;
    if (cut) cut_entries(plan, panel, own, 1, false);
    const int calls = (p1 - p0 + row - 1) / row * calls_for(plan, panel, std::min(p1 - p0, row));
    in_parts(plan, args, panel, own, panel.in_end - panel.in_begin, calls, t, [&](const ConvArgs& partial, TileArgs& part) {
      for (int at = p0; at < p1;) {
        const int y = at / row, x = at - y * row, next = std::min(p1, (y + 1) * row);
        part.a_offset = offset(at, y, x);
        run_segment(plan, partial, panel, n, y, x, 1, next - at, part);
        at = next;
      }
    });
    if (cut) cut_entries(plan, panel, own, 1, true);
  }
}

/// The same where the input is activated: piece by piece in scratch, behind the entries.
void activated_pixels(const ConvPlan& plan, const ConvArgs& args, int n, int p0, int p1, int row, int panel0, int panel1, TileEntry* entries) {
  const std::ptrdiff_t width = plan.table->block;
  for (int from = p0, end; from < p1; from = end) {
    end = std::min(from + plan.band_w, p1);
    float* to = reinterpret_cast<float*>(entries) + entry_floats(plan.in_blocks.size());
    for (std::size_t b = 0; b < plan.in_blocks.size(); ++b) {
      const ConvInBlock& in = plan.in_blocks[b];
      entries[b] = {to, in.count};
      for (int at = from, next; at < end; at = next) {
        next = std::min(end, (at / row + 1) * row);
        const float* x = args.sources[in.part].at(n, in.block, at / row) + at % row * width;
        plan.table->tile->affine_relu(to, x, next - at, args.in_scale + in.first, args.in_shift + in.first);
        to += (next - at) * width;
      }
    }
    pointwise_panels(plan, args, n, from, end, row, panel0, panel1, entries, [&](int at, int, int) { return (at - from) * width; });
  }
}

/// Output pixels [p0, p1) in row-major order of one image; the rows' sources have to be even, or the pixels of one row.
void pointwise_pixels(const ConvPlan& plan, const ConvArgs& args, int n, int p0, int p1, int panel0, int panel1, TileEntry* entries) {
  const ConvShape& s = plan.shape;
  const int row = is_dense(plan, args) ? s.out_h * s.out_w : s.out_w, y0 = p0 / row;  // pixels that lie side by side
  if (s.activated_input) return activated_pixels(plan, args, n, p0, p1, row, panel0, panel1, entries);
  for (std::size_t b = 0; b < plan.in_blocks.size(); ++b) {
    const ConvInBlock& in = plan.in_blocks[b];
    entries[b] = {args.sources[in.part].at(n, in.block, y0 * s.stride_h) + in.lane, in.count};
  }
  const std::ptrdiff_t row_step = rows_are_even(plan, args) ? args.sources[0].row * s.stride_h : 0, step = std::ptrdiff_t(s.stride_w) * plan.table->block;
  pointwise_panels(plan, args, n, p0, p1, row, panel0, panel1, entries, [&](int, int y, int x) { return (y - y0) * row_step + x * step; });
}

/// The same for any sources.
void run_pointwise(const ConvPlan& plan, const ConvArgs& args, int n, int p0, int p1, int panel0, int panel1, float* scratch) {
  auto* entries = reinterpret_cast<TileEntry*>(scratch);
  if (rows_are_even(plan, args)) return pointwise_pixels(plan, args, n, p0, p1, panel0, panel1, entries);
  const int w = plan.shape.out_w;
  for (int p = p0, end; p < p1; p = end) {
    end = std::min(p1, (p / w + 1) * w);
    pointwise_pixels(plan, args, n, p, end, panel0, panel1, entries);
  }
}

/// A direct convolution of planes, of pixels whose columns lie all inside the picture: read in place. Zeros stand for rows outside.
void run_inside(const ConvPlan& plan, const ConvArgs& args, const Region& region, float* scratch) {
  const ConvShape& s = plan.shape;
  const int ix0 = region.x0 * s.stride_w - s.pad_left, cols = (region.x1 - region.x0 - 1) * s.stride_w + s.kernel_w;
  auto* entries = reinterpret_cast<TileEntry*>(scratch);
  float* const zeros = scratch + entry_floats(plan.in_blocks.size() * s.kernel_h * s.kernel_w);
  std::memset(zeros, 0, cols * sizeof(float));
  TileArgs t = start_args(args, entries);
  t.entry_count = static_cast<int>(plan.in_blocks.size()) * s.kernel_h;
  t.a_step = s.stride_w;
  t.stem = s.kernel_w == 3 && s.stride_w == 2;
  for (int y = region.y0; y < region.y1; ++y) {
    TileEntry* entry = entries;
    for (const ConvInBlock& in : plan.in_blocks)
      for (int ky = 0; ky < s.kernel_h; ++ky) {
        const int iy = y * s.stride_h - s.pad_top + ky * s.dilation_h;
        *entry++ = {iy < 0 || iy >= s.in_h ? zeros : args.sources[in.part].at(region.n, in.block, iy) + ix0, s.kernel_w};
      }
    for (int p = region.panel0; p < region.panel1; ++p) {
      seek_panel(plan, args, plan.panels[p], t);
      t.a_offset = 0;
      run_segment(plan, args, plan.panels[p], region.n, y, region.x0, 1, region.x1 - region.x0, t);
    }
  }
}

/// Pixels of a region whose columns lie all inside the picture, where they are worth a way of their own; else none.
RowRange inside_columns(const ConvPlan& plan, const ConvArgs& args, const Region& region) {
  const ConvShape& s = plan.shape;
  const bool fits = s.planar_input && !args.image && s.groups == 1 && s.kernel_w == 3 && s.dilation_w == 1 && s.pad_left >= 0 && s.in_w >= s.kernel_w;
  if (!fits || plan.panels.back().depth * plan.panels.back().vectors * plan.table->block > parts_from) return {0, 0};  // wider kernels read each pixel more often
  const int from = std::max(region.x0, ceil_div(s.pad_left, s.stride_w)), to = std::min(region.x1, (s.in_w - s.kernel_w + s.pad_left) / s.stride_w + 1);
  return to - from >= 32 ? RowRange{from, to} : RowRange{0, 0};
}

void run_bordered(const ConvPlan& plan, const ConvArgs& args, const Region& region, float* scratch);

}  // namespace

void run_direct(const ConvPlan& plan, const ConvArgs& args, const Region& region, float* scratch) {
  const RowRange inside = inside_columns(plan, args, region);
  if (inside.begin == inside.end) return run_bordered(plan, args, region, scratch);
  Region left = region, middle = region, right = region;
  left.x1 = middle.x0 = inside.begin;
  middle.x1 = right.x0 = inside.end;
  run_inside(plan, args, middle, scratch);
  if (left.x0 < left.x1) run_bordered(plan, args, left, scratch);
  if (right.x0 < right.x1) run_bordered(plan, args, right, scratch);
}

namespace {

/// Any region, by a copy of its input with a border of zeros.
void run_bordered(const ConvPlan& plan, const ConvArgs& args, const Region& region, float* scratch) {
  const ConvShape& s = plan.shape;
  const bool planar = s.planar_input;
  const int width = planar ? 1 : plan.table->block;
  const int rows = (region.y1 - region.y0 - 1) * s.stride_h + (s.kernel_h - 1) * s.dilation_h + 1;
  const int cols = (region.x1 - region.x0 - 1) * s.stride_w + (s.kernel_w - 1) * s.dilation_w + 1;
  const std::ptrdiff_t row_floats = std::ptrdiff_t(cols) * width, block_floats = row_floats * rows;
  auto* entries = reinterpret_cast<TileEntry*>(scratch);
  float* halo = scratch + entry_floats(plan.in_blocks.size() * s.kernel_h * s.kernel_w);

  int in_begin = static_cast<int>(plan.in_blocks.size()), in_end = 0;
  for (int p = region.panel0; p < region.panel1; ++p) {
    in_begin = std::min(in_begin, plan.panels[p].in_begin);
    in_end = std::max(in_end, plan.panels[p].in_end);
  }
  // A planar row of unit dilation offers its kernel columns as consecutive k: one entry for a whole kernel row.
  const int taps_x = planar && s.dilation_w == 1 ? 1 : s.kernel_w;
  TileEntry* entry = entries;
  const int iy0 = region.y0 * s.stride_h - s.pad_top, ix0 = region.x0 * s.stride_w - s.pad_left;
  if (args.image) copy_image(plan, args, region.n, iy0, rows, ix0, cols, halo, block_floats);
  for (int b = in_begin; b < in_end; ++b) {
    const ConvInBlock& in = plan.in_blocks[b];
    float* block = halo + (b - in_begin) * block_floats;
    if (!args.image) copy_halo(plan, args, region.n, in, iy0, rows, ix0, cols, block);
    for (int ky = 0; ky < s.kernel_h; ++ky)
      for (int kx = 0; kx < taps_x; ++kx)
        *entry++ = {block + std::ptrdiff_t(ky) * s.dilation_h * row_floats + std::ptrdiff_t(kx) * s.dilation_w * width,
                    planar && s.dilation_w == 1 ? s.kernel_w : in.count};
  }
  const int per_block = s.kernel_h * taps_x, pixels = region.x1 - region.x0;
  const bool cut = cuts_blocks(s, width);
  TileArgs t{};
  for (int p = region.panel0; p < region.panel1; ++p) {
    const ConvPanel& panel = plan.panels[p];
    TileEntry* const own = entries + std::ptrdiff_t(panel.in_begin - in_begin) * per_block;
    if (cut) cut_entries(plan, panel, own, per_block, false);
    const int calls = (region.y1 - region.y0) * calls_for(plan, panel, pixels);
    in_parts(plan, args, panel, own, (panel.in_end - panel.in_begin) * per_block, calls, t, [&](const ConvArgs& partial, TileArgs& part) {
      for (int y = region.y0; y < region.y1; ++y) {
        part.a_offset = std::ptrdiff_t(y - region.y0) * s.stride_h * row_floats;
        run_segment(plan, partial, panel, region.n, y, region.x0, 1, pixels, part);
      }
    });
    if (cut) cut_entries(plan, panel, own, per_block, true);
  }
}

}  // namespace
}  // namespace conv_detail

void conv_run_chunk(const ConvPlan& plan, const ConvArgs& args, int chunk, float* scratch) {
  using namespace conv_detail;
  const ConvShape& s = plan.shape;
  const int bands = plan.bands_y * plan.bands_x, per_split = bands * s.batch;
  const int split = chunk / per_split, n = chunk % per_split / bands, band = chunk % bands;
  const int panels = static_cast<int>(plan.panels.size());
  const int panel0 = int(std::ptrdiff_t(panels) * split / plan.panel_splits), panel1 = int(std::ptrdiff_t(panels) * (split + 1) / plan.panel_splits);
  const int x0 = band % plan.bands_x * plan.band_w, y0 = band / plan.bands_x * plan.band_h;
  if (plan.method == ConvMethod::pointwise)
    return run_pointwise(plan, args, n, x0, std::min(x0 + plan.band_w, s.out_h * s.out_w), panel0, panel1, scratch);
  if (plan.method == ConvMethod::split) {
    const RowRange pixels = split_band(plan, band);
    return run_split(plan, args, n, pixels.begin, pixels.end, panel0, panel1, scratch);
  }
  if (plan.method == ConvMethod::winograd) return winograd_run(plan, args, {n, 0, s.out_h, 0, s.out_w, panel0, panel1}, band, bands, scratch);
  const Region region{n, y0, std::min(y0 + plan.band_h, s.out_h), x0, std::min(x0 + plan.band_w, s.out_w), panel0, panel1};
  run_direct(plan, args, region, scratch);
}

void conv_run_rows(const ConvPlan& plan, const ConvArgs& args, int n, int y0, int y1, int x0, int x1, float* scratch) {
  using namespace conv_detail;
  const int panels = static_cast<int>(plan.panels.size());
  if (plan.method == ConvMethod::pointwise || plan.method == ConvMethod::split) {
    const auto run = plan.method == ConvMethod::split ? run_split : run_pointwise;
    if (x0 == 0 && x1 == plan.shape.out_w) {
      for (int p = y0 * x1, end; p < y1 * x1; p = end) {
        end = std::min(p + plan.band_w, y1 * x1);
        run(plan, args, n, p, end, 0, panels, scratch);
      }
      return;
    }
    for (int y = y0; y < y1; ++y) run(plan, args, n, y * plan.shape.out_w + x0, y * plan.shape.out_w + x1, 0, panels, scratch);
    return;
  }
  if (plan.method == ConvMethod::winograd) return winograd_run(plan, args, {n, y0, y1, x0, x1, 0, panels}, 0, 1, scratch);
  for (int y = y0, y_end; y < y1; y = y_end) {
    y_end = std::min(y + plan.band_h, y1);
    for (int x = x0, x_end; x < x1; x = x_end) {
      x_end = std::min(x + plan.band_w, x1);
      const Region region{n, y, y_end, x, x_end, 0, panels};
      run_direct(plan, args, region, scratch);
    }
  }
}

}  // namespace cuvee
