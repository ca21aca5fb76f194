// Resampling of two neighbouring axes of [outer, rows, columns, inner], of floats or bytes. Bytes are rounded half to even and
// saturate.
#pragma once

#include <cstdint>

#include "base/parallel.h"
#include "kernels/resize/resize.h"

namespace cuvee {

struct ResizePicture {
  std::int64_t outer = 1, inner = 1;
  const ResizeAxis *rows = nullptr, *columns = nullptr;
  bool each_pass = false;  // bytes are rounded after the columns, too, which come first
  const ResizeKernels* kernels = nullptr;
};

void resize_picture(const ResizePicture& picture, const float* from, float* to, Parallel& pool);
void resize_picture(const ResizePicture& picture, const std::uint8_t* from, std::uint8_t* to, Parallel& pool);

}  // namespace cuvee
