// Family `resize`: separable resampling. Inputs [data, sizes or scales (only where they are not known before)]; arguments: src/lower/interpolate.ts.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels/convert/elements.h"
#include "kernels/resize/picture.h"
#include "kernels/resize/resize.h"
#include "kernels/table.h"
#include "runtime/step.h"

namespace cuvee {
namespace {

constexpr int header = 6;        // arguments before those of the axes
constexpr int pillow_modes = 4;  // and above

struct ResizeState final : StepState {
  std::vector<ResizeAxis> axes;
  bool moves = true;
  bool planes = false;       // only the last two axes change: row by row
  int picture = -1;          // only this axis and the next one change, or -1
  int64_t row_floats = 0;    // scratch of a thread in that case
  const ResizeKernels* kernels = nullptr;
};

Status build(const StepContext& ctx, const std::vector<int64_t>& out, const std::vector<float>& scales, ResizeState& state) {
  const auto arg = [&](int i) { return ctx.args[i].i; };
  const ResizeRule rule{static_cast<int>(arg(0)), static_cast<int>(arg(1)), static_cast<int>(arg(2)), arg(3) != 0, ctx.args[4].f};
  const TensorView& x = ctx.in[0];
  state.planes = x.rank >= 2;
  for (int i = 0; i < x.rank; ++i) {
    const int at = header + i * 4;
    if (x.dim(i) + arg(at) + arg(at + 1) <= 0 && out[i] > 0) return Status::fail("ARGUMENT_INVALID", "resizing an axis without elements");
    state.axes.push_back(resize_axis(x.dim(i), arg(at), arg(at + 1), out[i], scales[i], arg(at + 2) == 0, rule));
    state.moves = state.moves && state.axes.back().moves;
    if (i < x.rank - 2 && !state.axes.back().identity) state.planes = false;
  }
  int first = x.rank, last = -1;
  for (int i = 0; i < x.rank; ++i)
    if (!state.axes[i].identity) first = std::min(first, i), last = i;
  if (x.rank >= 2 && last >= first && last - first <= 1 && x.layout == Layout::plain) state.picture = std::min(first, x.rank - 2);
  state.kernels = &resize_kernels(ctx.kernels->isa);
  return {};
}

Status bind(StepContext& ctx) {
  auto state = std::make_unique<ResizeState>();
  const TensorView &x = ctx.in[0], &y = ctx.out[0];
  if (ctx.args[5].i == 0) {
    std::vector<float> scales;
    for (int i = 0; i < x.rank; ++i) scales.push_back(static_cast<float>(ctx.args[header + i * 4 + 3].f));
    if (Status s = build(ctx, {y.dims, y.dims + y.rank}, scales, *state); !s.ok()) return s;
    const int64_t lanes = x.layout == Layout::blocked ? ctx.block : 1;
    state->row_floats = state->planes && !state->moves ? (x.dim(x.rank - 1) * lanes + 15) / 16 * 16 : 0;
    ctx.need_scratch(static_cast<size_t>(state->row_floats) * ctx.pool->threads() * sizeof(float));
    ctx.set_variant(std::string(state->moves ? "nearest " : "weighted ") + (state->planes || state->picture >= 0 ? "by rows" : "by axes"));
  }
  *ctx.state = std::move(state);
  return {};
}

// Rows of a plane in memory: the first number is of row `row0`, column `col0`; `row` floats to the next row, `width` columns are there.
struct Plane {
  int64_t row, width, row0 = 0, col0 = 0;
};

// A window of a plane where only the last two axes change; f32. `lanes` floats a column.
void plane_rows(const ResizeState& s, int64_t lanes, const float* from, const Plane& source_plane, float* to, const Plane& plane, const Window& w, float* scratch) {
  const ResizeAxis &rows = s.axes[s.axes.size() - 2], &columns = s.axes.back();
  const int64_t in_row = source_plane.width * lanes, count = w.x1 - w.x0, out_row = count * lanes;
  const ResizeKernels& k = *s.kernels;
  std::vector<const float*> sources;
  for (int64_t y = w.y0; y < w.y1; ++y) {
    float* out = to + (y - plane.row0) * plane.row + (w.x0 - plane.col0) * lanes;
    const int first = rows.start[y], taps = rows.start[y + 1] - first;
    if (taps == 0) {
      std::memset(out, 0, out_row * sizeof(float));
      continue;
    }
    const auto source = [&](int t) { return from + (rows.at[first + t] - source_plane.row0) * source_plane.row; };
    if (s.moves && y > w.y0 && rows.start[y] - rows.start[y - 1] == 1 && rows.at[first] == rows.at[first - 1]) {
      std::memcpy(out, out - plane.row, out_row * sizeof(float));
      continue;
    }
    const float* row = source(0);
    if (taps > 1 || rows.weight32[first] != 1.0f) {
      sources.clear();
      for (int t = 0; t < taps; ++t) sources.push_back(source(t));
      float* combined = columns.identity && source_plane.col0 == w.x0 && source_plane.width == count ? out : scratch;
      k.combine(combined, sources.data(), rows.weight32.data() + first, taps, in_row);
      row = combined;
    }
    if (row == out) continue;
    row -= source_plane.col0 * lanes;  // now of column 0
    const int32_t* start = columns.start.data() + w.x0;
    if (columns.identity) std::memcpy(out, row + w.x0 * lanes, out_row * sizeof(float));
    else if (lanes > 1 && columns.moves) k.moves(out, row, start, columns.at.data(), count);
    else if (lanes > 1) k.columns(out, row, start, columns.at.data(), columns.weight32.data(), count);
    else
      for (int64_t x = 0; x < count; ++x) {
        float sum = 0;
        for (int t = start[x]; t < start[x + 1]; ++t) sum += row[columns.at[t]] * columns.weight32[t];
        out[x] = sum;
      }
  }
}

int64_t plane_count(const StepContext& ctx, const TensorView& x) {
  if (x.layout == Layout::blocked) return x.dim(0) * ((x.dim(1) + ctx.block - 1) / ctx.block);
  int64_t n = 1;
  for (int i = 0; i < x.rank - 2; ++i) n *= x.dim(i);
  return n;
}

Status run_planes(StepContext& ctx, const ResizeState& s) {
  const TensorView& x = ctx.in[0];
  const ResizeAxis &rows = s.axes[s.axes.size() - 2], &columns = s.axes.back();
  const int64_t lanes = x.layout == Layout::blocked ? ctx.block : 1, height = rows.out, total = plane_count(ctx, x) * height;
  const int64_t in_plane = rows.in * columns.in * lanes, out_plane = height * columns.out * lanes;
  const int chunks = static_cast<int>(std::clamp<int64_t>(total * columns.out * lanes / 8192, 1, std::min<int64_t>(total, ctx.pool->threads() * 8)));
  std::vector<float> own;
  float* scratch = static_cast<float*>(ctx.scratch);
  int64_t row_floats = s.row_floats;
  if (row_floats == 0) {
    row_floats = columns.in * lanes;
    if (!s.moves) own.resize(static_cast<size_t>(row_floats) * ctx.pool->threads());
    scratch = own.data();
  }
  parallel_for(*ctx.pool, chunks, [&](int chunk, int thread) {
    int64_t at = total * chunk / chunks;
    const int64_t end = total * (chunk + 1) / chunks;
    while (at < end && !ctx.cancelled()) {
      const int64_t plane = at / height, y0 = at % height, y1 = std::min(height, y0 + end - at);
      plane_rows(s, lanes, x.as<float>() + plane * in_plane, {columns.in * lanes, columns.in}, ctx.out[0].as<float>() + plane * out_plane, {columns.out * lanes, columns.out}, {y0, y1, 0, columns.out}, s.moves ? nullptr : scratch + thread * row_floats);
      at += y1 - y0;
    }
  });
  return {};
}

// Elements moved, of any type of T's size.
template <class T>
Status run_moves(StepContext& ctx, const ResizeState& s) {
  const TensorView& x = ctx.in[0];
  const int rank = x.rank;
  int64_t rows = 1;
  for (int i = 0; i < rank - 1; ++i) rows *= s.axes[i].out;
  const int64_t width = rank > 0 ? s.axes[rank - 1].out : 1;
  const int chunks = static_cast<int>(std::clamp<int64_t>(rows * width / 4096, 1, std::min<int64_t>(rows, ctx.pool->threads() * 8)));
  parallel_for(*ctx.pool, chunks, [&](int chunk, int) {
    for (int64_t r = rows * chunk / chunks; r < rows * (chunk + 1) / chunks; ++r) {
      T* to = ctx.out[0].as<T>() + r * width;
      int64_t rest = r, offset = 0, stride = rank > 0 ? x.dim(rank - 1) : 1;
      bool inside = true;
      for (int i = rank - 2; i >= 0; --i) {
        const ResizeAxis& a = s.axes[i];
        const int64_t o = rest % a.out;
        rest /= a.out;
        if (a.start[o] == a.start[o + 1]) inside = false;
        else offset += a.at[a.start[o]] * stride;
        stride *= a.in;
      }
      if (rank == 0) {
        *to = *x.as<T>();
        continue;
      }
      const ResizeAxis& last = s.axes[rank - 1];
      const T* from = x.as<T>() + offset;
      if (inside && last.identity) std::memcpy(to, from, width * sizeof(T));
      else
        for (int64_t i = 0; i < width; ++i) to[i] = inside && last.start[i] < last.start[i + 1] ? from[last.at[last.start[i]]] : T{};
    }
  });
  return {};
}

// The nearest integer, ties to even, within the range of the type.
template <class T>
T whole(Type type, T value) {
  const int bits = type_bits(type);
  const bool is_signed = type == Type::i8 || type == Type::i16 || type == Type::i32 || type == Type::i64;
  const double high = std::ldexp(1.0, bits - (is_signed ? 1 : 0)), low = is_signed ? -high : 0;
  return static_cast<T>(std::clamp(std::nearbyint(static_cast<double>(value)), low, high - 1));
}

// One axis after the other. Pillow rounds integers after each, beginning with the last.
template <class T>
Status run_axes(StepContext& ctx, const ResizeState& s) {
  const TensorView& x = ctx.in[0];
  std::vector<T> values(x.size), next;
  load_row(x.type, x.data, 0, 1, x.size, values.data());
  std::vector<int64_t> dims(x.dims, x.dims + x.rank);
  const bool integers = compute_type(x.type) != 'f' && compute_type(x.type) != 'd', each_pass = integers && ctx.args[0].i >= pillow_modes;
  for (int step = 0; step < x.rank; ++step) {
    const int i = each_pass ? x.rank - 1 - step : step;
    const ResizeAxis& a = s.axes[i];
    if (a.identity) continue;
    int64_t outer = 1, inner = 1;
    for (int k = 0; k < i; ++k) outer *= dims[k];
    for (int k = i + 1; k < x.rank; ++k) inner *= dims[k];
    next.assign(outer * a.out * inner, T(0));
    const int chunks = static_cast<int>(std::clamp<int64_t>(static_cast<int64_t>(next.size()) / 4096, 1, std::min<int64_t>(outer * a.out, ctx.pool->threads() * 8)));
    parallel_for(*ctx.pool, chunks, [&](int chunk, int) {
      for (int64_t r = outer * a.out * chunk / chunks; r < outer * a.out * (chunk + 1) / chunks && !ctx.cancelled(); ++r) {
        const int64_t o = r % a.out;
        T* to = next.data() + r * inner;
        for (int t = a.start[o]; t < a.start[o + 1]; ++t) {
          const T* from = values.data() + (r / a.out * a.in + a.at[t]) * inner;
          const T w = static_cast<T>(a.weight[t]);
          for (int64_t k = 0; k < inner; ++k) to[k] += from[k] * w;
        }
        if (each_pass)
          for (int64_t k = 0; k < inner; ++k) to[k] = whole(x.type, to[k]);
      }
    });
    dims[i] = a.out;
    values.swap(next);
  }
  TensorView& y = ctx.out[0];
  const int64_t n = static_cast<int64_t>(values.size());
  if (!integers) {
    store_row(y.type, y.data, 0, n, values.data());
    return {};
  }
  std::vector<int64_t> rounded(n);
  for (int64_t i = 0; i < n; ++i) rounded[i] = static_cast<int64_t>(whole(x.type, values[i]));
  store_row(y.type, y.data, 0, n, rounded.data());
  return {};
}

Status run_picture(StepContext& ctx, const ResizeState& s) {
  const TensorView& x = ctx.in[0];
  ResizePicture p;
  for (int i = 0; i < s.picture; ++i) p.outer *= x.dim(i);
  for (int i = s.picture + 2; i < x.rank; ++i) p.inner *= x.dim(i);
  p.rows = &s.axes[s.picture], p.columns = &s.axes[s.picture + 1];
  p.each_pass = ctx.args[0].i >= pillow_modes;
  p.kernels = s.kernels;
  if (x.type == Type::u8) resize_picture(p, x.as<uint8_t>(), ctx.out[0].as<uint8_t>(), *ctx.pool);
  else resize_picture(p, x.as<float>(), ctx.out[0].as<float>(), *ctx.pool);
  return {};
}

Status resample(StepContext& ctx, const ResizeState& s) {
  const TensorView& x = ctx.in[0];
  if (x.layout == Layout::blocked || (s.planes && x.type == Type::f32)) return run_planes(ctx, s);
  if (s.picture >= 0 && s.picture < x.rank - 2 && x.type == Type::u8) return run_picture(ctx, s);
  if (s.moves) {
    switch (type_bits(x.type)) {
      case 8: return run_moves<uint8_t>(ctx, s);
      case 16: return run_moves<uint16_t>(ctx, s);
      case 32: return run_moves<uint32_t>(ctx, s);
      default: return run_moves<uint64_t>(ctx, s);
    }
  }
  if (s.picture >= 0 && (x.type == Type::u8 || x.type == Type::f32)) return run_picture(ctx, s);
  return compute_type(x.type) == 'f' ? run_axes<float>(ctx, s) : run_axes<double>(ctx, s);
}

// Sizes or scales that are only known now.
Status run_unknown(StepContext& ctx) {
  const TensorView &x = ctx.in[0], &given = ctx.in[1];
  std::vector<int64_t> out;
  std::vector<float> scales(x.rank, 0);
  for (int i = 0; i < x.rank; ++i) {
    const auto arg = [&](int k) { return ctx.args[header + i * 4 + k].i; };
    const int64_t padded = x.dim(i) + arg(0) + arg(1);
    out.push_back(padded);
    if (arg(2) == 0) continue;
    double value = 0;
    if (arg(2) - 1 >= given.size) return Status::fail("SHAPE_MISMATCH", "fewer sizes or scales than axes");
    load_row(given.type, given.data, arg(2) - 1, 1, 1, &value);
    if (ctx.action == "scales") {
      scales[i] = static_cast<float>(value);
      value = std::floor(static_cast<float>(static_cast<double>(padded) * value));
    }
    if (!(value >= 0 && value < 2147483648.0)) return Status::fail("ARGUMENT_INVALID", "a size of " + std::to_string(value));
    out[i] = static_cast<int64_t>(value);
  }
  ResizeState state;
  if (!ctx.allocate(0, out)) return Status::fail("OUT_OF_MEMORY", "the resized tensor");
  if (ctx.out[0].size == 0) return {};
  if (Status s = build(ctx, out, scales, state); !s.ok()) return s;
  return resample(ctx, state);
}

Status run(StepContext& ctx) { return ctx.args[5].i != 0 ? run_unknown(ctx) : resample(ctx, static_cast<const ResizeState&>(**ctx.state)); }

Status run_rows(StepContext& ctx, const Window& window) {
  const auto& s = static_cast<const ResizeState&>(**ctx.state);
  const TensorView &x = ctx.in[0], &y = ctx.out[0];
  const int64_t lanes = x.layout == Layout::blocked ? ctx.block : 1, planes = plane_count(ctx, x);
  const Plane from{x.cols * lanes, std::min(x.cols, x.dim(3) - x.col0), x.row0, x.col0}, to{y.cols * lanes, y.cols, y.row0, y.col0};
  for (int64_t p = 0; p < planes; ++p)
    plane_rows(s, lanes, x.as<float>() + p * x.rows * from.row, from, y.as<float>() + p * y.rows * to.row, to, window, static_cast<float*>(ctx.scratch));
  return {};
}

bool reach(const StepContext& ctx, int i, size_t axis, int64_t from, int64_t to, int64_t* a0, int64_t* a1) {
  if (i != 0 || ctx.state == nullptr || !*ctx.state) return false;
  const auto& s = static_cast<const ResizeState&>(**ctx.state);
  if (!s.planes || ctx.in[0].rank != 4 || ctx.in[0].type != Type::f32) return false;
  const ResizeAxis& places = s.axes[axis];
  *a0 = places.in, *a1 = 0;
  for (int t = places.start[from]; t < places.start[to]; ++t) {
    *a0 = std::min<int64_t>(*a0, places.at[t]);
    *a1 = std::max<int64_t>(*a1, places.at[t] + 1);
  }
  if (*a0 >= *a1) *a0 = 0, *a1 = std::min<int64_t>(1, places.in);
  return true;
}
bool rows_needed(const StepContext& ctx, int i, int64_t y0, int64_t y1, int64_t* a0, int64_t* a1) { return reach(ctx, i, 2, y0, y1, a0, a1); }
bool columns_needed(const StepContext& ctx, int i, int64_t x0, int64_t x1, int64_t* a0, int64_t* a1) { return reach(ctx, i, 3, x0, x1, a0, a1); }

}  // namespace

extern const Family resize_family;
const Family resize_family{"resize", bind, run, run_rows, rows_needed, columns_needed};

}  // namespace cuvee
