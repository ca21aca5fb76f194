// Sums and the like of f32 rows; the arrangement of axes is the step's business.
#pragma once

#include <cstddef>

#include "base/cpu.h"

namespace cuvee {

enum class Reduction { sum, mean, max, min, prod, l1, l2, sum_square };

// Sums are carried in vectors of partial sums of fixed length, so that results do not depend on threads. NaN propagates. What ends a reduction is
// the step's: `mean` is the sum, `l2` the sum of squares.
struct ReduceKernels {
  // The reduction of n neighbours.
  float (*row)(Reduction kind, const float* x, std::ptrdiff_t n);
  // acc[i] = acc[i] combined with x[i]; `first`: acc[i] = x[i] prepared.
  void (*combine)(Reduction kind, float* acc, const float* x, std::ptrdiff_t n, bool first);
  // y[i] = the reduction of x[r * stride + i] over r < rows, rows >= 1, for i < n.
  void (*columns)(Reduction kind, float* y, const float* x, std::ptrdiff_t stride, std::ptrdiff_t rows, std::ptrdiff_t n);
};
const ReduceKernels& reduce_kernels(Isa isa);

}  // namespace cuvee
