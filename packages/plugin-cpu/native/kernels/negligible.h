/// Constants too small to matter, which would make kernels slow.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/parallel.h"

namespace cuvee {

/// Bits of magnitudes: as integers they are in the order of the floats, with infinity and NaN above all.
struct Magnitudes {
  std::int32_t most = 0;
  std::int32_t fewest = INT32_MAX;  // of those that are not zero

  void join(const Magnitudes& other) {
    most = std::max(most, other.most);
    fewest = std::min(fewest, other.fewest);
  }
};

inline Magnitudes magnitudes(const float* values, std::size_t count) {
  Magnitudes all;
  for (std::size_t i = 0; i < count; ++i) {
    const auto bits = static_cast<std::int32_t>(std::bit_cast<std::uint32_t>(values[i]) & 0x7fffffff);
    all.most = std::max(all.most, bits);
    all.fewest = std::min(all.fewest, bits ? bits : INT32_MAX);
  }
  return all;
}

/// What is smaller is negligible beside a magnitude `most` (its bits): 2^80 times smaller. Trained weights of dead channels decay to such
/// values; their products are denormal, which costs a hundred times a normal multiplication, and lie far below the rounding of any result
/// that the largest weight takes part in. 0 where `most` is not finite.
inline float negligible_below(std::int32_t most) {
  constexpr std::int32_t infinity = 0x7f800000;
  return most < infinity ? std::bit_cast<float>(most) * 0x1p-80f : 0;
}

/// Sets to zero what is negligible beside the largest magnitude among `count` floats. Nothing happens when an element is not finite.
inline void drop_negligible(float* values, std::size_t count, Parallel& pool) {
  constexpr std::size_t each = 1 << 15;
  const std::size_t chunks = (count + each - 1) / each;
  const auto size = [&](int chunk) { return std::min(each, count - chunk * each); };
  std::vector<Magnitudes> parts(chunks);
  parallel_for(pool, static_cast<int>(chunks), [&](int chunk, int) { parts[chunk] = magnitudes(values + chunk * each, size(chunk)); });
  Magnitudes all;
  for (const Magnitudes& part : parts) all.join(part);
  const float least = negligible_below(all.most);
  if (all.fewest >= std::bit_cast<std::int32_t>(least)) return;
  parallel_for(pool, static_cast<int>(chunks), [&](int chunk, int) {
    float* const from = values + chunk * each;
    for (std::size_t i = 0, n = size(chunk); i < n; ++i) from[i] = from[i] < least && from[i] > -least ? 0.0f : from[i];
  });
}

}  // namespace cuvee
