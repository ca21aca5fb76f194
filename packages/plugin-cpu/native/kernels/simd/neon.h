/// V for NEON: eight lanes in two registers, so that blocks are as wide as on AVX2. Included by vec.h alone.
#pragma once

#include <arm_neon.h>

namespace cuvee {
namespace {

struct V {
  float32x4_t low, high;
};
constexpr int B = 8;

CUVEE_INLINE V zero() { return {vdupq_n_f32(0), vdupq_n_f32(0)}; }
CUVEE_INLINE V set1(float x) { return {vdupq_n_f32(x), vdupq_n_f32(x)}; }
CUVEE_INLINE V load(const float* p) { return {vld1q_f32(p), vld1q_f32(p + 4)}; }
CUVEE_INLINE void store(float* p, V v) {
  vst1q_f32(p, v.low);
  vst1q_f32(p + 4, v.high);
}
CUVEE_INLINE V load_n(const float* p, int n) {
  float part[B] = {};
  for (int i = 0; i < n; ++i) part[i] = p[i];
  return load(part);
}
CUVEE_INLINE void store_n(float* p, V v, int n) {
  float part[B];
  store(part, v);
  for (int i = 0; i < n; ++i) p[i] = part[i];
}
CUVEE_INLINE float32x4_t keep(float32x4_t v, uint32x4_t mask) { return vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(v), mask)); }
CUVEE_INLINE V keep_n(V v, int n) {
  constexpr int32_t lanes[B] = {0, 1, 2, 3, 4, 5, 6, 7};
  const int32x4_t count = vdupq_n_s32(n);
  return {keep(v.low, vcltq_s32(vld1q_s32(lanes), count)), keep(v.high, vcltq_s32(vld1q_s32(lanes + 4), count))};
}
CUVEE_INLINE V add(V a, V b) { return {vaddq_f32(a.low, b.low), vaddq_f32(a.high, b.high)}; }
CUVEE_INLINE V sub(V a, V b) { return {vsubq_f32(a.low, b.low), vsubq_f32(a.high, b.high)}; }
CUVEE_INLINE V mul(V a, V b) { return {vmulq_f32(a.low, b.low), vmulq_f32(a.high, b.high)}; }
CUVEE_INLINE V div(V a, V b) { return {vdivq_f32(a.low, b.low), vdivq_f32(a.high, b.high)}; }
CUVEE_INLINE V sqrt(V x) { return {vsqrtq_f32(x.low), vsqrtq_f32(x.high)}; }
CUVEE_INLINE V fma(V a, V b, V c) { return {vfmaq_f32(c.low, a.low, b.low), vfmaq_f32(c.high, a.high, b.high)}; }
CUVEE_INLINE void accumulate(V& sum, V a, V b) { sum = fma(a, b, sum); }
// Not vmaxq and vminq, which give NaN when either operand is one.
CUVEE_INLINE V max(V a, V b) {
  return {vbslq_f32(vcgtq_f32(a.low, b.low), a.low, b.low), vbslq_f32(vcgtq_f32(a.high, b.high), a.high, b.high)};
}
CUVEE_INLINE V min(V a, V b) {
  return {vbslq_f32(vcltq_f32(a.low, b.low), a.low, b.low), vbslq_f32(vcltq_f32(a.high, b.high), a.high, b.high)};
}
CUVEE_INLINE V less(V a, V b, V yes, V no) {
  return {vbslq_f32(vcltq_f32(a.low, b.low), yes.low, no.low), vbslq_f32(vcltq_f32(a.high, b.high), yes.high, no.high)};
}
using Lanes = const std::int32_t*;
CUVEE_INLINE Lanes lanes_of(const std::int32_t* lane) { return lane; }
CUVEE_INLINE V take(V rest, V from, Lanes lane) {
  float out[B], in[B];
  store(out, rest);
  store(in, from);
  for (int i = 0; i < B; ++i)
    if (lane[i] >= 0) out[i] = in[lane[i]];
  return load(out);
}
CUVEE_INLINE V round_nearest(V x) { return {vrndnq_f32(x.low), vrndnq_f32(x.high)}; }
CUVEE_INLINE float32x4_t power_of_two(int32x4_t n) { return vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(n, vdupq_n_s32(127)), 23)); }
CUVEE_INLINE float32x4_t scale2(float32x4_t x, float32x4_t n) {
  const int32x4_t whole = vcvtnq_s32_f32(n), half = vshrq_n_s32(whole, 1);
  return vmulq_f32(vmulq_f32(x, power_of_two(half)), power_of_two(vsubq_s32(whole, half)));
}
CUVEE_INLINE V scale2(V x, V n) { return {scale2(x.low, n.low), scale2(x.high, n.high)}; }
CUVEE_INLINE float32x4_t exponent_of(float32x4_t x) {
  const int32x4_t bits = vandq_s32(vshrq_n_s32(vreinterpretq_s32_f32(x), 23), vdupq_n_s32(255));
  return vcvtq_f32_s32(vsubq_s32(bits, vdupq_n_s32(127)));
}
CUVEE_INLINE V exponent_of(V x) { return {exponent_of(x.low), exponent_of(x.high)}; }
CUVEE_INLINE float32x4_t mantissa_of(float32x4_t x) {
  return vbslq_f32(vdupq_n_u32(0x7f800000), vdupq_n_f32(1), x);
}
CUVEE_INLINE V mantissa_of(V x) { return {mantissa_of(x.low), mantissa_of(x.high)}; }
CUVEE_INLINE V abs(V x) { return {vabsq_f32(x.low), vabsq_f32(x.high)}; }
CUVEE_INLINE V with_sign_of(V x, V s) {
  const uint32x4_t sign = vdupq_n_u32(0x80000000);
  return {vbslq_f32(sign, s.low, x.low), vbslq_f32(sign, s.high, x.high)};
}

/// Transposes four rows of four.
CUVEE_INLINE void transpose4(float32x4_t& a, float32x4_t& b, float32x4_t& c, float32x4_t& d) {
  const float32x4x2_t ab = vtrnq_f32(a, b), cd = vtrnq_f32(c, d);
  a = vcombine_f32(vget_low_f32(ab.val[0]), vget_low_f32(cd.val[0]));
  b = vcombine_f32(vget_low_f32(ab.val[1]), vget_low_f32(cd.val[1]));
  c = vcombine_f32(vget_high_f32(ab.val[0]), vget_high_f32(cd.val[0]));
  d = vcombine_f32(vget_high_f32(ab.val[1]), vget_high_f32(cd.val[1]));
}
CUVEE_INLINE void transpose(V (&r)[B]) {
  transpose4(r[0].low, r[1].low, r[2].low, r[3].low);
  transpose4(r[4].high, r[5].high, r[6].high, r[7].high);
  transpose4(r[0].high, r[1].high, r[2].high, r[3].high);
  transpose4(r[4].low, r[5].low, r[6].low, r[7].low);
  for (int i = 0; i < 4; ++i) {
    const float32x4_t upper = r[i].high;
    r[i].high = r[i + 4].low;
    r[i + 4].low = upper;
  }
}

}  // namespace
}  // namespace cuvee
