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

// Four rows at a time, each into sums of its own: a fixed order, and no waiting for the previous addition.
template <Reduction K>
void reduce_columns(float* y, const float* x, std::ptrdiff_t stride, std::ptrdiff_t rows, std::ptrdiff_t n) {
  constexpr int wide = 16, deep = 4;
  for (std::ptrdiff_t c = 0; c < n; c += wide) {
    const int width = n - c < wide ? static_cast<int>(n - c) : wide;
    if (width < wide || rows < deep) {
      for (int i = 0; i < width; ++i) {
        float r = prepared<K>(x[c + i]);
        for (std::ptrdiff_t k = 1; k < rows; ++k) r = joined<K>(r, prepared<K>(x[k * stride + c + i]));
        y[c + i] = r;
      }
      continue;
    }
    float part[deep][wide];
    for (int k = 0; k < deep; ++k)
      for (int i = 0; i < wide; ++i) part[k][i] = prepared<K>(x[k * stride + c + i]);
    std::ptrdiff_t r = deep;
    for (; r + deep <= rows; r += deep)
      for (int k = 0; k < deep; ++k)
        for (int i = 0; i < wide; ++i) part[k][i] = joined<K>(part[k][i], prepared<K>(x[(r + k) * stride + c + i]));
    for (int k = 0; r < rows; ++r, ++k)
      for (int i = 0; i < wide; ++i) part[k][i] = joined<K>(part[k][i], prepared<K>(x[r * stride + c + i]));
    for (int i = 0; i < wide; ++i) y[c + i] = joined<K>(joined<K>(part[0][i], part[1][i]), joined<K>(part[2][i], part[3][i]));
  }
}

void columns(Reduction kind, float* y, const float* x, std::ptrdiff_t stride, std::ptrdiff_t rows, std::ptrdiff_t n) {
  switch (kind) {
    case Reduction::max: return reduce_columns<Reduction::max>(y, x, stride, rows, n);
    case Reduction::min: return reduce_columns<Reduction::min>(y, x, stride, rows, n);
    case Reduction::prod: return reduce_columns<Reduction::prod>(y, x, stride, rows, n);
    case Reduction::l1: return reduce_columns<Reduction::l1>(y, x, stride, rows, n);
    case Reduction::l2: case Reduction::sum_square: return reduce_columns<Reduction::l2>(y, x, stride, rows, n);
    default: return reduce_columns<Reduction::sum>(y, x, stride, rows, n);
  }
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
