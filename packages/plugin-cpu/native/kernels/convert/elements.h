// Elements of any arithmetic type as rows of a compute type, and back.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/step.h"

namespace cuvee {

float half_to_float(uint16_t bits);
uint16_t float_to_half(float value);  // to nearest even; overflow gives infinity
inline float bfloat_to_float(uint16_t bits) {
  const uint32_t wide = static_cast<uint32_t>(bits) << 16;
  float f;
  __builtin_memcpy(&f, &wide, sizeof f);
  return f;
}
uint16_t float_to_bfloat(float value);

// Reads n elements from `index` on, `stride` elements apart, into `to`. T is float, double, int32_t, int64_t or uint64_t.
// Booleans come as 0 and 1. Floats become integers by truncation, saturated, NaN as 0; wider integers lose their upper bits.
template <class T> void load_row(Type type, const void* from, int64_t index, int64_t stride, int64_t n, T* to);

// Writes n elements from `index` on, next to each other. Floats truncate; integers keep their low bits in narrower types; to boolean:
// not zero.
template <class T> void store_row(Type type, void* to, int64_t index, int64_t n, const T* from);

// The compute type of an element type: 'f' float, 'd' double, 'i' int32, 'l' int64 (also for u32), 'u' uint64; 0: none.
char compute_type(Type type);

}  // namespace cuvee
