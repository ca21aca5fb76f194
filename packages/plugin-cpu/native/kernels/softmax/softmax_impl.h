// Implementation of softmax.h for the instruction set of the including file.
#include <cmath>

#include "kernels/simd/math.h"
#include "kernels/softmax/softmax.h"

namespace cuvee {
namespace {

float lanes_sum(V v) {
  alignas(64) float part[B];
  store(part, v);
  for (int width = B / 2; width > 0; width /= 2)
    for (int k = 0; k < width; ++k) part[k] += part[k + width];
  return part[0];
}

/// The largest of n elements; of some of them when there are NaNs, which make the sum of exponentials NaN by themselves.
float largest(const float* x, std::ptrdiff_t n) {
  float top = -HUGE_VALF;
  std::ptrdiff_t i = 0;
  if (n >= B) {
    V a = load(x), b = a, c = a, d = a;
    for (i = B; i + 4 * B <= n; i += 4 * B) {
      a = max(a, load(x + i));
      b = max(b, load(x + i + B));
      c = max(c, load(x + i + 2 * B));
      d = max(d, load(x + i + 3 * B));
    }
    for (; i + B <= n; i += B) a = max(a, load(x + i));
    alignas(64) float lanes[B];
    store(lanes, max(max(a, b), max(c, d)));
    for (const float lane : lanes) top = top > lane ? top : lane;
  }
  for (; i < n; ++i) top = top > x[i] ? top : x[i];
  return top;
}

void row(const float* x, float* y, std::ptrdiff_t n, bool log) {
  const float top = largest(x, n);
  const V shift = set1(top);
  V sum = zero();
  std::ptrdiff_t i = 0;
  for (; i + B <= n; i += B) {
    const V e = exp(sub(load(x + i), shift));
    sum = add(sum, e);
    if (!log) store(y + i, e);
  }
  if (i < n) {
    const int rest = static_cast<int>(n - i);
    const V e = keep_n(exp(sub(load_n(x + i, rest), shift)), rest);
    sum = add(sum, e);
    if (!log) store_n(y + i, e, rest);
  }
  const float total = lanes_sum(sum);
  if (log) {
    // Two differences: top + log(total) would lose the logarithm beside a large top.
    const float offset = std::log(total);
    for (i = 0; i < n; ++i) y[i] = (x[i] - top) - offset;
    return;
  }
  const V scale = set1(1.0f / total);
  for (i = 0; i + B <= n; i += B) store(y + i, mul(load(y + i), scale));
  if (i < n) store_n(y + i, mul(load_n(y + i, static_cast<int>(n - i)), scale), static_cast<int>(n - i));
}

}  // namespace
}  // namespace cuvee
