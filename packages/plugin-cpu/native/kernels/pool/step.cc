// Family `pool`: windows over one to three spatial axes. Actions `max`, `avg` and, with windows that share the axis evenly,
// `adaptive_max`, `adaptive_avg`. Arguments: src/lower/pooling.ts.
#include <algorithm>
#include <array>
#include <limits>
#include <type_traits>

#include "kernels/convert/elements.h"
#include "kernels/pool/pool.h"
#include "kernels/select.h"
#include "kernels/table.h"
#include "runtime/step.h"

namespace cuvee {

CUVEE_VARIANTS(PoolRowKernel, pool, PoolRowKernel, pool_row)

namespace {

constexpr int spatial = 3;  // axes, the missing ones first with one place

struct PoolState final : StepState {
  bool average = false, exclude_pad = false;
  int rank = 0;
  int64_t within = 1;                    // indices count modulo this
  std::array<int64_t, spatial> in{}, out{};
  std::array<PoolAxis, spatial> axes;
  int64_t planes = 0;
  PoolRowKernel row = nullptr;
};

PoolAxis sliding(int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t dilation, int64_t before, int64_t end) {
  PoolAxis a;
  a.step = static_cast<int>(dilation);
  for (int64_t o = 0; o < out; ++o) {
    const int64_t first = o * stride - before;
    const int64_t skipped = first < 0 ? std::min(kernel, (-first + dilation - 1) / dilation) : 0;
    const int64_t begin = first + skipped * dilation;
    const auto below = [&](int64_t from, int64_t limit, int64_t most) { return from >= limit ? 0 : std::min(most, (limit - from + dilation - 1) / dilation); };
    const int64_t count = below(begin, in, kernel - skipped);
    a.begin.push_back(static_cast<int32_t>(count > 0 ? begin : 0));
    a.count.push_back(static_cast<int32_t>(count));
    a.padded.push_back(static_cast<int32_t>(below(first, in + end, kernel)));
  }
  return a;
}

PoolAxis adaptive(int64_t in, int64_t out) {
  PoolAxis a;
  for (int64_t o = 0; o < out; ++o) {
    const int64_t begin = o * in / out, end = ((o + 1) * in + out - 1) / out;
    a.begin.push_back(static_cast<int32_t>(begin));
    a.count.push_back(static_cast<int32_t>(end - begin));
    a.padded.push_back(static_cast<int32_t>(end - begin));
  }
  return a;
}

Status bind(StepContext& ctx) {
  const TensorView &x = ctx.in[0], &y = ctx.out[0];
  auto state = std::make_unique<PoolState>();
  state->rank = x.rank - 2;
  if (state->rank < 1 || state->rank > spatial) return Status::fail("INTERNAL", "pooling over " + std::to_string(state->rank) + " axes");
  state->average = ctx.action.ends_with("avg");
  const bool slides = !ctx.action.starts_with("adaptive");
  const int lead = spatial - state->rank;
  for (int i = 0; i < spatial; ++i) {
    if (i < lead) {
      state->in[i] = state->out[i] = 1;
      state->axes[i] = adaptive(1, 1);
      continue;
    }
    const int k = i - lead;
    state->in[i] = x.dim(k + 2);
    state->out[i] = y.dim(k + 2);
    const auto arg = [&](int list) { return ctx.args[2 + list * state->rank + k].i; };
    state->axes[i] = slides ? sliding(state->in[i], state->out[i], arg(0), arg(1), arg(2), arg(3), arg(4)) : adaptive(state->in[i], state->out[i]);
  }
  state->exclude_pad = ctx.args[0].i != 0;
  state->within = std::max<int64_t>(ctx.args[1].i, 1);
  const int64_t channels = x.layout == Layout::blocked ? (x.dim(1) + ctx.block - 1) / ctx.block : x.dim(1);
  state->planes = x.dim(0) * channels;
  state->row = pool_row(ctx.kernels->isa);
  ctx.set_variant(x.layout == Layout::blocked ? "blocked" : "plain");
  *ctx.state = std::move(state);
  return {};
}

// A window of channel block `plane`. A tensor of another rank than four is whole: `rows` and `cols` hold nothing of use.
void blocked_rows(const StepContext& ctx, const PoolState& state, int64_t plane, const Window& w) {
  const TensorView &x = ctx.in[0], &y = ctx.out[0];
  const PoolAxis &rows = state.axes[1], &columns = state.axes[2];
  const bool part = x.rank == 4;
  const int64_t b = ctx.block, in_row = (part ? x.cols : state.in[2]) * b, out_row = (part ? y.cols : state.out[2]) * b;
  const int64_t blocks = (x.dim(1) + b - 1) / b, lanes = std::min(b, x.dim(1) - plane % blocks * b);
  const float* from = x.as<float>() + plane * (part ? x.rows : state.in[1]) * in_row - x.col0 * b;
  float* to = y.as<float>() + plane * (part ? y.rows : state.out[1]) * out_row + (w.x0 - y.col0) * b;
  PoolRow r{nullptr, nullptr, in_row * rows.step, 0, 0, columns.begin.data() + w.x0, columns.count.data() + w.x0, columns.padded.data() + w.x0, columns.step,
            static_cast<int>(w.x1 - w.x0), state.average, state.exclude_pad, static_cast<int>(lanes)};
  for (int64_t i = w.y0; i < w.y1; ++i) {
    r.to = to + (i - y.row0) * out_row;
    r.rows = rows.count[i];
    r.from = r.rows > 0 ? from + (rows.begin[i] - x.row0) * in_row : from;
    r.padded_rows = rows.padded[i];
    state.row(r);
  }
}

Status run_blocked(StepContext& ctx, const PoolState& state) {
  const int64_t height = state.out[1], total = state.planes * height;
  const int chunks = static_cast<int>(std::clamp<int64_t>(total * state.out[2] * ctx.block / 4096, 1, std::min<int64_t>(total, ctx.pool->threads() * 8)));
  parallel_for(*ctx.pool, chunks, [&](int chunk, int) {
    int64_t at = total * chunk / chunks;
    const int64_t end = total * (chunk + 1) / chunks;
    while (at < end) {
      const int64_t plane = at / height, y0 = at % height, y1 = std::min(height, y0 + end - at);
      blocked_rows(ctx, state, plane, {y0, y1, 0, state.out[2]});
      at += y1 - y0;
    }
  });
  return {};
}

// Calls `f(offset within the plane)` for every place of a window.
template <class F>
void places(const PoolState& s, const std::array<int64_t, spatial>& o, F f) {
  const auto &a = s.axes[0], &b = s.axes[1], &c = s.axes[2];
  for (int32_t i = 0; i < a.count[o[0]]; ++i)
    for (int32_t j = 0; j < b.count[o[1]]; ++j) {
      const int64_t row = ((a.begin[o[0]] + int64_t{i} * a.step) * s.in[1] + b.begin[o[1]] + int64_t{j} * b.step) * s.in[2] + c.begin[o[2]];
      for (int32_t k = 0; k < c.count[o[2]]; ++k) f(row + int64_t{k} * c.step);
    }
}

template <class T>
T none(Type type) {
  if constexpr (std::is_floating_point_v<T>) return -std::numeric_limits<T>::infinity();
  if (type == Type::i8) return static_cast<T>(std::numeric_limits<int8_t>::min());
  if (type == Type::i16) return static_cast<T>(std::numeric_limits<int16_t>::min());
  return type == Type::u8 || type == Type::u16 || type == Type::u32 ? T(0) : std::numeric_limits<T>::min();
}

template <class T>
void plain_plane(StepContext& ctx, const PoolState& s, int64_t plane, bool own, std::vector<T>& loaded, std::vector<T>& results, std::vector<int64_t>& indices) {
  const TensorView& x = ctx.in[0];
  const int64_t size = s.in[0] * s.in[1] * s.in[2], width = s.out[2];
  const bool wants_indices = ctx.out.size() > 1;
  const T* from = x.as<T>() + plane * size;
  if (!own) {
    loaded.resize(size);
    load_row(x.type, x.data, plane * size, 1, size, loaded.data());
    from = loaded.data();
  }
  results.resize(width);
  indices.resize(width);
  for (int64_t i = 0; i < s.out[0]; ++i)
    for (int64_t j = 0; j < s.out[1]; ++j) {
      for (int64_t k = 0; k < width; ++k) {
        const std::array<int64_t, spatial> o{i, j, k};
        if (s.average) {
          if constexpr (std::is_floating_point_v<T>) {
            double sum = 0;
            int64_t count = 0;
            places(s, o, [&](int64_t at) { sum += from[at], ++count; });
            if (!s.exclude_pad) count = int64_t{s.axes[0].padded[i]} * s.axes[1].padded[j] * s.axes[2].padded[k];
            results[k] = count == 0 ? T(0) : static_cast<T>(sum / static_cast<double>(count));
          }
        } else {
          T best = none<T>(x.type);
          int64_t best_at = -1;
          places(s, o, [&](int64_t at) {
            if (best_at < 0 || from[at] > best) best = from[at], best_at = at;
          });
          results[k] = best;
          indices[k] = best_at < 0 ? 0 : (plane * size + best_at) % s.within;
        }
      }
      const int64_t to = ((plane * s.out[0] + i) * s.out[1] + j) * width;
      store_row(ctx.out[0].type, ctx.out[0].data, to, width, results.data());
      if (wants_indices) store_row(ctx.out[1].type, ctx.out[1].data, to, width, indices.data());
    }
}

template <class T>
Status run_plain(StepContext& ctx, const PoolState& s, Type native) {
  const int chunks = static_cast<int>(std::clamp<int64_t>(ctx.out[0].size / 1024, 1, std::min<int64_t>(s.planes, ctx.pool->threads() * 4)));
  parallel_for(*ctx.pool, chunks, [&](int chunk, int) {
    std::vector<T> loaded, results;
    std::vector<int64_t> indices;
    for (int64_t p = s.planes * chunk / chunks; p < s.planes * (chunk + 1) / chunks && !ctx.cancelled(); ++p)
      plain_plane<T>(ctx, s, p, ctx.in[0].type == native, loaded, results, indices);
  });
  return {};
}

Status run(StepContext& ctx) {
  const auto& state = static_cast<const PoolState&>(**ctx.state);
  if (ctx.in[0].layout == Layout::blocked) return run_blocked(ctx, state);
  switch (compute_type(ctx.in[0].type)) {
    case 'f': return run_plain<float>(ctx, state, Type::f32);
    case 'd': return run_plain<double>(ctx, state, Type::f64);
    case 'i': return run_plain<int32_t>(ctx, state, Type::i32);
    case 'l': return run_plain<int64_t>(ctx, state, Type::i64);
    case 'u': return run_plain<uint64_t>(ctx, state, Type::u64);
    default: return Status::fail("TYPE_MISMATCH", "pooling of this element type");
  }
}

Status run_rows(StepContext& ctx, const Window& window) {
  const auto& state = static_cast<const PoolState&>(**ctx.state);
  if (ctx.in[0].layout != Layout::blocked) return Status::fail("INTERNAL", "pooling a plain tensor strip by strip");
  for (int64_t plane = 0; plane < state.planes; ++plane)
    blocked_rows(ctx, state, plane, window);
  return {};
}

// Along axis `axis` of the picture: 0, rows, or 1, columns.
bool reach(const StepContext& ctx, int i, int axis, int64_t from, int64_t to, int64_t* a0, int64_t* a1) {
  if (i != 0 || ctx.in[0].layout != Layout::blocked || ctx.action.starts_with("adaptive")) return false;
  const auto arg = [&](int list) { return ctx.args[2 + list * 2 + axis].i; };
  *a0 = from * arg(1) - arg(3);
  *a1 = (to - 1) * arg(1) - arg(3) + (arg(0) - 1) * arg(2) + 1;
  return true;
}
bool rows_needed(const StepContext& ctx, int i, int64_t y0, int64_t y1, int64_t* a0, int64_t* a1) { return reach(ctx, i, 0, y0, y1, a0, a1); }
bool columns_needed(const StepContext& ctx, int i, int64_t x0, int64_t x1, int64_t* a0, int64_t* a1) { return reach(ctx, i, 1, x0, x1, a0, a1); }

}  // namespace

extern const Family pool_family;
const Family pool_family{"pool", bind, run, run_rows, rows_needed, columns_needed};

}  // namespace cuvee
