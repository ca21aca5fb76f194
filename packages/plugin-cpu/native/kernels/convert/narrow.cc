#include "kernels/convert/narrow.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace cuvee {
namespace {

// A binary float: widths, bias, and what its top code means. `ieee`: infinity and NaN; `finite`: only all ones is NaN; `none`: neither;
// `fnuz`: no infinity, and the code of -0 is NaN.
enum class Specials { ieee, finite, none, fnuz };
struct Format {
  int exponent, mantissa, bias;
  Specials specials;
};

const Format* format_of(Type type) {
  static constexpr Format f8e5m2{5, 2, 15, Specials::ieee}, f8e4m3{4, 3, 7, Specials::finite}, f4e2m1{2, 1, 1, Specials::none},
      f8e4m3fnuz{4, 3, 8, Specials::fnuz}, f8e5m2fnuz{5, 2, 16, Specials::fnuz};
  switch (type) {
    case Type::f8e5m2: return &f8e5m2;
    case Type::f8e4m3: return &f8e4m3;
    case Type::f4e2m1: return &f4e2m1;
    case Type::f8e4m3fnuz: return &f8e4m3fnuz;
    case Type::f8e5m2fnuz: return &f8e5m2fnuz;
    default: return nullptr;
  }
}

// NF4's sixteen levels (QLoRA, Dettmers et al. 2023, appendix E).
constexpr double levels[16] = {
    -1, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635, -0.18477343022823334, -0.09105003625154495, 0,
    0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224, 0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1};

double decode_float(uint32_t bits, const Format& f) {
  const double sign = bits >> (f.exponent + f.mantissa) & 1 ? -1 : 1;
  const int e = static_cast<int>(bits >> f.mantissa & ((1u << f.exponent) - 1)), top = (1 << f.exponent) - 1;
  const int m = static_cast<int>(bits & ((1u << f.mantissa) - 1));
  if (f.specials == Specials::fnuz && bits == 1u << (f.exponent + f.mantissa)) return NAN;
  if (f.specials == Specials::ieee && e == top) return m ? NAN : sign * HUGE_VAL;
  if (f.specials == Specials::finite && e == top && m == (1 << f.mantissa) - 1) return NAN;
  return e == 0 ? sign * std::ldexp(m, 1 - f.bias - f.mantissa) : sign * std::ldexp(m + (1 << f.mantissa), e - f.bias - f.mantissa);
}

uint32_t encode_float(double value, const Format& f) {
  const uint32_t minus_zero = 1u << (f.exponent + f.mantissa);
  if (f.specials == Specials::fnuz && !std::isfinite(value)) return minus_zero;
  const uint32_t top = (1u << f.exponent) - 1, ones = (1u << (f.exponent + f.mantissa)) - 1;
  if (std::isnan(value)) return f.specials == Specials::none ? 0 : f.specials == Specials::ieee ? top << f.mantissa | 1u << (f.mantissa - 1) : ones;
  const uint32_t sign = std::signbit(value) ? 1u << (f.exponent + f.mantissa) : 0;
  const uint32_t largest = f.specials == Specials::ieee ? (top << f.mantissa) - 1 : f.specials == Specials::finite ? ones - 1 : ones;
  const uint32_t overflow = f.specials == Specials::ieee ? top << f.mantissa : f.specials == Specials::finite ? ones : largest;
  const double magnitude = std::fabs(value);
  if (std::isinf(magnitude)) return sign | overflow;
  const int e = magnitude == 0 ? 1 - f.bias : std::max(std::ilogb(magnitude), 1 - f.bias);
  // Nearest even in units of the last place; exact in double.
  const auto code = static_cast<int64_t>(std::nearbyint(std::ldexp(magnitude, f.mantissa - e)));
  const int64_t whole = code < 1 << f.mantissa ? code : (static_cast<int64_t>(e + f.bias - 1) << f.mantissa) + code;
  if (f.specials == Specials::fnuz) return whole > largest ? minus_zero : whole == 0 ? 0 : sign | static_cast<uint32_t>(whole);
  return sign | (whole > largest ? overflow : static_cast<uint32_t>(whole));
}

bool is_signed(Type type) { return type == Type::i2 || type == Type::i4; }

double decode(Type type, uint32_t bits) {
  if (const Format* f = format_of(type)) return decode_float(bits, *f);
  if (type == Type::nf4) return levels[bits];
  if (type == Type::f8e8m0) return bits == 255 ? NAN : std::ldexp(1.0, static_cast<int>(bits) - 127);
  const int width = static_cast<int>(type_bits(type));
  return is_signed(type) && bits >> (width - 1) ? static_cast<double>(bits) - (1 << width) : bits;
}

uint32_t encode(Type type, double given) {
  const double value = is_narrow_float(type) ? static_cast<float>(given) : given;
  if (const Format* f = format_of(type)) return encode_float(value, *f);
  if (type == Type::nf4) {
    uint32_t best = 0;
    for (uint32_t i = 1; i < 16; ++i)
      if (std::fabs(levels[i] - value) < std::fabs(levels[best] - value)) best = i;
    return best;
  }
  if (type == Type::f8e8m0) {
    if (std::isnan(value)) return 255;
    const double power = std::floor(std::log2(value) + 0.5) + 127;
    return std::isnan(power) ? 0 : static_cast<uint32_t>(std::clamp(power, 0.0, 254.0));
  }
  const auto whole = std::isfinite(value) ? static_cast<int64_t>(std::fmod(std::trunc(value), 0x1p32)) : 0;
  return static_cast<uint32_t>(whole) & ((1u << type_bits(type)) - 1);
}

// Where element i of a type of `width` bits lies: low bits first, but u1 from the highest bit.
int shift_of(Type type, int width, int64_t i) {
  const int64_t k = i % (8 / width);
  return static_cast<int>(type == Type::u1 ? 7 - k : k * width);
}

template <class Bits>
void store(Type type, void* to, int64_t index, int64_t n, Bits&& bits) {
  const int width = static_cast<int>(type_bits(type));
  auto* bytes = static_cast<uint8_t*>(to);
  for (int64_t i = index; i < index + n; ++i) {
    const int64_t at = i * width / 8;
    const int shift = shift_of(type, width, i);
    if (i * width % 8 == 0) bytes[at] = 0;
    bytes[at] = static_cast<uint8_t>(bytes[at] | bits(i - index) << shift);
  }
}

}  // namespace

