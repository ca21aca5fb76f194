// Family `reduce`: `action` sum, mean, max, min, prod, l1, l2, and, or; args: one bit for each axis of the input. Axes that
// only the run tells are input 1, args then whether they stay as ones; the output is dynamic.
// A blocked input may be reduced over its spatial axes only, into a blocked output.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <type_traits>
#include <vector>

#include "kernels/convert/elements.h"
#include "kernels/move/strided.h"
#include "kernels/reduce/reduce.h"
#include "kernels/table.h"
#include "runtime/step.h"

namespace cuvee {
namespace {

struct ReduceState final : StepState {
  Reduction kind = Reduction::sum;
  bool logical_and = false, logical_or = false;
  std::vector<int64_t> kept, kept_strides, gone, gone_strides;  // collapsed axes of the input
  int64_t outputs = 1, count = 1;                               // results; elements under each
};

Reduction kind_of(std::string_view action) {
  constexpr std::string_view names[] = {"sum", "mean", "max", "min", "prod", "l1", "l2"};
  for (int i = 0; i < 7; ++i)
    if (action == names[i]) return static_cast<Reduction>(i);
  return Reduction::sum;
}

void describe(StepContext& ctx, uint64_t mask) {
  auto state = std::make_unique<ReduceState>();
  state->kind = kind_of(ctx.action);
  state->logical_and = ctx.action == "and";
  state->logical_or = ctx.action == "or";
  const TensorView& x = ctx.in[0];
  std::vector<int64_t> dims(x.dims, x.dims + x.rank);
  if (x.layout == Layout::blocked) {
    dims[1] = (dims[1] + ctx.block - 1) / ctx.block;
    dims.push_back(ctx.block);
  }
  const std::vector<int64_t> strides = row_major_strides(dims.data(), static_cast<int>(dims.size()));
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] == 1) continue;
    const bool reduced = mask >> i & 1;
    auto& d = reduced ? state->gone : state->kept;
    auto& s = reduced ? state->gone_strides : state->kept_strides;
    const bool joins = !d.empty() && s.back() == strides[i] * dims[i];
    if (joins) d.back() *= dims[i], s.back() = strides[i];
    else d.push_back(dims[i]), s.push_back(strides[i]);
    (reduced ? state->count : state->outputs) *= dims[i];
  }
  *ctx.state = std::move(state);
}

bool axes_by_data(const StepContext& ctx) { return ctx.in.size() > 1; }

Status bind(StepContext& ctx) {
  if (!axes_by_data(ctx)) describe(ctx, static_cast<uint64_t>(ctx.args[0].i));
  return {};
}

int64_t offset_of(int64_t flat, const std::vector<int64_t>& dims, const std::vector<int64_t>& strides, size_t skip_last) {
  int64_t at = 0;
  for (size_t i = dims.size() - skip_last; i-- > 0;) at += flat % dims[i] * strides[i], flat /= dims[i];
  return at;
}

float finished(const ReduceState& s, float x) {
  if (s.kind == Reduction::mean) return x / static_cast<float>(s.count);
  if (s.kind == Reduction::l2) return std::sqrt(x);
  return x;
}

// f32: along rows where the last axis goes, across rows where it stays.
void run_f32(StepContext& ctx, const ReduceState& s) {
  const ReduceKernels& kernels = reduce_kernels(ctx.kernels->isa);
  const float* x = ctx.in[0].as<float>();
  float* y = ctx.out[0].as<float>();
  const bool along = s.gone_strides.back() == 1;
  const int64_t inner = along ? s.gone.back() : 1, inner_rows = s.count / inner;
  if (along) {
    const int parts = static_cast<int>(std::clamp<int64_t>(s.outputs * s.count / 16384, 1, std::min<int64_t>(s.outputs, 64)));
    parallel_for(*ctx.pool, parts, [&](int part, int) {
      for (int64_t o = s.outputs * part / parts; o < s.outputs * (part + 1) / parts; ++o) {
        const float* from = x + offset_of(o, s.kept, s.kept_strides, 0);
        float acc = kernels.row(s.kind, from + offset_of(0, s.gone, s.gone_strides, 1), inner);
        const Reduction join = s.kind == Reduction::l1 || s.kind == Reduction::l2 || s.kind == Reduction::mean ? Reduction::sum : s.kind;
        for (int64_t r = 1; r < inner_rows; ++r) {
          const float next = kernels.row(s.kind, from + offset_of(r, s.gone, s.gone_strides, 1), inner);
          kernels.combine(join, &acc, &next, 1, false);
        }
        y[o] = finished(s, acc);
      }
    });
    return;
  }
  const int64_t width = s.kept.empty() ? 1 : s.kept.back(), rows = s.outputs / width;
  const int64_t piece = std::min<int64_t>(width, 256), pieces = (width + piece - 1) / piece, units = rows * pieces;
  const int parts = static_cast<int>(std::clamp<int64_t>(s.outputs * s.count / 16384, 1, std::min<int64_t>(units, 64)));
  parallel_for(*ctx.pool, parts, [&](int part, int) {
    for (int64_t u = units * part / parts; u < units * (part + 1) / parts; ++u) {
      const int64_t o = u / pieces, at = u % pieces * piece, n = std::min(piece, width - at);
      const float* from = x + offset_of(o, s.kept, s.kept_strides, s.kept.empty() ? 0 : 1) + at;
      float* to = y + o * width + at;
      if (s.gone.size() == 1) kernels.columns(s.kind, to, from, s.gone_strides[0], s.count, n);
      else for (int64_t r = 0; r < s.count; ++r) kernels.combine(s.kind, to, from + offset_of(r, s.gone, s.gone_strides, 0), n, r == 0);
      for (int64_t i = 0; i < n; ++i) to[i] = finished(s, to[i]);
    }
  });
}

