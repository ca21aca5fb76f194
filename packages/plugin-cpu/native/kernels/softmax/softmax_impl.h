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

void row(const float* x, float* y, std::ptrdiff_t n, bool log) {
  float top = -HUGE_VALF;
  for (std::ptrdiff_t i = 0; i < n; ++i) top = top > x[i] || top != top ? top : x[i];
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
