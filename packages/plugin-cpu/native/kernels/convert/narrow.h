// Elements of eight bits or fewer that are no C++ numbers: small floats, levels, packed integers.
#pragma once

#include <cstdint>

#include "runtime/step.h"

namespace cuvee {

bool is_narrow(Type type);
bool is_narrow_float(Type type);

// Reads n elements from `index` on.
void load_narrow(Type type, const void* from, int64_t index, int64_t n, double* to);

// Writes n elements from `index` on; the bytes that they lie in must begin and end with them. Floats round to nearest even from
// the f32 nearest to them, integers keep their low bits.
void store_narrow(Type type, void* to, int64_t index, int64_t n, const double* from);
void store_narrow(Type type, void* to, int64_t index, int64_t n, const int64_t* from);

}  // namespace cuvee