bool is_narrow_float(Type type) { return format_of(type) || type == Type::nf4 || type == Type::f8e8m0; }

bool is_narrow(Type type) { return is_narrow_float(type) || type == Type::u1 || type == Type::u2 || type == Type::u4 || type == Type::i2 || type == Type::i4; }

void load_narrow(Type type, const void* from, int64_t index, int64_t n, double* to) {
  const int width = static_cast<int>(type_bits(type));
  const auto* bytes = static_cast<const uint8_t*>(from);
  double table[256];
  const uint32_t codes = 1u << width;
  if (n > codes)
    for (uint32_t c = 0; c < codes; ++c) table[c] = decode(type, c);
  for (int64_t i = 0; i < n; ++i) {
    const uint32_t code = static_cast<uint32_t>(bytes[(index + i) * width / 8] >> shift_of(type, width, index + i)) & (codes - 1);
    to[i] = n > codes ? table[code] : decode(type, code);
  }
}

void store_narrow(Type type, void* to, int64_t index, int64_t n, const double* from) {
  store(type, to, index, n, [&](int64_t i) { return encode(type, from[i]); });
}

void store_narrow(Type type, void* to, int64_t index, int64_t n, const int64_t* from) {
  const uint32_t mask = (1u << type_bits(type)) - 1;
  if (is_narrow_float(type)) store(type, to, index, n, [&](int64_t i) { return encode(type, static_cast<double>(from[i])); });
  else store(type, to, index, n, [&](int64_t i) { return static_cast<uint32_t>(from[i]) & mask; });
}

}  // namespace cuvee
