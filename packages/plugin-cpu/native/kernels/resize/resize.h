// Separable resampling: for each output place along an axis, the input places that it is made of, with weights.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/cpu.h"

namespace cuvee {

// Taps of output place o: [start[o], start[o + 1]) of `at` and `weight`. Places outside the image are left out.
struct ResizeAxis {
  std::vector<int32_t> start{0}, at;
  std::vector<double> weight;
  std::vector<float> weight32;
  int64_t in = 0, out = 0;
  bool moves = true;     // at most one tap each, of weight 1
  bool identity = true;  // output place o is input place o
};

// How one axis is resampled. The numbers of the modes are those of src/lower/interpolate.ts.
struct ResizeRule {
  int mode, coordinate, nearest;
  bool antialias;
  double cube;
};

// `before` and `after`: zeros around the image. `scale` 0: output over padded input.
ResizeAxis resize_axis(int64_t in, int64_t before, int64_t after, int64_t out, float scale, bool untouched, const ResizeRule& rule);

struct ResizeKernels {
  // to[i] = sum of weights[k] * rows[k][i], i < n; zero without taps.
  void (*combine)(float* to, const float* const* rows, const float* weights, int taps, std::ptrdiff_t n);
  // Columns of blocks: to[x] = sum of weight * row[at]. Zero without taps.
  void (*columns)(float* to, const float* row, const int32_t* start, const int32_t* at, const float* weight, std::ptrdiff_t width);
  // The same where every column is at most one column of weight 1.
  void (*moves)(float* to, const float* row, const int32_t* start, const int32_t* at, std::ptrdiff_t width);
  // As `combine`, of bytes.
  void (*combine_bytes)(float* to, const std::uint8_t* const* rows, const float* weights, int taps, std::ptrdiff_t n);
  // Columns of `inner` floats: to[x] = sum of weight * row[at]. Zero without taps.
  void (*pixels)(float* to, const float* row, const int32_t* start, const int32_t* at, const float* weight, std::ptrdiff_t width, int inner);
  // Rounded half to even, saturated.
  void (*bytes)(std::uint8_t* to, const float* from, std::ptrdiff_t n);
};
const ResizeKernels& resize_kernels(Isa isa);

}  // namespace cuvee
