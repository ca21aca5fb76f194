// Implementation of mvn.h for the instruction set of the including file.
#include <cmath>

#include "kernels/mvn/mvn.h"
#include "kernels/simd/vec.h"

namespace cuvee {
namespace {

double lanes_sum(V v) {
  alignas(64) float part[B];
  store(part, v);
  double sum = 0;
  for (int k = 0; k < B; ++k) sum += part[k];
  return sum;
}

// Sum of f(vector) over a row; f of absent lanes does not count. Blocks of a few thousand elements are added in f64.
template <class F>
CUVEE_INLINE double total(const float* x, std::ptrdiff_t n, F f) {
  constexpr std::ptrdiff_t block = 4096;
  double sum = 0;
  for (std::ptrdiff_t at = 0; at < n; at += block) {
    const std::ptrdiff_t end = at + block < n ? at + block : n;
    V a = zero(), b = zero();
    std::ptrdiff_t i = at;
    for (; i + 2 * B <= end; i += 2 * B) a = add(a, f(load(x + i))), b = add(b, f(load(x + i + B)));
    for (; i < end; i += B) {
      const int lanes = end - i < B ? static_cast<int>(end - i) : B;
      a = add(a, lanes < B ? keep_n(f(load_n(x + i, lanes)), lanes) : f(load(x + i)));
    }
    sum += lanes_sum(add(a, b));
  }
  return sum;
}

void row(const MvnRow& r, const float* x, float* y, std::ptrdiff_t n) {
  const float mean = static_cast<float>(total(x, n, [](V v) { return v; }) / static_cast<double>(n));
  const V m = set1(mean);
  float factor = 1;
  if (r.normalize) {
    const double variance = total(x, n, [=](V v) { const V d = sub(v, m); return mul(d, d); }) / static_cast<double>(n);
    factor = static_cast<float>(1 / (r.inside_root ? std::sqrt(variance + static_cast<double>(r.eps)) : std::sqrt(variance) + static_cast<double>(r.eps)));
  }
  const V f = set1(factor);
  for (std::ptrdiff_t i = 0; i < n; i += B) {
    const int lanes = n - i < B ? static_cast<int>(n - i) : B;
    const auto get = [=](const float* p) { return lanes < B ? load_n(p + i, lanes) : load(p + i); };
    V v = mul(sub(get(x), m), f);
    if (r.scale) v = mul(v, get(r.scale));
    if (r.shift) v = add(v, get(r.shift));
    if (lanes < B) store_n(y + i, v, lanes);
    else store(y + i, v);
  }
}

}  // namespace
}  // namespace cuvee
