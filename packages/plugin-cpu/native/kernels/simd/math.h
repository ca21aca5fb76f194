/// Vector mathematics over V, for implementation files. Errors are against correctly rounded results.
#pragma once

#include "kernels/simd/vec.h"
#include "kernels/tensor.h"

namespace cuvee {
namespace {

/// exp, about 1.5 ULP; overflows to infinity, underflows through denormals to 0, NaN passes.
CUVEE_INLINE V exp(V x) {
  const V n0 = round_nearest(mul(x, set1(1.44269504f)));
  const V n = max(set1(-160.0f), min(set1(160.0f), n0));  // NaN stays in n0 and x
  V r = fma(n, set1(-0.693359375f), x);
  r = fma(n, set1(2.12194440e-4f), r);
  r = less(abs(x), set1(1e4f), r, x);  // far out n is clamped: keep r finite and signed
  r = max(set1(-1.0f), min(set1(1.0f), r));
  V p = set1(1.98412698e-4f);
  p = fma(p, r, set1(1.38888889e-3f));
  p = fma(p, r, set1(8.33333333e-3f));
  p = fma(p, r, set1(4.16666667e-2f));
  p = fma(p, r, set1(1.66666667e-1f));
  p = fma(p, r, set1(0.5f));
  p = fma(p, mul(r, r), add(r, set1(1.0f)));
  return scale2(p, n);
}

CUVEE_INLINE V sigmoid(V x) { return div(set1(1.0f), add(set1(1.0f), exp(sub(zero(), x)))); }

/// tanh, about 3 ULP: odd polynomial near zero, exponential beyond.
CUVEE_INLINE V tanh(V x) {
  const V a = abs(x), z = mul(x, x);
  V p = set1(-5.70498872745e-3f);
  p = fma(p, z, set1(2.06390887954e-2f));
  p = fma(p, z, set1(-5.37397155531e-2f));
  p = fma(p, z, set1(1.33314422036e-1f));
  p = fma(p, z, set1(-3.33332819422e-1f));
  const V near = fma(mul(p, z), x, x);
  const V far = sub(set1(1.0f), div(set1(2.0f), add(exp(add(a, a)), set1(1.0f))));
  return less(a, set1(0.625f), near, with_sign_of(far, x));
}

/// erfc of a non-negative number, relative error below 3e-7 down to the smallest normal results (Chebyshev fit of the
/// logarithm in 1 / (1 + x / 2), Numerical Recipes 6.2).
CUVEE_INLINE V erfc_positive(V x) {
  const V t = div(set1(1.0f), fma(x, set1(0.5f), set1(1.0f)));
  V p = set1(0.17087277f);
  p = fma(p, t, set1(-0.82215223f));
  p = fma(p, t, set1(1.48851587f));
  p = fma(p, t, set1(-1.13520398f));
  p = fma(p, t, set1(0.27886807f));
  p = fma(p, t, set1(-0.18628806f));
  p = fma(p, t, set1(0.09678418f));
  p = fma(p, t, set1(0.37409196f));
  p = fma(p, t, set1(1.00002368f));
  p = fma(p, t, set1(-1.26551223f));
  return mul(t, mul(exp(sub(zero(), mul(x, x))), exp(p)));
}

/// erf, about 4 ULP: its power series near zero, 1 - erfc beyond.
CUVEE_INLINE V erf(V x) {
  const V a = abs(x), z = mul(x, x);
  V p = set1(1.2055333e-4f);  // 2 / sqrt(pi) / (n! (2 n + 1)), alternating, n = 6 ... 0
  p = fma(p, z, set1(-8.5483270e-4f));
  p = fma(p, z, set1(5.2239776e-3f));
  p = fma(p, z, set1(-2.6866171e-2f));
  p = fma(p, z, set1(1.1283792e-1f));
  p = fma(p, z, set1(-3.7612639e-1f));
  p = fma(p, z, set1(1.1283792f));
  const V far = sub(set1(1.0f), erfc_positive(min(set1(9.0f), a)));
  return less(a, set1(0.5f), mul(p, x), with_sign_of(far, x));
}

/// log(1 + exp(x)) = max(x, 0) + log1p(e) with e = exp(-|x|), log1p(e) = 2 artanh(e / (2 + e)).
CUVEE_INLINE V softplus(V x) {
  const V e = exp(sub(zero(), abs(x))), s = div(e, add(e, set1(2.0f))), z = mul(s, s);
  V p = set1(2.0f / 15);
  p = fma(p, z, set1(2.0f / 13));
  p = fma(p, z, set1(2.0f / 11));
  p = fma(p, z, set1(2.0f / 9));
  p = fma(p, z, set1(2.0f / 7));
  p = fma(p, z, set1(2.0f / 5));
  p = fma(p, z, set1(2.0f / 3));
  p = fma(p, z, set1(2.0f));
  return fma(p, s, max(zero(), x));
}

/// x * tanh(softplus(x)) = x * n / (n + 2) with n = e^x (e^x + 2).
CUVEE_INLINE V mish(V x) {
  const V e = exp(min(set1(20.0f), x)), n = mul(e, add(e, set1(2.0f)));
  return mul(x, div(n, add(n, set1(2.0f))));
}

/// x * (1 + erf(x / sqrt 2)) / 2 through erfc, so that small results keep their relative accuracy.
CUVEE_INLINE V gelu_erf(V x) {
  const V tail = mul(mul(x, set1(0.5f)), erfc_positive(min(set1(9.0f), mul(abs(x), set1(0.70710678f)))));
  return less(x, zero(), tail, sub(x, tail));
}

/// One activation, see Act.
CUVEE_INLINE V activate(V x, Act act, float a, float b) {
  const V one = set1(1.0f);
  switch (act) {
    case Act::none: return x;
    case Act::relu: return max(zero(), x);
    case Act::clip: return min(set1(b), max(set1(a), x));
    case Act::hard_swish: return mul(x, min(one, max(zero(), fma(set1(a), x, set1(b)))));
    case Act::hard_sigmoid: return min(one, max(zero(), fma(set1(a), x, set1(b))));
    case Act::sigmoid: return sigmoid(x);
    case Act::silu: return mul(x, sigmoid(mul(set1(a), x)));
    case Act::elu: return less(x, zero(), mul(set1(a), sub(exp(x), one)), x);
    case Act::leaky_relu: return less(x, zero(), mul(set1(a), x), x);
    case Act::gelu_erf: return gelu_erf(x);
    case Act::gelu_tanh: {
      const V cube = mul(mul(x, x), x);
      return mul(mul(x, set1(0.5f)), add(one, tanh(mul(set1(0.79788456f), fma(cube, set1(0.044715f), x)))));
    }
    case Act::tanh: return tanh(x);
    case Act::softplus: return softplus(x);
    case Act::mish: return mish(x);
  }
  return x;
}

}  // namespace
}  // namespace cuvee
