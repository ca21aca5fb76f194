// Pooling over blocked rows: every window's place along an axis comes from a table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/cpu.h"

namespace cuvee {

// The windows along one axis: window o reads places begin[o] + k * step, k < count[o], all inside the image; `padded[o]` of its
// places lie inside the padded image.
struct PoolAxis {
  std::vector<int32_t> begin, count, padded;
  int step = 1;
};

// One output row of one channel block.
struct PoolRow {
  float* to;
  const float* from;      // row `begin` of the window's first row, column 0
  std::ptrdiff_t row;     // floats from one input row to the next that is read
  int rows;               // rows of the window
  int padded_rows;        // for the divisor when padding counts
  const int32_t *begin, *count, *padded;  // columns
  int step, width;        // columns between places; output columns
  bool average, exclude_pad;
  int lanes;              // lanes that exist; the others are written as zero
};

// Windows without places give -inf (maximum) or 0 (mean).
using PoolRowKernel = void (*)(const PoolRow&);
PoolRowKernel pool_row(Isa isa);

}  // namespace cuvee
