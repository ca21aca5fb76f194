// Family `softmax`: `action` plain or log; args: axis. f32 in rows; another axis goes through a column buffer.
#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/convert/elements.h"
#include "kernels/softmax/softmax.h"
#include "kernels/select.h"
#include "kernels/table.h"
#include "runtime/step.h"

namespace cuvee {
namespace {

template <class T>
void column(const StepContext& ctx, int64_t outer, int64_t inner, int64_t n, bool log) {
  const TensorView& x = ctx.in[0];
  TensorView& y = ctx.out[0];
  std::vector<T> buffer(static_cast<size_t>(n));
  for (int64_t o = 0; o < outer * inner; ++o) {
    const int64_t at = o / inner * n * inner + o % inner;
    load_row(x.type, x.data, at, inner, n, buffer.data());
    T top = buffer[0], sum = 0;
    for (T v : buffer) top = top > v || top != top ? top : v;
    for (T v : buffer) sum += std::exp(v - top);
    for (int64_t i = 0; i < n; ++i) {
      const T r = log ? buffer[i] - top - std::log(sum) : std::exp(buffer[i] - top) / sum;
      store_row(y.type, y.data, at + i * inner, 1, &r);
    }
  }
}

Status run(StepContext& ctx) {
  const TensorView& x = ctx.in[0];
  TensorView& y = ctx.out[0];
  const int axis = static_cast<int>(ctx.args[0].i);
  const bool log = ctx.action == "log";
  int64_t outer = 1, inner = 1;
  for (int i = 0; i < axis; ++i) outer *= x.dim(i);
  for (int i = axis + 1; i < x.rank; ++i) inner *= x.dim(i);
  const int64_t n = x.rank > 0 ? x.dim(axis) : 1;
  if (x.type == Type::f64) {
    column<double>(ctx, outer, inner, n, log);
    return {};
  }
  if (x.type != Type::f32) {
    column<float>(ctx, outer, inner, n, log);
    return {};
  }
  const SoftmaxKernels& kernels = softmax_kernels(ctx.kernels->isa);
  const int64_t rows = outer * inner;
  const int parts = static_cast<int>(std::clamp<int64_t>(x.size / 2048, 1, std::min<int64_t>(rows, 64)));
  parallel_for(*ctx.pool, parts, [&](int part, int) {
    std::vector<float> buffer(inner == 1 ? 0 : static_cast<size_t>(n));
    for (int64_t r = rows * part / parts; r < rows * (part + 1) / parts; ++r) {
      if (inner == 1) {
        kernels.row(x.as<float>() + r * n, y.as<float>() + r * n, n, log);
        continue;
      }
      const int64_t at = r / inner * n * inner + r % inner;
      for (int64_t i = 0; i < n; ++i) buffer[i] = x.as<float>()[at + i * inner];
      kernels.row(buffer.data(), buffer.data(), n, log);
      for (int64_t i = 0; i < n; ++i) y.as<float>()[at + i * inner] = buffer[i];
    }
  });
  return {};
}

}  // namespace

CUVEE_VARIANTS(SoftmaxKernels, softmax, const SoftmaxKernels&, softmax_kernels)

extern const Family softmax_family;
const Family softmax_family{"softmax", nullptr, run};

}  // namespace cuvee
