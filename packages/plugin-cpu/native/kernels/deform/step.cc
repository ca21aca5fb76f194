// Family `deform_conv`: convolution whose taps are moved. Inputs: data [N, C, H, W], offsets [N, 2 * parts * kh * kw, oh, ow] of (y, x) for
// each tap, filters [O, C / groups, kh, kw], weights of the samples [N, parts * kh * kw, oh, ow] or none; out [N, O, oh, ow]. f32 or f64.
// args: groups, parts of the channels that share offsets, 1 where the border blends into zeros over one pixel; then strides,
// dilations, pads before, two each.
//
// A block of places becomes columns [C * kh * kw, places] of samples, which the matrix product multiplies with the filters.
#include <cmath>

#include "base/memory.h"
#include "kernels/gemm/gemm.h"
#include "runtime/step.h"

namespace cuvee {
namespace {

constexpr int64_t block = 128;  // places at once

struct DeformState final : StepState {
  int64_t channels, height, width, outputs, rows, columns, kh, kw, groups, parts, places, depth;  // depth: rows of a group's columns
  bool blend;
  int64_t strides[2], dilations[2], pads[2];
  GemmPlan whole, tail;
  size_t columns_floats = 0, packed_floats = 0, gemm_floats = 0, floats = 0;  // of one thread
};

// Four pixels of a plane and their weights, for each place of a block.
template <class S>
struct Samples {
  int64_t at[4][block];
  S weight[4][block];
};

template <class S>
void find(const DeformState& s, const S* dy, const S* dx, const S* mask, int64_t tap, int64_t first, int64_t n, Samples<S>& out) {
  const double height = static_cast<double>(s.height), width = static_cast<double>(s.width);
  const double step_y = static_cast<double>(tap / s.kw * s.dilations[0] - s.pads[0]), step_x = static_cast<double>(tap % s.kw * s.dilations[1] - s.pads[1]);
  for (int64_t i = 0; i < n; ++i) {
    const int64_t place = first + i;
    const double y = static_cast<double>(place / s.columns * s.strides[0]) + step_y + static_cast<double>(dy[place]), x = static_cast<double>(place % s.columns * s.strides[1]) + step_x + static_cast<double>(dx[place]);
    for (int k = 0; k < 4; ++k) out.at[k][i] = 0, out.weight[k][i] = 0;
    if (y != y || x != x) {
      out.weight[0][i] = static_cast<S>(y + x);
      continue;
    }
    const double low = s.blend ? -1 : 0;
    if (y < low || x < low || y >= height || x >= width || (s.blend && (y == -1 || x == -1))) continue;
    const double y0 = std::floor(y), x0 = std::floor(x), py = y - y0, px = x - x0, scale = mask ? static_cast<double>(mask[place]) : 1;
    // Without blending the neighbour beyond the last row or column is that one.
    const double y1 = s.blend ? y0 + 1 : std::min(std::ceil(y), height - 1), x1 = s.blend ? x0 + 1 : std::min(std::ceil(x), width - 1);
    const auto put = [&](int k, double row, double column, double weight) {
      if (row < 0 || column < 0 || row >= height || column >= width) return;
      out.at[k][i] = static_cast<int64_t>(row) * s.width + static_cast<int64_t>(column), out.weight[k][i] = static_cast<S>(weight * scale);
    };
    put(0, y0, x0, (1 - py) * (1 - px));
    put(1, y0, x1, (1 - py) * px);
    put(2, y1, x0, py * (1 - px));
    put(3, y1, x1, py * px);
  }
}

// Columns [C * kh * kw, n] of the places [first, first + n) of image `image`.
template <class S>
void sample(const StepContext& ctx, const DeformState& s, int64_t image, int64_t first, int64_t n, S* columns) {
  const int64_t taps = s.kh * s.kw;
  Samples<S> samples;
  for (int64_t part = 0; part < s.parts; ++part) {
    // Channels c of this part: floor(c * parts / C) = part.
    const int64_t c0 = (part * s.channels + s.parts - 1) / s.parts, c1 = ((part + 1) * s.channels + s.parts - 1) / s.parts;
    for (int64_t tap = 0; tap < taps; ++tap) {
      const int64_t at = (image * s.parts + part) * taps + tap;
      const S* offsets = ctx.in[1].as<S>() + at * 2 * s.places;
      const S* mask = ctx.in.size() > 3 && !ctx.in[3].absent ? ctx.in[3].as<S>() + at * s.places : nullptr;
      find(s, offsets, offsets + s.places, mask, tap, first, n, samples);
      for (int64_t c = c0; c < c1; ++c) {
        const S* plane = ctx.in[0].as<S>() + (image * s.channels + c) * s.height * s.width;
        S* to = columns + (c * taps + tap) * n;
        for (int64_t i = 0; i < n; ++i)
          to[i] = plane[samples.at[0][i]] * samples.weight[0][i] + plane[samples.at[1][i]] * samples.weight[1][i] + plane[samples.at[2][i]] * samples.weight[2][i] + plane[samples.at[3][i]] * samples.weight[3][i];
      }
    }
  }
}

Status bind(StepContext& ctx) {
  const TensorView &x = ctx.in[0], &offsets = ctx.in[1], &w = ctx.in[2], &y = ctx.out[0];
  auto state = std::make_unique<DeformState>();
  DeformState& s = *state;
  if (x.rank != 4 || offsets.rank != 4 || w.rank != 4) return Status::fail("SHAPE_MISMATCH", "data, offsets and filters are not of four axes");
  s.channels = x.dim(1), s.height = x.dim(2), s.width = x.dim(3), s.outputs = y.dim(1), s.rows = y.dim(2), s.columns = y.dim(3), s.kh = w.dim(2), s.kw = w.dim(3);
  s.groups = ctx.args[0].i, s.parts = ctx.args[1].i, s.blend = ctx.args[2].i != 0;
  for (size_t i = 0; i < 2; ++i) s.strides[i] = ctx.args[3 + i].i, s.dilations[i] = ctx.args[5 + i].i, s.pads[i] = ctx.args[7 + i].i;
  s.places = s.rows * s.columns;
  const int64_t taps = s.kh * s.kw, needed = x.dim(0) * s.parts * taps * s.places;
  const bool masked = ctx.in.size() > 3 && !ctx.in[3].absent;
  if (s.groups < 1 || s.parts < 1 || w.dim(1) * s.groups != s.channels || s.outputs != w.dim(0) || s.outputs % s.groups != 0 || y.dim(0) != x.dim(0) || offsets.size < 2 * needed || (masked && ctx.in[3].size < needed))
    return Status::fail("SHAPE_MISMATCH", "offsets, filters or weights do not fit " + std::to_string(s.channels) + " channels at " + std::to_string(s.places) + " places");
  s.depth = w.dim(1) * taps;
  if (s.depth > 1 << 30 || s.outputs > 1 << 30) return Status::fail("OUT_OF_MEMORY", "filters of " + std::to_string(s.depth) + " taps");
  if (y.type == Type::f32) {
    GemmShape shape;
    shape.m = static_cast<int>(s.outputs / s.groups), shape.k = static_cast<int>(s.depth);
    shape.n = static_cast<int>(std::min(block, s.places));
    s.whole = gemm_select(*ctx.kernels, shape, 1);
    shape.n = static_cast<int>(s.places % block);
    if (shape.n > 0) s.tail = gemm_select(*ctx.kernels, shape, 1);
    s.columns_floats = round_up(static_cast<size_t>(s.depth * s.groups * block), 16);
    s.packed_floats = round_up(std::max(s.whole.packed_floats, s.tail.packed_floats), 16);
    s.gemm_floats = round_up(std::max(s.whole.scratch_floats, s.tail.scratch_floats), 16);
    s.floats = s.columns_floats + s.packed_floats + s.gemm_floats;
    ctx.need_scratch(s.floats * sizeof(float) * static_cast<size_t>(ctx.pool->threads()));
  } else {
    s.floats = static_cast<size_t>(s.depth * s.groups * block);
    ctx.need_scratch(s.floats * sizeof(double) * static_cast<size_t>(ctx.pool->threads()));
  }
  *ctx.state = std::move(state);
  return {};
}

void multiply(const StepContext& ctx, const DeformState& s, int64_t image, int64_t first, int64_t n, float* memory) {
  float *packed = memory + s.columns_floats, *scratch = packed + s.packed_floats;
  const int64_t per_group = s.outputs / s.groups;
  const GemmPlan& plan = n == s.whole.shape.n ? s.whole : s.tail;
  for (int64_t group = 0; group < s.groups; ++group) {
    for (int panel = 0; panel < static_cast<int>(plan.panels.size()); ++panel) gemm_pack(plan, memory + group * s.depth * n, n, packed, panel);
    GemmArgs args;
    args.a = ctx.in[2].as<float>() + group * per_group * s.depth, args.lda = s.depth;
    args.b = packed;
    args.c = ctx.out[0].as<float>() + (image * s.outputs + group * per_group) * s.places + first, args.ldc = s.places;
    for (int chunk = 0; chunk < plan.chunks; ++chunk) gemm_run_chunk(plan, args, chunk, scratch);
  }
}

void multiply(const StepContext& ctx, const DeformState& s, int64_t image, int64_t first, int64_t n, double* columns) {
  const int64_t per_group = s.outputs / s.groups;
  for (int64_t o = 0; o < s.outputs; ++o) {
    const double *filter = ctx.in[2].as<double>() + o * s.depth, *from = columns + o / per_group * s.depth * n;
    double* to = ctx.out[0].as<double>() + (image * s.outputs + o) * s.places + first;
    std::fill(to, to + n, 0.0);
    for (int64_t k = 0; k < s.depth; ++k)
      for (int64_t i = 0; i < n; ++i) to[i] += filter[k] * from[k * n + i];
  }
}

template <class S>
Status run_as(StepContext& ctx) {
  const auto& s = static_cast<const DeformState&>(**ctx.state);
  const int64_t blocks = (s.places + block - 1) / block;
  parallel_for(*ctx.pool, static_cast<int>(ctx.out[0].dim(0) * blocks), [&](int job, int thread) {
    if (ctx.cancelled()) return;
    const int64_t image = job / blocks, first = job % blocks * block, n = std::min(block, s.places - first);
    S* memory = static_cast<S*>(ctx.scratch) + static_cast<size_t>(thread) * s.floats;
    if (s.height > 0 && s.width > 0) sample<S>(ctx, s, image, first, n, memory);
    else std::fill(memory, memory + s.depth * s.groups * n, S(0));
    multiply(ctx, s, image, first, n, memory);
  });
  return {};
}

Status run(StepContext& ctx) { return ctx.out[0].type == Type::f64 ? run_as<double>(ctx) : run_as<float>(ctx); }

}  // namespace

extern const Family deform_conv_family;
const Family deform_conv_family{"deform_conv", bind, run};

}  // namespace cuvee
