// Softmax and its logarithm over contiguous f32 rows.
#pragma once

#include <cstddef>

#include "base/cpu.h"

namespace cuvee {

struct SoftmaxKernels {
  // y = softmax(x) or log softmax(x) over n elements; y may be x. A row of nothing but -inf, or with a NaN, gives NaN.
  void (*row)(const float* x, float* y, std::ptrdiff_t n, bool log);
};
const SoftmaxKernels& softmax_kernels(Isa isa);

}  // namespace cuvee
