#include "kernels/convert/elements.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

namespace cuvee {
namespace {

uint32_t bits_of(float f) {
  uint32_t u;
  std::memcpy(&u, &f, sizeof u);
  return u;
}
float float_of(uint32_t u) {
  float f;
  std::memcpy(&f, &u, sizeof f);
  return f;
}

struct Boolean { uint8_t bits; };
struct Half { uint16_t bits; };
struct Bfloat { uint16_t bits; };

template <class T, class S>
T number(S x) {
  if constexpr (std::is_floating_point_v<S> && std::is_integral_v<T>) {
    if (x != x) return 0;
    if (x >= static_cast<S>(std::numeric_limits<T>::max())) return std::numeric_limits<T>::max();
    if (x <= static_cast<S>(std::numeric_limits<T>::lowest())) return std::numeric_limits<T>::lowest();
    return static_cast<T>(x);
  } else {
    return static_cast<T>(x);
  }
}
// Truncated, then the low bits; nothing beyond 64 bits, NaN included. As most processors convert.
template <class T, class S>
T low_bits(S x) {
  if constexpr (std::is_same_v<T, uint64_t>)
    if (x >= S(0x1p63)) return x < S(0x1p64) ? static_cast<uint64_t>(x) : 0;
  return x > S(-0x1p63) && x < S(0x1p63) ? static_cast<T>(static_cast<int64_t>(x)) : T(0);
}
template <class T> T value(Boolean x) { return x.bits != 0 ? T(1) : T(0); }
template <class T> T value(Half x) { return number<T>(half_to_float(x.bits)); }
template <class T> T value(Bfloat x) { return number<T>(bfloat_to_float(x.bits)); }
template <class T, class S> T value(S x) { return number<T>(x); }

template <class D, class S>
D stored(S x) {
  if constexpr (std::is_same_v<D, Boolean>) return {static_cast<uint8_t>(x != 0)};
  else if constexpr (std::is_same_v<D, Half>) return {float_to_half(static_cast<float>(x))};
  else if constexpr (std::is_same_v<D, Bfloat>) return {float_to_bfloat(static_cast<float>(x))};
  else if constexpr (std::is_floating_point_v<S> && std::is_integral_v<D>) return low_bits<D>(x);
  else return static_cast<D>(x);
}

template <class F>
void with_type(Type type, F f) {
  switch (type) {
    case Type::boolean: return f(Boolean{});
    case Type::u8: return f(uint8_t{});
    case Type::u16: return f(uint16_t{});
    case Type::u32: return f(uint32_t{});
    case Type::u64: return f(uint64_t{});
    case Type::i8: return f(int8_t{});
    case Type::i16: return f(int16_t{});
    case Type::i32: return f(int32_t{});
    case Type::i64: return f(int64_t{});
    case Type::f16: return f(Half{});
    case Type::bf16: return f(Bfloat{});
    case Type::f32: return f(float{});
    case Type::f64: return f(double{});
    default: return;
  }
}

}  // namespace

float half_to_float(uint16_t h) {
  const uint32_t sign = static_cast<uint32_t>(h & 0x8000) << 16, magnitude = h & 0x7fff;
  if (magnitude >= 0x7c00) return float_of(sign | 0x7f800000 | (magnitude & 0x3ff) << 13);
  if (magnitude >= 0x0400) return float_of(sign | ((magnitude << 13) + 0x38000000));
  const float small = static_cast<float>(magnitude) * 0x1p-24f;
  return sign ? -small : small;
}

uint16_t float_to_half(float value) {
  const uint32_t x = bits_of(value), sign = x >> 16 & 0x8000, magnitude = x & 0x7fffffff;
  if (magnitude > 0x7f800000) return static_cast<uint16_t>(sign | 0x7e00);
  if (magnitude >= 0x477ff000) return static_cast<uint16_t>(sign | 0x7c00);
  if (magnitude < 0x38800000) {  // subnormal: the addition rounds to nearest even
    const float shifted = float_of(magnitude) + 0.5f;
    return static_cast<uint16_t>(sign | (bits_of(shifted) - 0x3f000000));
  }
  return static_cast<uint16_t>(sign | ((magnitude + 0xfff + (magnitude >> 13 & 1) - 0x38000000) >> 13));
}

uint16_t float_to_bfloat(float value) {
  const uint32_t x = bits_of(value);
  if ((x & 0x7fffffff) > 0x7f800000) return static_cast<uint16_t>(x >> 16 | 0x40);
  return static_cast<uint16_t>((x + 0x7fff + (x >> 16 & 1)) >> 16);
}

template <class T>
void load_row(Type type, const void* from, int64_t index, int64_t stride, int64_t n, T* to) {
  with_type(type, [&](auto element) {
    using S = decltype(element);
    const S* p = static_cast<const S*>(from) + index;
    if (stride == 1)
      for (int64_t i = 0; i < n; ++i) to[i] = value<T>(p[i]);
    else if (stride == 0)
      for (int64_t i = 0; i < n; ++i) to[i] = value<T>(*p);
    else
      for (int64_t i = 0; i < n; ++i) to[i] = value<T>(p[i * stride]);
  });
}

template <class T>
void store_row(Type type, void* to, int64_t index, int64_t n, const T* from) {
  with_type(type, [&](auto element) {
    using D = decltype(element);
    D* p = static_cast<D*>(to) + index;
    for (int64_t i = 0; i < n; ++i) p[i] = stored<D>(from[i]);
  });
}

#define ROWS(T)                                                                          \
  template void load_row<T>(Type, const void*, int64_t, int64_t, int64_t, T*);           \
  template void store_row<T>(Type, void*, int64_t, int64_t, const T*);
ROWS(float)
ROWS(double)
ROWS(int32_t)
ROWS(int64_t)
ROWS(uint64_t)
#undef ROWS

char compute_type(Type type) {
  switch (type) {
    case Type::f32: case Type::f16: case Type::bf16: return 'f';
    case Type::f64: return 'd';
    case Type::boolean: case Type::i8: case Type::u8: case Type::i16: case Type::u16: case Type::i32: return 'i';
    case Type::u32: case Type::i64: return 'l';
    case Type::u64: return 'u';
    default: return 0;
  }
}

}  // namespace cuvee
