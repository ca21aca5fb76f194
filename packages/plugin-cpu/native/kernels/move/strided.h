// Copies elements of any size from strided places to consecutive ones: what transpose, slice and broadcast have in common.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/parallel.h"

namespace cuvee {

// dst[i] = src[base + sum over axes of index * strides[axis]], i counting `dims` in row-major order. Strides and base in elements.
struct StridedCopy {
  std::vector<int64_t> dims, strides;
  int64_t base = 0;
};

// Neighbouring axes that are stepped through evenly become one; axes of one element go.
void collapse(StridedCopy& copy);

void run_strided_copy(const StridedCopy& copy, size_t element_bytes, const void* src, void* dst, Parallel& pool);

// Row-major strides in elements.
std::vector<int64_t> row_major_strides(const int64_t* dims, int rank);

}  // namespace cuvee
