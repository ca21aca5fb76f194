// Implementation of reduce.h for the instruction set of the including file.
#include <cmath>

#include "kernels/reduce/reduce.h"
#include "kernels/simd/vec.h"

namespace cuvee {
namespace {

template <Reduction K>
CUVEE_INLINE float prepared(float x) {
  if constexpr (K == Reduction::l1) return std::fabs(x);
  else if constexpr (K == Reduction::l2 || K == Reduction::sum_square) return x * x;
  else return x;
}
template <Reduction K>
CUVEE_INLINE float joined(float a, float x) {
  if constexpr (K == Reduction::max) return a > x || a != a ? a : x;
  else if constexpr (K == Reduction::min) return a < x || a != a ? a : x;
  else if constexpr (K == Reduction::prod) return a * x;
  else return a + x;
}

// 32 partial results side by side: a fixed order of summation, and a loop that vectorises.
template <Reduction K>
float reduce_row(const float* x, std::ptrdiff_t n) {
  constexpr int lanes = 32;
  if (n < lanes) {
    float r = prepared<K>(x[0]);
    for (std::ptrdiff_t i = 1; i < n; ++i) r = joined<K>(r, prepared<K>(x[i]));
    return r;
  }
  float part[lanes];
  for (int k = 0; k < lanes; ++k) part[k] = prepared<K>(x[k]);
  std::ptrdiff_t i = lanes;
  for (; i + lanes <= n; i += lanes)
    for (int k = 0; k < lanes; ++k) part[k] = joined<K>(part[k], prepared<K>(x[i + k]));
  for (int k = 0; i < n; ++i, ++k) part[k] = joined<K>(part[k], prepared<K>(x[i]));
  for (int width = lanes / 2; width > 0; width /= 2)
    for (int k = 0; k < width; ++k) part[k] = joined<K>(part[k], part[k + width]);
  return part[0];
}

template <Reduction K>
void reduce_combine(float* acc, const float* x, std::ptrdiff_t n, bool first) {
  if (first) for (std::ptrdiff_t i = 0; i < n; ++i) acc[i] = prepared<K>(x[i]);
  else for (std::ptrdiff_t i = 0; i < n; ++i) acc[i] = joined<K>(acc[i], prepared<K>(x[i]));
}

float row(Reduction kind, const float* x, std::ptrdiff_t n) {
  switch (kind) {
    case Reduction::max: return reduce_row<Reduction::max>(x, n);
    case Reduction::min: return reduce_row<Reduction::min>(x, n);
    case Reduction::prod: return reduce_row<Reduction::prod>(x, n);
    case Reduction::l1: return reduce_row<Reduction::l1>(x, n);
    case Reduction::l2: case Reduction::sum_square: return reduce_row<Reduction::l2>(x, n);
    default: return reduce_row<Reduction::sum>(x, n);
  }
}
void combine(Reduction kind, float* acc, const float* x, std::ptrdiff_t n, bool first) {
  switch (kind) {
    case Reduction::max: return reduce_combine<Reduction::max>(acc, x, n, first);
    case Reduction::min: return reduce_combine<Reduction::min>(acc, x, n, first);
    case Reduction::prod: return reduce_combine<Reduction::prod>(acc, x, n, first);
    case Reduction::l1: return reduce_combine<Reduction::l1>(acc, x, n, first);
    case Reduction::l2: case Reduction::sum_square: return reduce_combine<Reduction::l2>(acc, x, n, first);
    default: return reduce_combine<Reduction::sum>(acc, x, n, first);
  }
}

}  // namespace
}  // namespace cuvee
