#include <cfloat>
#include <cmath>
#include <limits>

#include "kernels/eltwise/eltwise.h"
#include "tests/check.h"

using namespace cuvee;
using namespace cuvee::test;

namespace {

constexpr const char* names[] = {
#define OPCODE(name) #name,
#include "kernels/eltwise/opcodes.inc"
#undef OPCODE
};

bool of_integers(int op) { return op >= opcode::bit_and_ && op <= opcode::shift_right_; }

// An instruction in double precision.
double wanted(int op, double x, double y, double z, double p, double q) {
  const auto yes = [](bool b) { return b ? 1.0 : 0.0; };
  switch (static_cast<opcode::Opcode>(op)) {
    case opcode::add_: return x + y;
    case opcode::sub_: return x - y;
    case opcode::mul_: return x * y;
    case opcode::div_: return x / y;
    case opcode::mod_: return std::fmod(x, y);
    case opcode::floor_mod_: {
      const double rest = std::fmod(x, y);
      return rest != 0 && std::signbit(rest) != std::signbit(y) ? rest + y : rest;
    }
    case opcode::pow_: return std::pow(x, y);
    case opcode::max_: return x != x || y != y ? NAN : std::max(x, y);
    case opcode::min_: return x != x || y != y ? NAN : std::min(x, y);
    case opcode::squared_difference_: return (x - y) * (x - y);
    case opcode::equal_: return yes(x == y);
    case opcode::not_equal_: return yes(x != y);
    case opcode::less_: return yes(x < y);
    case opcode::less_equal_: return yes(x <= y);
    case opcode::greater_: return yes(x > y);
    case opcode::greater_equal_: return yes(x >= y);
    case opcode::and_: return yes(x != 0 && y != 0);
    case opcode::or_: return yes(x != 0 || y != 0);
    case opcode::xor_: return yes((x != 0) != (y != 0));
    case opcode::not_: return yes(x == 0);
    case opcode::select_: return x != 0 ? y : z;
    case opcode::abs_: return std::fabs(x);
    case opcode::neg_: return -x;
    case opcode::sign_: return x > 0 ? 1 : x < 0 ? -1 : x;
    case opcode::floor_: return std::floor(x);
    case opcode::ceil_: return std::ceil(x);
    case opcode::round_even_: return std::nearbyint(x);
    case opcode::round_away_: return std::round(x);
    case opcode::exp_: return std::exp(x);
    case opcode::log_: return std::log(x);
    case opcode::sqrt_: return std::sqrt(x);
    case opcode::erf_: return std::erf(x);
    case opcode::sin_: return std::sin(x);
    case opcode::cos_: return std::cos(x);
    case opcode::tan_: return std::tan(x);
    case opcode::asin_: return std::asin(x);
    case opcode::acos_: return std::acos(x);
    case opcode::atan_: return std::atan(x);
    case opcode::sinh_: return std::sinh(x);
    case opcode::cosh_: return std::cosh(x);
    case opcode::asinh_: return std::asinh(x);
    case opcode::acosh_: return std::acosh(x);
    case opcode::atanh_: return std::atanh(x);
    case opcode::tanh_: return activate(x, Act::tanh, p, q);
    case opcode::sigmoid_: return activate(x, Act::sigmoid, p, q);
    case opcode::relu_: return activate(x, Act::relu, p, q);
    case opcode::clip_: return activate(x, Act::clip, p, q);
    case opcode::elu_: return activate(x, Act::elu, p, q);
    case opcode::hard_sigmoid_: return activate(x, Act::hard_sigmoid, p, q);
    case opcode::hard_swish_: return activate(x, Act::hard_swish, p, q);
    case opcode::silu_: return activate(x, Act::silu, p, q);
    case opcode::gelu_erf_: return activate(x, Act::gelu_erf, p, q);
    case opcode::gelu_tanh_: return activate(x, Act::gelu_tanh, p, q);
    case opcode::softplus_: return activate(x, Act::softplus, p, q);
    case opcode::mish_: return activate(x, Act::mish, p, q);
    case opcode::prelu_: return x < 0 ? x * y : x;
    case opcode::softsign_: return x / (1 + std::fabs(x));
    case opcode::selu_: return x > 0 ? q * x : q * p * std::expm1(x);
    case opcode::is_nan_: return yes(x != x);
    case opcode::is_inf_: return yes((x == -HUGE_VAL && p != 0) || (x == HUGE_VAL && q != 0));
    case opcode::is_finite_: return yes(std::isfinite(x));
    case opcode::trunc_div_: return std::trunc(x / y);
    case opcode::floor_div_: return std::floor(x / y);
    case opcode::copy_: return x;
    default: return NAN;
  }
}

// Whether a result is as near as f32 allows. Sums that cancel are off by roundings of what they are made of.
bool near(double got, double want) {
  if (want != want) return got != got;
  if (std::fabs(want) > FLT_MAX) return got == (want > 0 ? HUGE_VAL : -HUGE_VAL) || std::fabs(got) > FLT_MAX / 2;
  return std::fabs(got - want) <= 4e-6 * std::fabs(want) + 1e-6;
}

}  // namespace

TEST(eltwise_every_instruction) {
  const float odd[] = {0, -0.0f, 1, -1, 0.5f, -0.5f, 1.5f, 2.5f, -2.5f, 3, 6, NAN, INFINITY, -INFINITY};
  constexpr int special = static_cast<int>(std::size(odd));
  for (Isa isa : isas()) {
    const EltwiseRow run = eltwise_row(isa);
    for (int op = 0; op < opcode::count; ++op) {
      if (of_integers(op)) continue;
      for (const int n : {1, 7, 16, 33, 100}) {
        Guarded a(n), b(n), c(n), to(n, 9);
        Random random(op * 1000 + n);
        for (Guarded* x : {&a, &b, &c})
          for (int i = 0; i < n; ++i) (*x)[i] = random.below(4) == 0 ? odd[random.below(special)] : 6 * random.value();
        const float p = 0.25f, q = 0.75f;
        run({static_cast<std::uint8_t>(op), 3, 0, 1, 2, p, q}, to.data(), a.data(), b.data(), c.data(), n);
        for (int i = 0; i < n; ++i) {
          // Factors of an infinity that are nothing, and quotients by it, are for IEEE 754 to say, not for a formula of an activation.
          if (std::isinf(a[i]) && op >= opcode::elu_ && op <= opcode::mish_) continue;
          CHECK(near(to[i], wanted(op, a[i], b[i], c[i], p, q)), "%s %s of %g, %g, %g: %.9g, not %.9g", isa_name(isa), names[op], double(a[i]), double(b[i]), double(c[i]),
                double(to[i]), wanted(op, a[i], b[i], c[i], p, q));
        }
        // In place, as programs run.
        Guarded first(n);
        for (int i = 0; i < n; ++i) first[i] = a[i];
        run({static_cast<std::uint8_t>(op), 0, 0, 1, 2, p, q}, first.data(), first.data(), b.data(), c.data(), n);
        for (int i = 0; i < n; ++i)
          CHECK(first[i] == to[i] || (first[i] != first[i] && to[i] != to[i]), "%s %s in place: %g, not %g", isa_name(isa), names[op], double(first[i]), double(to[i]));
      }
    }
  }
}
