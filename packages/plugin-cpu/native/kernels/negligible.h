/// Constants too small to matter, which would make kernels slow.
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>

namespace cuvee {

/// Sets to zero what is 2^80 times smaller than the largest magnitude among `count` floats. Trained weights of dead channels
/// decay to such values; their products are denormal, which costs a hundred times a normal multiplication, and lie far below
/// the rounding of any result that the largest weight takes part in. Nothing happens when an element is not finite.
inline void drop_negligible(float* values, std::size_t count) {
  float most = 0;
  bool finite = true;
  for (std::size_t i = 0; i < count; ++i) {
    const float x = std::fabs(values[i]);
    finite &= x <= std::numeric_limits<float>::max();
    most = x > most ? x : most;
  }
  if (!finite) return;
  const float least = most * 0x1p-80f;
  for (std::size_t i = 0; i < count; ++i) values[i] = std::fabs(values[i]) < least ? 0.0f : values[i];
}

}  // namespace cuvee