template <class T>
T larger(T a, T b) { return a > b || a != a ? a : b; }
template <class T>
T smaller(T a, T b) { return a < b || a != a ? a : b; }

// Any other type: element by element in the compute type A.
template <class A>
void run_plain(StepContext& ctx, const ReduceState& s) {
  const TensorView& x = ctx.in[0];
  TensorView& y = ctx.out[0];
  const int parts = static_cast<int>(std::clamp<int64_t>(s.outputs * s.count / 8192, 1, std::min<int64_t>(s.outputs, 64)));
  parallel_for(*ctx.pool, parts, [&](int part, int) {
    for (int64_t o = s.outputs * part / parts; o < s.outputs * (part + 1) / parts; ++o) {
      const int64_t base = offset_of(o, s.kept, s.kept_strides, 0);
      A acc{};
      for (int64_t r = 0; r < s.count; ++r) {
        A v;
        load_row(x.type, x.data, base + offset_of(r, s.gone, s.gone_strides, 0), 1, 1, &v);
        if (s.logical_and || s.logical_or) v = v != 0;
        if (s.kind == Reduction::l1 && v < 0) v = static_cast<A>(0 - v);
        if (s.kind == Reduction::l2) v = static_cast<A>(v * v);
        if (r == 0) acc = v;
        else if (s.logical_and) acc = acc != 0 && v != 0;
        else if (s.logical_or) acc = acc != 0 || v != 0;
        else if (s.kind == Reduction::max) acc = larger(acc, v);
        else if (s.kind == Reduction::min) acc = smaller(acc, v);
        else if (s.kind == Reduction::prod) acc = static_cast<A>(acc * v);
        else acc = static_cast<A>(acc + v);
      }
      if (s.kind == Reduction::mean && !s.logical_and && !s.logical_or) acc = static_cast<A>(acc / static_cast<A>(s.count));
      if (s.kind == Reduction::l2) acc = static_cast<A>(std::sqrt(static_cast<double>(acc)));
      store_row(y.type, y.data, o, 1, &acc);
    }
  });
}

// The reduction of nothing.
void run_empty(StepContext& ctx, const ReduceState& s) {
  TensorView& y = ctx.out[0];
  double value = s.kind == Reduction::prod || s.logical_and ? 1 : 0;
  if (s.kind == Reduction::mean && (y.type == Type::f32 || y.type == Type::f64 || y.type == Type::f16)) value = NAN;
  if (s.kind == Reduction::max) value = -HUGE_VAL;
  if (s.kind == Reduction::min) value = HUGE_VAL;
  for (int64_t i = 0; i < y.size; ++i) store_row(y.type, y.data, i, 1, &value);
}

// Reads the axes and allocates the result.
Status open(StepContext& ctx) {
  const TensorView &x = ctx.in[0], &axes = ctx.in[1];
  uint64_t mask = 0;
  for (int64_t i = 0; i < axes.size; ++i) {
    int64_t axis = 0;
    load_row(axes.type, axes.data, i, 1, 1, &axis);
    if (axis < -x.rank || axis >= x.rank) return Status::fail("ARGUMENT_INVALID", "axis " + std::to_string(axis) + " is outside rank " + std::to_string(x.rank));
    mask |= uint64_t{1} << (axis < 0 ? axis + x.rank : axis);
  }
  std::vector<int64_t> dims;
  for (int i = 0; i < x.rank; ++i) {
    if (!(mask >> i & 1)) dims.push_back(x.dim(i));
    else if (ctx.args[0].i) dims.push_back(1);
  }
  if (!ctx.allocate(0, dims)) return Status::fail("OUT_OF_MEMORY", "the reduced tensor");
  describe(ctx, mask);
  return {};
}

Status run(StepContext& ctx) {
  if (axes_by_data(ctx)) {
    if (Status s = open(ctx); !s.ok()) return s;
    if (ctx.out[0].size == 0) return {};
  }
  const auto& s = static_cast<const ReduceState&>(**ctx.state);
  const TensorView& x = ctx.in[0];
  if (x.size == 0) {
    run_empty(ctx, s);
    return {};
  }
  if (x.type == Type::f32 && !s.logical_and && !s.logical_or && !s.gone.empty()) {
    run_f32(ctx, s);
    return {};
  }
  switch (compute_type(x.type)) {
    case 'f': run_plain<float>(ctx, s); return {};
    case 'd': run_plain<double>(ctx, s); return {};
    case 'u': run_plain<uint64_t>(ctx, s); return {};
    case 'i': case 'l': run_plain<int64_t>(ctx, s); return {};
    default: return Status::fail("TYPE_MISMATCH", "reduce does not read this element type");
  }
}

}  // namespace

extern const Family reduce_family;
const Family reduce_family{"reduce", bind, run};

}  // namespace cuvee
