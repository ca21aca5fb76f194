// Mean-variance normalisation of rows.
#pragma once

#include <cstddef>

#include "base/cpu.h"

namespace cuvee {

// What happens to a row: minus its mean; divided by sqrt(variance + eps), or sqrt(variance) + eps; times scale plus shift.
struct MvnRow {
  bool normalize, inside_root;
  float eps;
  const float *scale, *shift;  // one number an element, or null
};

// y may be x.
using MvnRowKernel = void (*)(const MvnRow& row, const float* x, float* y, std::ptrdiff_t n);
MvnRowKernel mvn_row(Isa isa);

}  // namespace cuvee
