// inverse: inverses of the square matrices in the last two axes; args: whether of their transposes.
//
// Gauss-Jordan elimination with row pivoting, in double, a matrix at a time. A singular matrix gives infinities and NaN.
#include <cmath>
#include <utility>
#include <vector>

#include "kernels/convert/elements.h"
#include "runtime/step.h"

namespace cuvee {
namespace {

Status bind(StepContext& ctx) {
  const TensorView &x = ctx.in[0], &y = ctx.out[0];
  if (x.rank < 2 || x.size != y.size || x.type != y.type || compute_type(x.type) == 0) return Status::fail("MODEL_INVALID", "inverses are of square matrices");
  if (x.dims[x.rank - 1] != x.dims[x.rank - 2]) return Status::fail("SHAPE_MISMATCH", "a matrix of " + std::to_string(x.dims[x.rank - 2]) + " rows and " + std::to_string(x.dims[x.rank - 1]) + " columns has no inverse");
  return {};
}

// [a | b] with a brought to the identity: b is then the inverse.
void eliminate(double* a, double* b, size_t n) {
  for (size_t k = 0; k < n; ++k) {
    size_t best = k;
    for (size_t i = k + 1; i < n; ++i)
      if (std::fabs(a[i * n + k]) > std::fabs(a[best * n + k])) best = i;
    if (best != k)
      for (size_t j = 0; j < n; ++j) std::swap(a[k * n + j], a[best * n + j]), std::swap(b[k * n + j], b[best * n + j]);
    const double divisor = a[k * n + k];
    for (size_t j = 0; j < n; ++j) a[k * n + j] /= divisor, b[k * n + j] /= divisor;
    for (size_t i = 0; i < n; ++i) {
      const double factor = a[i * n + k];
      if (i == k || factor == 0) continue;
      for (size_t j = 0; j < n; ++j) a[i * n + j] -= factor * a[k * n + j], b[i * n + j] -= factor * b[k * n + j];
    }
  }
}

Status run(StepContext& ctx) {
  const TensorView& x = ctx.in[0];
  TensorView& y = ctx.out[0];
  const int64_t side = x.dims[x.rank - 1], area = side * side;
  if (area == 0) return {};
  const size_t n = static_cast<size_t>(side);
  parallel_for(*ctx.pool, static_cast<int>(x.size / area), [&](int m, int) {
    if (ctx.cancelled()) return;
    std::vector<double> a(n * n), b(n * n);
    load_row<double>(x.type, x.data, m * area, 1, area, a.data());
    if (ctx.args[0].i != 0)
      for (size_t i = 0; i < n; ++i)
        for (size_t j = 0; j < i; ++j) std::swap(a[i * n + j], a[j * n + i]);
    for (size_t i = 0; i < n; ++i) b[i * n + i] = 1;
    eliminate(a.data(), b.data(), n);
    store_row<double>(y.type, y.data, m * area, area, b.data());
  });
  return {};
}

}  // namespace

extern const Family inverse_family;
const Family inverse_family{"inverse", bind, run};

}  // namespace cuvee
