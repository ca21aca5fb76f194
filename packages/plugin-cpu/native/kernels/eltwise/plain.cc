// Elementwise instructions on double and integers: plain loops.
#include <cmath>
#include <limits>
#include <numbers>
#include <type_traits>

#include "kernels/eltwise/eltwise.h"

namespace cuvee {
namespace {

template <class T> constexpr bool whole = std::is_integral_v<T>;
template <class T> using Bits = std::conditional_t<whole<T>, std::make_unsigned<T>, std::type_identity<T>>::type;

// Wrapping arithmetic on integers.
template <class T> T plus(T x, T y) { return static_cast<T>(static_cast<Bits<T>>(x) + static_cast<Bits<T>>(y)); }
template <class T> T minus(T x, T y) { return static_cast<T>(static_cast<Bits<T>>(x) - static_cast<Bits<T>>(y)); }
template <class T> T times(T x, T y) { return static_cast<T>(static_cast<Bits<T>>(x) * static_cast<Bits<T>>(y)); }
template <class T> T negative(T x) { return minus<T>(T(0), x); }

template <class T>
T quotient(T x, T y) {
  if constexpr (whole<T>) {
    if (y == 0) return 0;
    if constexpr (std::is_signed_v<T>)
      if (y == -1) return negative(x);
    return x / y;
  } else {
    return x / y;
  }
}
template <class T>
T remainder_of(T x, T y) {
  if constexpr (whole<T>) {
    if (y == 0) return 0;
    if constexpr (std::is_signed_v<T>)
      if (y == -1) return 0;
    return x % y;
  } else {
    return std::fmod(x, y);
  }
}
template <class T>
T floor_quotient(T x, T y) {
  if constexpr (whole<T>) {
    const T t = quotient(x, y);
    return y != 0 && remainder_of(x, y) != 0 && (x < 0) != (y < 0) ? t - 1 : t;
  } else {
    return std::floor(x / y);
  }
}
template <class T>
T floor_remainder(T x, T y) {
  if constexpr (whole<T>) {
    const T r = remainder_of(x, y);
    return r != 0 && (r < 0) != (y < 0) ? plus(r, y) : r;
  } else {
    const T r = std::fmod(x, y);
    return r != 0 && (r < 0) != (y < 0) ? r + y : r;
  }
}
template <class T>
T power(T x, T y) {
  if constexpr (whole<T>) {
    if constexpr (std::is_signed_v<T>)
      if (y < 0) return x == 1 ? 1 : x == T(-1) ? (y % 2 != 0 ? -1 : 1) : 0;
    T r = 1;
    for (Bits<T> e = static_cast<Bits<T>>(y); e != 0; e >>= 1, x = times(x, x))
      if (e & 1) r = times(r, x);
    return r;
  } else {
    return std::pow(x, y);
  }
}
template <class T>
T larger(T x, T y) { return x > y || x != x ? x : y; }
template <class T>
T smaller(T x, T y) { return x < y || x != x ? x : y; }

// The value of T that is nearest to a whole double.
template <class T>
T saturated(double r) {
  if (r >= static_cast<double>(std::numeric_limits<T>::max())) return std::numeric_limits<T>::max();
  if (r <= static_cast<double>(std::numeric_limits<T>::lowest())) return std::numeric_limits<T>::lowest();
  return static_cast<T>(r);
}

// A function of doubles on T: integers are rounded to the nearest, 0 where there is none.
template <class T, class F>
T real(T x, F f) {
  if constexpr (whole<T>) {
    const double r = std::round(f(static_cast<double>(x)));
    return std::fabs(r) < HUGE_VAL ? saturated<T>(r) : T(0);
  } else {
    return f(x);
  }
}

template <class T, class F> void loop1(T* d, const T* a, std::ptrdiff_t n, F f) {
  for (std::ptrdiff_t i = 0; i < n; ++i) d[i] = f(a[i]);
}
template <class T, class F> void loop2(T* d, const T* a, const T* b, std::ptrdiff_t n, F f) {
  for (std::ptrdiff_t i = 0; i < n; ++i) d[i] = f(a[i], b[i]);
}
template <class T, class F> void loopr(T* d, const T* a, std::ptrdiff_t n, F f) {
  for (std::ptrdiff_t i = 0; i < n; ++i) d[i] = real<T>(a[i], f);
}

// Within 0 and 1; NaN stays NaN.
double within_one(double x) { return x < 0 ? 0 : x > 1 ? 1 : x; }
double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double softplus(double x) { return x > 30 ? x : std::log1p(std::exp(x)); }

template <class T>
void bits(const Instruction& in, T* d, const T* a, const T* b, std::ptrdiff_t n) {
  if constexpr (whole<T>) {
    using U = Bits<T>;
    switch (in.op) {
      case opcode::bit_and_: return loop2(d, a, b, n, [](T x, T y) { return static_cast<T>(x & y); });
      case opcode::bit_or_: return loop2(d, a, b, n, [](T x, T y) { return static_cast<T>(x | y); });
      case opcode::bit_xor_: return loop2(d, a, b, n, [](T x, T y) { return static_cast<T>(x ^ y); });
      case opcode::bit_not_: return loop1(d, a, n, [&](T x) { return in.p != 0 ? static_cast<T>(x == 0) : static_cast<T>(~x); });
      case opcode::shift_left_: return loop2(d, a, b, n, [](T x, T y) { return static_cast<U>(y) >= sizeof(T) * 8 ? T(0) : static_cast<T>(static_cast<U>(x) << y); });
      case opcode::shift_right_: return loop2(d, a, b, n, [](T x, T y) { return static_cast<U>(y) >= sizeof(T) * 8 ? (x < 0 ? T(-1) : T(0)) : static_cast<T>(x >> y); });
      default: return;
    }
  }
}

}  // namespace

template <class T>
void eltwise_plain(const Instruction& in, T* d, const T* a, const T* b, const T* c, std::ptrdiff_t n) {
  const double p = in.p, q = in.q;
  switch (static_cast<opcode::Opcode>(in.op)) {
    case opcode::add_: return loop2(d, a, b, n, plus<T>);
    case opcode::sub_: return loop2(d, a, b, n, minus<T>);
    case opcode::mul_: return loop2(d, a, b, n, times<T>);
    case opcode::div_: case opcode::trunc_div_: return loop2(d, a, b, n, quotient<T>);
    case opcode::floor_div_: return loop2(d, a, b, n, floor_quotient<T>);
    case opcode::floor_mod_: return loop2(d, a, b, n, floor_remainder<T>);
    case opcode::mod_: return loop2(d, a, b, n, remainder_of<T>);
    case opcode::pow_: return loop2(d, a, b, n, power<T>);
    case opcode::max_: return loop2(d, a, b, n, larger<T>);
    case opcode::min_: return loop2(d, a, b, n, smaller<T>);
    case opcode::squared_difference_: return loop2(d, a, b, n, [](T x, T y) { return times(minus(x, y), minus(x, y)); });
    case opcode::equal_: return loop2(d, a, b, n, [](T x, T y) { return T(x == y); });
    case opcode::not_equal_: return loop2(d, a, b, n, [](T x, T y) { return T(x != y); });
    case opcode::less_: return loop2(d, a, b, n, [](T x, T y) { return T(x < y); });
    case opcode::less_equal_: return loop2(d, a, b, n, [](T x, T y) { return T(x <= y); });
    case opcode::greater_: return loop2(d, a, b, n, [](T x, T y) { return T(x > y); });
    case opcode::greater_equal_: return loop2(d, a, b, n, [](T x, T y) { return T(x >= y); });
    case opcode::and_: return loop2(d, a, b, n, [](T x, T y) { return T(x != 0 && y != 0); });
    case opcode::or_: return loop2(d, a, b, n, [](T x, T y) { return T(x != 0 || y != 0); });
    case opcode::xor_: return loop2(d, a, b, n, [](T x, T y) { return T((x != 0) != (y != 0)); });
    case opcode::not_: return loop1(d, a, n, [](T x) { return T(x == 0); });
    case opcode::bit_and_: case opcode::bit_or_: case opcode::bit_xor_: case opcode::bit_not_: case opcode::shift_left_: case opcode::shift_right_:
      return bits(in, d, a, b, n);
    case opcode::select_:
      for (std::ptrdiff_t i = 0; i < n; ++i) d[i] = a[i] != 0 ? b[i] : c[i];
      return;
    case opcode::abs_: return loop1(d, a, n, [](T x) { return x < 0 ? negative(x) : x == 0 ? T(0) : x; });
    case opcode::neg_: return loop1(d, a, n, negative<T>);
    case opcode::sign_: return loop1(d, a, n, [](T x) { return x > 0 ? T(1) : x < 0 ? T(-1) : x; });
    case opcode::relu_: return loop1(d, a, n, [](T x) { return x < 0 ? T(0) : x; });
    case opcode::prelu_: return loop2(d, a, b, n, [](T x, T s) { return x < 0 ? times(x, s) : x; });
    case opcode::clip_:
      return loop1(d, a, n, [=](T x) {
        if constexpr (whole<T>) {
          const T lo = saturated<T>(std::ceil(p)), hi = saturated<T>(std::floor(q));
          return x < lo ? lo : x > hi ? hi : x;
        } else {
          return x < p ? p : x > q ? q : x;
        }
      });
    case opcode::copy_: return loop1(d, a, n, [](T x) { return x; });
    case opcode::floor_: return whole<T> ? loop1(d, a, n, [](T x) { return x; }) : loopr(d, a, n, [](double x) { return std::floor(x); });
    case opcode::ceil_: return whole<T> ? loop1(d, a, n, [](T x) { return x; }) : loopr(d, a, n, [](double x) { return std::ceil(x); });
    case opcode::round_even_: return whole<T> ? loop1(d, a, n, [](T x) { return x; }) : loopr(d, a, n, [](double x) { return std::nearbyint(x); });
    case opcode::round_away_: return whole<T> ? loop1(d, a, n, [](T x) { return x; }) : loopr(d, a, n, [](double x) { return std::round(x); });
    case opcode::exp_: return loopr(d, a, n, [](double x) { return std::exp(x); });
    case opcode::log_: return loopr(d, a, n, [](double x) { return std::log(x); });
    case opcode::sqrt_: return loopr(d, a, n, [](double x) { return std::sqrt(x); });
    case opcode::erf_: return loopr(d, a, n, [](double x) { return std::erf(x); });
    case opcode::sin_: return loopr(d, a, n, [](double x) { return std::sin(x); });
    case opcode::cos_: return loopr(d, a, n, [](double x) { return std::cos(x); });
    case opcode::tan_: return loopr(d, a, n, [](double x) { return std::tan(x); });
    case opcode::asin_: return loopr(d, a, n, [](double x) { return std::asin(x); });
    case opcode::acos_: return loopr(d, a, n, [](double x) { return std::acos(x); });
    case opcode::atan_: return loopr(d, a, n, [](double x) { return std::atan(x); });
    case opcode::sinh_: return loopr(d, a, n, [](double x) { return std::sinh(x); });
    case opcode::cosh_: return loopr(d, a, n, [](double x) { return std::cosh(x); });
    case opcode::tanh_: return loopr(d, a, n, [](double x) { return std::tanh(x); });
    case opcode::asinh_: return loopr(d, a, n, [](double x) { return std::asinh(x); });
    case opcode::acosh_: return loopr(d, a, n, [](double x) { return std::acosh(x); });
    case opcode::atanh_: return loopr(d, a, n, [](double x) { return std::atanh(x); });
    case opcode::sigmoid_: return loopr(d, a, n, sigmoid);
    case opcode::elu_: return loopr(d, a, n, [=](double x) { return x < 0 ? p * std::expm1(x) : x; });
    case opcode::hard_sigmoid_: return loopr(d, a, n, [=](double x) { return within_one(p * x + q); });
    case opcode::hard_swish_: return loopr(d, a, n, [=](double x) { return x * within_one(p * x + q); });
    case opcode::silu_: return loopr(d, a, n, [=](double x) { return x * sigmoid(p * x); });
    case opcode::gelu_erf_: return loopr(d, a, n, [](double x) { return x * 0.5 * (1 + std::erf(x * (std::numbers::sqrt2 / 2))); });
    case opcode::gelu_tanh_: return loopr(d, a, n, [](double x) { return x * 0.5 * (1 + std::tanh(std::numbers::sqrt2 * std::numbers::inv_sqrtpi * (x + 0.044715 * x * x * x))); });
    case opcode::softplus_: return loopr(d, a, n, softplus);
    case opcode::mish_: return loopr(d, a, n, [](double x) { return x * std::tanh(softplus(x)); });
    case opcode::softsign_: return loopr(d, a, n, [](double x) { return x / (1 + std::fabs(x)); });
    case opcode::selu_: return loopr(d, a, n, [=](double x) { return x > 0 ? q * x : q * p * std::expm1(x); });
    case opcode::is_nan_: return loop1(d, a, n, [](T x) { return T(x != x); });
    case opcode::is_inf_: return loop1(d, a, n, [=](T x) { return T((x == -HUGE_VAL && p != 0) || (x == HUGE_VAL && q != 0)); });
    case opcode::is_finite_: return loop1(d, a, n, [](T x) { return T(std::fabs(static_cast<double>(x)) < HUGE_VAL); });
    case opcode::count: return;
  }
}

template void eltwise_plain<double>(const Instruction&, double*, const double*, const double*, const double*, std::ptrdiff_t);
template void eltwise_plain<int32_t>(const Instruction&, int32_t*, const int32_t*, const int32_t*, const int32_t*, std::ptrdiff_t);
template void eltwise_plain<int64_t>(const Instruction&, int64_t*, const int64_t*, const int64_t*, const int64_t*, std::ptrdiff_t);
template void eltwise_plain<uint64_t>(const Instruction&, uint64_t*, const uint64_t*, const uint64_t*, const uint64_t*, std::ptrdiff_t);

}  // namespace cuvee
