// Implementation of lrn.h for the instruction set of the including file.
#include <cmath>

#include "kernels/lrn/lrn.h"
#include "kernels/simd/vec.h"

namespace cuvee {
namespace {

constexpr int at_once = 16;  // pixels whose squares lie in the first cache

// t^beta, by roots where they do.
CUVEE_INLINE V power(V t, float beta) {
  if (beta == 1.0f) return t;
  if (beta == 0.5f) return sqrt(t);
  if (beta == 0.75f) {
    const V root = sqrt(t);
    return mul(root, sqrt(root));
  }
  alignas(64) float part[B];
  store(part, t);
  for (int i = 0; i < B; ++i) part[i] = std::pow(part[i], beta);
  return load(part);
}

void row(const LrnRow& r) {
  const int blocks = (r.channels + B - 1) / B;
  const V bias = set1(r.bias), scale = set1(r.scale);
  alignas(64) float squares[at_once][3 * B];  // of the block before, of this one, of the next
  const auto square = [](const float* p) { const V v = load(p); return mul(v, v); };
  for (int from = 0; from < r.pixels; from += at_once) {
    const int count = r.pixels - from < at_once ? r.pixels - from : at_once;
    for (int b = 0; b < blocks; ++b) {
      const float* x = r.x + b * r.block + std::ptrdiff_t{from} * B;
      float* y = r.y + b * r.block + std::ptrdiff_t{from} * B;
      for (int p = 0; p < count; ++p) {
        store(squares[p], b > 0 ? square(x + p * B - r.block) : zero());
        store(squares[p] + B, square(x + p * B));
        store(squares[p] + 2 * B, b + 1 < blocks ? square(x + p * B + r.block) : zero());
      }
      const int lanes = r.channels - b * B;
      for (int p = 0; p < count; ++p) {
        V sum = load(squares[p] + B - r.before);
        for (int k = 1 - r.before; k <= r.after; ++k) sum = add(sum, load(squares[p] + B + k));
        const V v = div(load(x + p * B), power(fma(scale, sum, bias), r.beta));
        store(y + p * B, lanes < B ? keep_n(v, lanes) : v);
      }
    }
  }
}

}  // namespace
}  // namespace cuvee
