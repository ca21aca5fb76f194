// Family `conv_nd`: convolution, and its transpose, of plain tensors with any number of spatial axes, in any arithmetic type.
// Actions `forward` and `transposed`; inputs and arguments: src/lower/convolution.ts. Sums are f64, or 64-bit integers that wrap.
#include <algorithm>
#include <type_traits>

#include "kernels/convert/elements.h"
#include "kernels/eltwise/eltwise.h"
#include "kernels/epilogue_step.h"
#include "kernels/table.h"

namespace cuvee {
namespace {

constexpr int first_list = 6;  // arguments: activation, its two numbers, residual after, groups, spatial rank, lists

// The part of an axis that one tap of the filter reaches: `count` places, from `small` on in the tensor that windows are counted
// in and from `large` on, a stride apart, in the one that they slide over.
struct Reach {
  int64_t small = 0, large = 0, count = 0;
};

struct NdState final : StepState {
  int rank = 0;
  bool transposed = false;
  int64_t groups = 1;
  std::vector<int64_t> in, out, kernel, strides;
  int64_t in_plane = 1, out_plane = 1, taps = 1;
  std::vector<std::vector<Reach>> reach;  // by axis and tap along it
};

Status bind(StepContext& ctx) {
  auto s = std::make_unique<NdState>();
  const TensorView &x = ctx.in[0], &w = ctx.in[1], &y = ctx.out[0];
  s->transposed = ctx.action == "transposed";
  s->groups = std::max<int64_t>(ctx.args[4].i, 1);
  s->rank = static_cast<int>(ctx.args[5].i);
  if (x.rank != s->rank + 2 || w.rank != s->rank + 2) return Status::fail("INTERNAL", "ranks of data and filters differ");
  for (int i = 0; i < s->rank; ++i) {
    const auto list = [&](int k) { return ctx.args[first_list + k * s->rank + i].i; };
    const int64_t stride = list(0), dilation = list(1), pad = list(2);
    s->in.push_back(x.dim(i + 2));
    s->out.push_back(y.dim(i + 2));
    s->kernel.push_back(w.dim(i + 2));
    s->strides.push_back(stride);
    s->in_plane *= s->in.back();
    s->out_plane *= s->out.back();
    s->taps *= s->kernel.back();
    const int64_t small = s->transposed ? s->in.back() : s->out.back(), large = s->transposed ? s->out.back() : s->in.back();
    std::vector<Reach> reach;
    for (int64_t k = 0; k < s->kernel.back(); ++k) {
      const int64_t shift = k * dilation - pad;  // place in `large` of window 0
      const int64_t from = shift < 0 ? (-shift + stride - 1) / stride : 0;
      const int64_t to = large - shift <= 0 ? 0 : std::min(small, (large - shift - 1) / stride + 1);
      reach.push_back({from, from * stride + shift, std::max<int64_t>(0, to - from)});
    }
    s->reach.push_back(std::move(reach));
  }
  *ctx.state = std::move(s);
  return {};
}

// sums[out] += w * x[in] for every place that the tap reaches.
template <class S, class A>
void add_tap(const NdState& s, int64_t tap, const S* x, A w, A* sums) {
  std::vector<const Reach*> reach(s.rank);
  for (int i = s.rank - 1; i >= 0; --i) {
    reach[i] = &s.reach[i][tap % s.kernel[i]];
    if (reach[i]->count == 0) return;
    tap /= s.kernel[i];
  }
  const std::vector<int64_t>&small = s.transposed ? s.in : s.out, &large = s.transposed ? s.out : s.in;
  std::vector<int64_t> at(s.rank, 0);
  const Reach& last = *reach[s.rank - 1];
  const int64_t stride = s.strides[s.rank - 1];
  for (;;) {
    int64_t a = 0, b = 0;
    for (int i = 0; i < s.rank; ++i) {
      const bool end = i == s.rank - 1;
      a = a * small[i] + reach[i]->small + (end ? 0 : at[i]);
      b = b * large[i] + reach[i]->large + (end ? 0 : at[i] * s.strides[i]);
    }
    if (s.transposed)
      for (int64_t k = 0; k < last.count; ++k) sums[b + k * stride] += w * static_cast<A>(x[a + k]);
    else if (stride == 1)
      for (int64_t k = 0; k < last.count; ++k) sums[a + k] += w * static_cast<A>(x[b + k]);
    else
      for (int64_t k = 0; k < last.count; ++k) sums[a + k] += w * static_cast<A>(x[b + k * stride]);
    int i = s.rank - 2;
    while (i >= 0 && ++at[i] == reach[i]->count) at[i--] = 0;
    if (i < 0) return;
  }
}

void activate(const KernelTable& table, Act act, float a, float b, float* x, int64_t n) {
  Instruction i{opcode::copy_, 0, 0, 255, 255, a, b};
  switch (act) {
    case Act::none: return;
    case Act::leaky_relu:
      for (int64_t k = 0; k < n; ++k) x[k] = x[k] < 0 ? a * x[k] : x[k];
      return;
    case Act::relu: i.op = opcode::relu_; break;
    case Act::clip: i.op = opcode::clip_; break;
    case Act::hard_swish: i.op = opcode::hard_swish_; break;
    case Act::hard_sigmoid: i.op = opcode::hard_sigmoid_; break;
    case Act::sigmoid: i.op = opcode::sigmoid_; break;
    case Act::silu: i.op = opcode::silu_; break;
    case Act::elu: i.op = opcode::elu_; break;
    case Act::gelu_erf: i.op = opcode::gelu_erf_; break;
    case Act::gelu_tanh: i.op = opcode::gelu_tanh_; break;
    case Act::tanh: i.op = opcode::tanh_; break;
    case Act::softplus: i.op = opcode::softplus_; break;
    case Act::mish: i.op = opcode::mish_; break;
  }
  eltwise_row(table.isa)(i, x, x, nullptr, nullptr, n);
}

// The epilogue of one f32 plane of channel c.
void finish(const StepContext& ctx, int64_t c, int64_t plane, const double* sums, float* to, int64_t n) {
  const auto channel = [&](int input, float missing) { return ctx.in[input].absent ? missing : ctx.in[input].as<float>()[c]; };
  const double scale = channel(epilogue_weight_scale, 1), bias = channel(epilogue_first, 0);
  for (int64_t i = 0; i < n; ++i) to[i] = static_cast<float>(sums[i] * scale + bias);
  const TensorView& residual = ctx.in[epilogue_residual];
  const float* r = residual.absent ? nullptr : residual.as<float>() + plane * n;
  const bool after = ctx.args[3].i != 0;
  if (r && !after)
    for (int64_t i = 0; i < n; ++i) to[i] += r[i];
  activate(*ctx.kernels, static_cast<Act>(ctx.args[0].i), static_cast<float>(ctx.args[1].f), static_cast<float>(ctx.args[2].f), to, n);
  if (!ctx.in[epilogue_first + 2].absent) {
    const float a = channel(epilogue_first + 2, 1), b = channel(epilogue_first + 3, 0);
    for (int64_t i = 0; i < n; ++i) to[i] = to[i] * a + b;
  }
  if (r && after)
    for (int64_t i = 0; i < n; ++i) to[i] += r[i];
}

template <class S, class A>
Status run_as(StepContext& ctx, const NdState& s, Type own) {
  const TensorView &x = ctx.in[0], &w = ctx.in[1];
  TensorView& y = ctx.out[0];
  const int64_t batch = x.dim(0), channels = x.dim(1), outputs = y.dim(1), per_group = channels / s.groups, out_group = outputs / s.groups;
  std::vector<S> loaded_x, loaded_w;
  const S *data = x.as<S>(), *filters = w.as<S>();
  if (x.type != own) {
    loaded_x.resize(x.size), loaded_w.resize(w.size);
    load_row(x.type, x.data, 0, 1, x.size, loaded_x.data());
    load_row(w.type, w.data, 0, 1, w.size, loaded_w.data());
    data = loaded_x.data(), filters = loaded_w.data();
  }
  parallel_for(*ctx.pool, static_cast<int>(batch * outputs), [&](int chunk, int) {
    const int64_t n = chunk / outputs, o = chunk % outputs, g = o / out_group;
    std::vector<A> sums(s.out_plane, A(0));
    for (int64_t c = 0; c < per_group && !ctx.cancelled(); ++c) {
      const S* plane = data + (n * channels + g * per_group + c) * s.in_plane;
      // Filters are [outputs, channels of a group] or, transposed, [channels, outputs of a group].
      const S* taps = filters + (s.transposed ? (g * per_group + c) * out_group + o % out_group : o * per_group + c) * s.taps;
      for (int64_t t = 0; t < s.taps; ++t) add_tap<S, A>(s, t, plane, static_cast<A>(taps[t]), sums.data());
    }
    if constexpr (std::is_same_v<S, float>) {
      if (y.type == Type::f32) {
        finish(ctx, o, n * outputs + o, sums.data(), y.as<float>() + (n * outputs + o) * s.out_plane, s.out_plane);
        return;
      }
    }
    if constexpr (std::is_same_v<A, uint64_t>) {
      const std::vector<int64_t> wrapped(sums.begin(), sums.end());
      store_row(y.type, y.data, (n * outputs + o) * s.out_plane, s.out_plane, wrapped.data());
    } else {
      store_row(y.type, y.data, (n * outputs + o) * s.out_plane, s.out_plane, sums.data());
    }
  });
  return {};
}

Status run(StepContext& ctx) {
  const auto& s = static_cast<const NdState&>(**ctx.state);
  switch (compute_type(ctx.in[0].type)) {
    case 'f': return run_as<float, double>(ctx, s, Type::f32);
    case 'd': return run_as<double, double>(ctx, s, Type::f64);
    case 'i': case 'l': case 'u': return run_as<int64_t, uint64_t>(ctx, s, Type::i64);
    default: return Status::fail("TYPE_MISMATCH", "convolution of this element type");
  }
}

}  // namespace

extern const Family conv_nd_family;
const Family conv_nd_family{"conv_nd", bind, run};

}  // namespace cuvee
