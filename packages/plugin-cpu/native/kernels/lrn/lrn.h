// Local response normalisation across the channels of blocked rows: y[c] = x[c] / (bias + scale * sum of x[k]^2)^beta over the
// channels k in [c - before, c + after] that exist.
#pragma once

#include <cstddef>

#include "base/cpu.h"

namespace cuvee {

// Widest reach to either side: the narrowest block.
constexpr int lrn_reach = 8;

struct LrnRow {
  const float* x;        // channel block 0 of the first pixel
  float* y;
  std::ptrdiff_t block;  // floats from one channel block to the next, of both
  int channels, pixels;  // pixels side by side
  int before, after;     // at most lrn_reach
  float bias, scale, beta;
};

using LrnRowKernel = void (*)(const LrnRow&);
LrnRowKernel lrn_row(Isa isa);

}  // namespace cuvee
