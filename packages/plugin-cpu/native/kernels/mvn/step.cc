// Family `mvn`: mean-variance normalisation over some axes, with a scale and a shift along the last axes. Inputs [data, scale, shift];
// arguments: src/lower/normalization.ts.
#include <algorithm>
#include <cmath>

#include "kernels/convert/elements.h"
#include "kernels/mvn/mvn.h"
#include "kernels/select.h"
#include "kernels/table.h"
#include "runtime/step.h"

namespace cuvee {

CUVEE_VARIANTS(MvnRowKernel, mvn, MvnRowKernel, mvn_row)

namespace {

// One kind of axes, in order: sizes and strides in elements.
struct Axes {
  std::vector<int64_t> dims, strides;
  int64_t count = 1;
  int64_t offset(int64_t index) const {
    int64_t at = 0;
    for (int i = static_cast<int>(dims.size()) - 1; i >= 0; --i) at += index % dims[i] * strides[i], index /= dims[i];
    return at;
  }
};

struct MvnState final : StepState {
  Axes kept, reduced;
  int64_t run = 1;  // elements of a row next to each other
  MvnRow row{};
  MvnRowKernel kernel = nullptr;
};

Status bind(StepContext& ctx) {
  auto s = std::make_unique<MvnState>();
  const TensorView& x = ctx.in[0];
  const uint64_t mask = static_cast<uint64_t>(ctx.args[0].i);
  int64_t stride = 1;
  bool trailing = true;
  for (int i = x.rank - 1; i >= 0; --i) {
    const bool reduces = mask >> i & 1;
    Axes& axes = reduces ? s->reduced : s->kept;
    axes.dims.insert(axes.dims.begin(), x.dim(i));
    axes.strides.insert(axes.strides.begin(), stride);
    axes.count *= x.dim(i);
    trailing = trailing && reduces;
    if (trailing) s->run *= x.dim(i);
    stride *= x.dim(i);
  }
  s->row = {ctx.args[1].i != 0, ctx.args[2].i != 0, static_cast<float>(ctx.args[3].f), nullptr, nullptr};
  s->kernel = mvn_row(ctx.kernels->isa);
  *ctx.state = std::move(s);
  return {};
}

void normalize(const MvnState& s, std::vector<double>& x) {
  double mean = 0, variance = 0;
  for (double v : x) mean += v;
  mean /= static_cast<double>(x.size());
  for (double& v : x) v -= mean, variance += v * v;
  variance /= static_cast<double>(x.size());
  const double eps = s.row.eps, divisor = !s.row.normalize ? 1 : s.row.inside_root ? std::sqrt(variance + eps) : std::sqrt(variance) + eps;
  for (double& v : x) v /= divisor;
}

// Rows gathered into a buffer, `run` elements at a time.
template <class T, class F>
void gathered(StepContext& ctx, const MvnState& s, int64_t row, std::vector<T>& buffer, F f) {
  const TensorView &x = ctx.in[0], &y = ctx.out[0];
  const int64_t n = s.reduced.count, base = s.kept.offset(row);
  buffer.resize(n);
  for (int64_t i = 0; i < n; i += s.run) load_row(x.type, x.data, base + s.reduced.offset(i), 1, s.run, buffer.data() + i);
  f(buffer);
  for (int64_t i = 0; i < n; i += s.run) store_row(y.type, y.data, base + s.reduced.offset(i), s.run, buffer.data() + i);
}

Status run(StepContext& ctx) {
  const auto& s = static_cast<const MvnState&>(**ctx.state);
  const TensorView& x = ctx.in[0];
  const int64_t rows = s.kept.count, n = s.reduced.count;
  MvnRow how = s.row;
  if (ctx.in.size() > 1 && !ctx.in[1].absent) how.scale = ctx.in[1].as<float>();
  if (ctx.in.size() > 2 && !ctx.in[2].absent) how.shift = ctx.in[2].as<float>();
  const int chunks = static_cast<int>(std::clamp<int64_t>(x.size / 4096, 1, std::min<int64_t>(rows, ctx.pool->threads() * 8)));
  parallel_for(*ctx.pool, chunks, [&](int chunk, int) {
    std::vector<float> singles;
    std::vector<double> doubles;
    for (int64_t r = rows * chunk / chunks; r < rows * (chunk + 1) / chunks && !ctx.cancelled(); ++r) {
      if (x.type == Type::f32 && s.run == n) s.kernel(how, x.as<float>() + s.kept.offset(r), ctx.out[0].as<float>() + s.kept.offset(r), n);
      else if (x.type == Type::f64) gathered(ctx, s, r, doubles, [&](std::vector<double>& v) { normalize(s, v); });
      else gathered(ctx, s, r, singles, [&](std::vector<float>& v) { s.kernel(how, v.data(), v.data(), n); });
    }
  });
  return {};
}

}  // namespace

extern const Family mvn_family;
const Family mvn_family{"mvn", bind, run};

}  // namespace cuvee
