// Family `grid_sample`: data [N, C, spatial..] at the places of a grid [N, places.., axes] of coordinates in [-1, 1], the last axis
// first; out [N, C, places..]. Two or three spatial axes. Floats in their own precision, other types through double.
// args: 1 where ±1 are centres of the corner pixels; 0 linear, 1 cubic, 2 nearest; beyond the border 0 zeros, 1 border, 2 reflection.
#include <cmath>

#include "kernels/convert/elements.h"
#include "runtime/step.h"

namespace cuvee {
namespace {

constexpr int64_t block = 64;  // places at once
constexpr int most_taps = 64;  // cubic along three axes

enum Mode { linear, cubic, nearest };
enum Border { zeros, border, reflection };

struct Rule {
  bool corners;
  Mode mode;
  Border beyond;
};

// Pixels along one axis and their weights; a pixel of -1 is a zero.
struct Along {
  int64_t at[4];
  double weight[4];
};

int64_t pixel(double i, int64_t n, const Rule& r) {
  const double size = static_cast<double>(n);
  if (i >= 0 && i < size) return static_cast<int64_t>(i);
  if (i != i || r.beyond == zeros) return -1;
  if (r.beyond == border) return i < 0 ? 0 : n - 1;
  double k;
  if (r.corners) {
    const double period = n == 1 ? 1 : 2 * (size - 1);
    k = std::fmod(std::fabs(i), period);
    if (k >= size) k = period - k;
  } else {
    k = std::fmod(std::fmod(i, 2 * size) + 2 * size, 2 * size);
    if (k >= size) k = 2 * size - 1 - k;
  }
  return k >= 0 && k < size ? static_cast<int64_t>(k) : -1;
}

// Keys' cubic with a = -3/4.
double near_weight(double d) { return (1.25 * d - 2.25) * d * d + 1; }
double far_weight(double d) { return ((-0.75 * d + 3.75) * d - 6) * d + 3; }

int taps_of(Mode mode) { return mode == linear ? 2 : mode == cubic ? 4 : 1; }

Along along(double coordinate, int64_t n, const Rule& r) {
  const double size = static_cast<double>(n), v = r.corners ? (coordinate + 1) / 2 * (size - 1) : ((coordinate + 1) * size - 1) / 2;
  Along out{};
  if (r.mode == nearest) {
    out.at[0] = pixel(std::nearbyint(v), n, r), out.weight[0] = 1;
    return out;
  }
  const double first = std::floor(v), t = v - first;
  if (r.mode == linear) {
    out.at[0] = pixel(first, n, r), out.at[1] = pixel(first + 1, n, r), out.weight[0] = 1 - t, out.weight[1] = t;
    return out;
  }
  const double weights[] = {far_weight(t + 1), near_weight(t), near_weight(1 - t), far_weight(2 - t)};
  for (int k = 0; k < 4; ++k) out.at[k] = pixel(first + k - 1, n, r), out.weight[k] = weights[k];
  return out;
}

template <class S>
struct Table {
  int64_t at[most_taps][block];
  S weight[most_taps][block];
};

template <class S>
Status run_as(StepContext& ctx, const S* data, bool direct) {
  const TensorView &x = ctx.in[0], &grid = ctx.in[1];
  TensorView& y = ctx.out[0];
  const Rule rule{ctx.args[0].i != 0, static_cast<Mode>(ctx.args[1].i), static_cast<Border>(ctx.args[2].i)};
  const int axes = x.rank - 2, each = taps_of(rule.mode);
  int taps = 1;
  int64_t plane = 1, places = 1;
  for (int i = 0; i < axes; ++i) taps *= each, plane *= x.dim(i + 2), places *= y.dim(i + 2);
  const int64_t channels = x.dim(1), blocks = (places + block - 1) / block;
  parallel_for(*ctx.pool, static_cast<int>(x.dim(0) * blocks), [&](int job, int) {
    if (ctx.cancelled()) return;
    const int64_t image = job / blocks, first = job % blocks * block, n = std::min(block, places - first);
    Table<S> table;
    double coordinates[3];
    for (int64_t i = 0; i < n; ++i) {
      load_row(grid.type, grid.data, (image * places + first + i) * axes, 1, axes, coordinates);
      Along own[3];
      for (int axis = 0; axis < axes; ++axis) own[axis] = along(coordinates[axes - 1 - axis], x.dim(axis + 2), rule);
      for (int t = 0; t < taps; ++t) {
        int64_t at = 0;
        double weight = 1;
        bool zero = plane == 0;
        for (int axis = 0, rest = t, scale = taps; axis < axes; ++axis) {
          scale /= each;
          const int k = rest / scale;
          rest %= scale;
          zero = zero || own[axis].at[k] < 0;
          at = at * x.dim(axis + 2) + own[axis].at[k], weight *= own[axis].weight[k];
        }
        table.at[t][i] = zero ? -1 : at, table.weight[t][i] = zero ? S(0) : static_cast<S>(weight);
      }
    }
    S sums[block];
    for (int64_t c = 0; c < channels; ++c) {
      const S* from = data + (image * channels + c) * plane;
      const int64_t to = (image * channels + c) * places + first;
      for (int64_t i = 0; i < n; ++i) {
        S sum = 0;
        for (int t = 0; t < taps; ++t)
          if (table.at[t][i] >= 0) sum += from[table.at[t][i]] * table.weight[t][i];
        sums[i] = sum;
      }
      if (direct) std::copy(sums, sums + n, y.as<S>() + to);
      else store_row(y.type, y.data, to, n, sums);
    }
  });
  return {};
}

template <class S>
Status converted(StepContext& ctx) {
  std::vector<S> copy(static_cast<size_t>(ctx.in[0].size));
  load_row(ctx.in[0].type, ctx.in[0].data, 0, 1, ctx.in[0].size, copy.data());
  return run_as<S>(ctx, copy.data(), false);
}

Status run(StepContext& ctx) {
  const TensorView &x = ctx.in[0], &grid = ctx.in[1], &y = ctx.out[0];
  if (x.rank < 4 || x.rank > 5 || grid.rank != x.rank || y.rank != x.rank || grid.dim(grid.rank - 1) != x.rank - 2 || grid.dim(0) != x.dim(0) || y.dim(0) != x.dim(0) || y.dim(1) != x.dim(1))
    return Status::fail("SHAPE_MISMATCH", "data and grid do not fit");
  if (y.type == Type::f32) return run_as<float>(ctx, x.as<float>(), true);
  if (y.type == Type::f64) return run_as<double>(ctx, x.as<double>(), true);
  return compute_type(y.type) == 'f' ? converted<float>(ctx) : converted<double>(ctx);
}

}  // namespace

extern const Family grid_sample_family;
const Family grid_sample_family{"grid_sample", nullptr, run};

}  // namespace cuvee
