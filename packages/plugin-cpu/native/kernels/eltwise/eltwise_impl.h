// Implementation of eltwise.h in f32 for the instruction set of the including file.
#include <cmath>

#include "kernels/eltwise/eltwise.h"
#include "kernels/simd/math.h"

namespace cuvee {
namespace {

// d[i] = f(a[i]) by vectors, the tail through a masked one.
template <class F>
CUVEE_INLINE void vectors(float* d, const float* a, std::ptrdiff_t n, F f) {
  std::ptrdiff_t i = 0;
  for (; i + B <= n; i += B) store(d + i, f(load(a + i)));
  if (i < n) store_n(d + i, f(load_n(a + i, int(n - i))), int(n - i));
}

// d[i] = f(a[i], …): loops that the compiler vectorises.
template <class F>
CUVEE_INLINE void loop1(float* d, const float* a, std::ptrdiff_t n, F f) {
  for (std::ptrdiff_t i = 0; i < n; ++i) d[i] = f(a[i]);
}
template <class F>
CUVEE_INLINE void loop2(float* d, const float* a, const float* b, std::ptrdiff_t n, F f) {
  for (std::ptrdiff_t i = 0; i < n; ++i) d[i] = f(a[i], b[i]);
}

float power(float x, float y) {
  if (y == 2.0f) return x * x;
  if (y == 1.0f) return x;
  if (y == 0.5f && x >= 0.0f) return __builtin_sqrtf(x);
  return std::pow(x, y);
}

void row(const Instruction& in, float* d, const float* a, const float* b, const float* c, std::ptrdiff_t n) {
  const float p = in.p, q = in.q;
  const auto act = [&](Act kind, float x, float y) { vectors(d, a, n, [=](V v) { return activate(v, kind, x, y); }); };
  switch (static_cast<opcode::Opcode>(in.op)) {
    case opcode::add_: return loop2(d, a, b, n, [](float x, float y) { return x + y; });
    case opcode::sub_: return loop2(d, a, b, n, [](float x, float y) { return x - y; });
    case opcode::mul_: return loop2(d, a, b, n, [](float x, float y) { return x * y; });
    case opcode::div_: return loop2(d, a, b, n, [](float x, float y) { return x / y; });
    case opcode::floor_mod_:
      return loop2(d, a, b, n, [](float x, float y) {
        const float rest = std::fmod(x, y);
        return rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest;
      });
    case opcode::mod_: return loop2(d, a, b, n, [](float x, float y) { return std::fmod(x, y); });
    case opcode::pow_: return loop2(d, a, b, n, power);
    case opcode::max_: return loop2(d, a, b, n, [](float x, float y) { return x > y || x != x ? x : y; });
    case opcode::min_: return loop2(d, a, b, n, [](float x, float y) { return x < y || x != x ? x : y; });
    case opcode::squared_difference_: return loop2(d, a, b, n, [](float x, float y) { return (x - y) * (x - y); });
    case opcode::equal_: return loop2(d, a, b, n, [](float x, float y) { return x == y ? 1.0f : 0.0f; });
    case opcode::not_equal_: return loop2(d, a, b, n, [](float x, float y) { return x != y ? 1.0f : 0.0f; });
    case opcode::less_: return loop2(d, a, b, n, [](float x, float y) { return x < y ? 1.0f : 0.0f; });
    case opcode::less_equal_: return loop2(d, a, b, n, [](float x, float y) { return x <= y ? 1.0f : 0.0f; });
    case opcode::greater_: return loop2(d, a, b, n, [](float x, float y) { return x > y ? 1.0f : 0.0f; });
    case opcode::greater_equal_: return loop2(d, a, b, n, [](float x, float y) { return x >= y ? 1.0f : 0.0f; });
    case opcode::and_: return loop2(d, a, b, n, [](float x, float y) { return x != 0 && y != 0 ? 1.0f : 0.0f; });
    case opcode::or_: return loop2(d, a, b, n, [](float x, float y) { return x != 0 || y != 0 ? 1.0f : 0.0f; });
    case opcode::xor_: return loop2(d, a, b, n, [](float x, float y) { return (x != 0) != (y != 0) ? 1.0f : 0.0f; });
    case opcode::not_: return loop1(d, a, n, [](float x) { return x == 0 ? 1.0f : 0.0f; });
    case opcode::select_:
      for (std::ptrdiff_t i = 0; i < n; ++i) d[i] = a[i] != 0 ? b[i] : c[i];
      return;
    case opcode::abs_: return loop1(d, a, n, [](float x) { return std::fabs(x); });
    case opcode::neg_: return loop1(d, a, n, [](float x) { return -x; });
    case opcode::sign_: return loop1(d, a, n, [](float x) { return x > 0 ? 1.0f : x < 0 ? -1.0f : x; });
    case opcode::floor_: return loop1(d, a, n, [](float x) { return std::floor(x); });
    case opcode::ceil_: return loop1(d, a, n, [](float x) { return std::ceil(x); });
    case opcode::round_even_: return loop1(d, a, n, [](float x) { return std::nearbyint(x); });
    case opcode::round_away_: return loop1(d, a, n, [](float x) { return std::round(x); });
    case opcode::exp_: return vectors(d, a, n, [](V v) { return exp(v); });
    case opcode::log_: return loop1(d, a, n, [](float x) { return std::log(x); });
    case opcode::sqrt_: return loop1(d, a, n, [](float x) { return __builtin_sqrtf(x); });
    case opcode::erf_: return vectors(d, a, n, [](V v) { return erf(v); });
    case opcode::sin_: return loop1(d, a, n, [](float x) { return std::sin(x); });
    case opcode::cos_: return loop1(d, a, n, [](float x) { return std::cos(x); });
    case opcode::tan_: return loop1(d, a, n, [](float x) { return std::tan(x); });
    case opcode::asin_: return loop1(d, a, n, [](float x) { return std::asin(x); });
    case opcode::acos_: return loop1(d, a, n, [](float x) { return std::acos(x); });
    case opcode::atan_: return loop1(d, a, n, [](float x) { return std::atan(x); });
    case opcode::sinh_: return loop1(d, a, n, [](float x) { return std::sinh(x); });
    case opcode::cosh_: return loop1(d, a, n, [](float x) { return std::cosh(x); });
    case opcode::tanh_: return act(Act::tanh, 0, 0);
    case opcode::asinh_: return loop1(d, a, n, [](float x) { return std::asinh(x); });
    case opcode::acosh_: return loop1(d, a, n, [](float x) { return std::acosh(x); });
    case opcode::atanh_: return loop1(d, a, n, [](float x) { return std::atanh(x); });
    case opcode::sigmoid_: return act(Act::sigmoid, 0, 0);
    case opcode::relu_: return act(Act::relu, 0, 0);
    case opcode::clip_: return act(Act::clip, p, q);
    case opcode::elu_: return act(Act::elu, p, q);
    case opcode::prelu_: return loop2(d, a, b, n, [](float x, float s) { return x < 0 ? x * s : x; });
    case opcode::hard_sigmoid_: return act(Act::hard_sigmoid, p, q);
    case opcode::hard_swish_: return act(Act::hard_swish, p, q);
    case opcode::silu_: return act(Act::silu, p, q);
    case opcode::gelu_erf_: return act(Act::gelu_erf, 0, 0);
    case opcode::gelu_tanh_: return act(Act::gelu_tanh, 0, 0);
    case opcode::softplus_: return act(Act::softplus, 0, 0);
    case opcode::mish_: return act(Act::mish, 0, 0);
    case opcode::softsign_: return loop1(d, a, n, [](float x) { return x / (1 + std::fabs(x)); });
    case opcode::selu_: return loop1(d, a, n, [=](float x) { return x > 0 ? q * x : q * p * std::expm1(x); });
    case opcode::is_nan_: return loop1(d, a, n, [](float x) { return x != x ? 1.0f : 0.0f; });
    case opcode::is_inf_: return loop1(d, a, n, [=](float x) { return (x == -HUGE_VALF && p != 0) || (x == HUGE_VALF && q != 0) ? 1.0f : 0.0f; });
    case opcode::is_finite_: return loop1(d, a, n, [](float x) { return std::fabs(x) < HUGE_VALF ? 1.0f : 0.0f; });
    case opcode::trunc_div_: return loop2(d, a, b, n, [](float x, float y) { return std::trunc(x / y); });
    case opcode::floor_div_: return loop2(d, a, b, n, [](float x, float y) { return std::floor(x / y); });
    case opcode::copy_: return loop1(d, a, n, [](float x) { return x; });
    case opcode::bit_and_: case opcode::bit_or_: case opcode::bit_xor_: case opcode::bit_not_:
    case opcode::shift_left_: case opcode::shift_right_: case opcode::count: return;
  }
}

}  // namespace
}  // namespace cuvee
