/// The vector type of the instruction set that the including file is compiled for, chosen by CUVEE_VEC_* macros.
/// For implementation files only: everything is in an anonymous namespace, so nothing compiled with one file's flags can
/// be picked by the linker for another's.
#pragma once

#include <cstddef>
#include <cstdint>

#if defined(CUVEE_VEC_AVX512) || defined(CUVEE_VEC_AVX2)
#include <immintrin.h>
#endif

#define CUVEE_INLINE inline __attribute__((always_inline))

#if defined(CUVEE_VEC_NEON)
#include "kernels/simd/neon.h"
#else

namespace cuvee {
namespace {

#if defined(CUVEE_VEC_AVX512)

using V = __m512;
using M = __mmask16;
constexpr int B = 16;
CUVEE_INLINE V zero() { return _mm512_setzero_ps(); }
CUVEE_INLINE V set1(float x) { return _mm512_set1_ps(x); }
CUVEE_INLINE V load(const float* p) { return _mm512_loadu_ps(p); }
CUVEE_INLINE void store(float* p, V v) { _mm512_storeu_ps(p, v); }
/// p[0], p[1], p[0], p[1], …
CUVEE_INLINE V set1_pair(const float* p) {
  double pair;
  __builtin_memcpy(&pair, p, sizeof pair);
  return _mm512_castpd_ps(_mm512_set1_pd(pair));
}
/// x[0] + x[1], x[2] + x[3], … in the lower half, zero above.
CUVEE_INLINE V sum_pairs(V x) {
  const V sums = _mm512_add_ps(x, _mm512_permute_ps(x, 0xb1));
  return _mm512_maskz_permutexvar_ps(0xff, _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 0, 0, 0, 0, 0, 0, 0, 0), sums);
}
CUVEE_INLINE V load_n(const float* p, int n) { return _mm512_maskz_loadu_ps(__mmask16((1u << n) - 1), p); }
CUVEE_INLINE void store_n(float* p, V v, int n) { _mm512_mask_storeu_ps(p, __mmask16((1u << n) - 1), v); }
CUVEE_INLINE V keep_n(V v, int n) { return _mm512_maskz_mov_ps(__mmask16((1u << n) - 1), v); }
CUVEE_INLINE V add(V a, V b) { return _mm512_add_ps(a, b); }
CUVEE_INLINE V sub(V a, V b) { return _mm512_sub_ps(a, b); }
CUVEE_INLINE V mul(V a, V b) { return _mm512_mul_ps(a, b); }
CUVEE_INLINE V div(V a, V b) { return _mm512_div_ps(a, b); }
CUVEE_INLINE V sqrt(V x) { return _mm512_sqrt_ps(x); }
CUVEE_INLINE V fma(V a, V b, V c) { return _mm512_fmadd_ps(a, b, c); }
CUVEE_INLINE void accumulate(V& sum, V a, V b) { sum = fma(a, b, sum); }
/// The second operand when either is NaN, as all maxima and minima here.
CUVEE_INLINE V max(V a, V b) { return _mm512_max_ps(a, b); }
CUVEE_INLINE V min(V a, V b) { return _mm512_min_ps(a, b); }
CUVEE_INLINE V less(V a, V b, V yes, V no) { return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_LT_OQ), no, yes); }
/// Numbers of lanes, negative: none.
struct Lanes {
  __m512i index;
  M mask;
};
CUVEE_INLINE Lanes lanes_of(const std::int32_t* lane) {
  const __m512i index = _mm512_loadu_si512(lane);
  return {index, _mm512_cmpge_epi32_mask(index, _mm512_setzero_si512())};
}
/// Lane i of the result: lane lanes[i] of `from`, or lane i of `rest` where that is none.
CUVEE_INLINE V take(V rest, V from, Lanes lanes) { return _mm512_mask_permutexvar_ps(rest, lanes.mask, lanes.index, from); }
CUVEE_INLINE V round_nearest(V x) { return _mm512_roundscale_ps(x, 0); }
/// x * 2^n for integral n.
CUVEE_INLINE V scale2(V x, V n) { return _mm512_scalef_ps(x, n); }
CUVEE_INLINE V exponent_of(V x) { return _mm512_getexp_ps(x); }
CUVEE_INLINE V mantissa_of(V x) { return _mm512_getmant_ps(x, _MM_MANT_NORM_1_2, _MM_MANT_SIGN_src); }
CUVEE_INLINE V abs(V x) { return _mm512_abs_ps(x); }
CUVEE_INLINE V with_sign_of(V x, V s) {
  const __m512i sign = _mm512_set1_epi32(int(0x80000000));
  return _mm512_castsi512_ps(_mm512_ternarylogic_epi32(sign, _mm512_castps_si512(x), _mm512_castps_si512(s), 0xac));
}

#elif defined(CUVEE_VEC_AVX2)

using V = __m256;
constexpr int B = 8;
CUVEE_INLINE V zero() { return _mm256_setzero_ps(); }
CUVEE_INLINE V set1(float x) { return _mm256_set1_ps(x); }
CUVEE_INLINE V load(const float* p) { return _mm256_loadu_ps(p); }
CUVEE_INLINE void store(float* p, V v) { _mm256_storeu_ps(p, v); }
CUVEE_INLINE __m256i lanes_below(int n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
CUVEE_INLINE V load_n(const float* p, int n) { return _mm256_maskload_ps(p, lanes_below(n)); }
CUVEE_INLINE void store_n(float* p, V v, int n) { _mm256_maskstore_ps(p, lanes_below(n), v); }
CUVEE_INLINE V keep_n(V v, int n) { return _mm256_and_ps(v, _mm256_castsi256_ps(lanes_below(n))); }
CUVEE_INLINE V add(V a, V b) { return _mm256_add_ps(a, b); }
CUVEE_INLINE V sub(V a, V b) { return _mm256_sub_ps(a, b); }
CUVEE_INLINE V mul(V a, V b) { return _mm256_mul_ps(a, b); }
CUVEE_INLINE V div(V a, V b) { return _mm256_div_ps(a, b); }
CUVEE_INLINE V sqrt(V x) { return _mm256_sqrt_ps(x); }
CUVEE_INLINE V fma(V a, V b, V c) { return _mm256_fmadd_ps(a, b, c); }
/// sum += a * b in the register that holds the sum: left to itself, the compiler lets many sums wander, and spills some.
CUVEE_INLINE void accumulate(V& sum, V a, V b) { __asm__("vfmadd231ps %2, %1, %0" : "+x"(sum) : "x"(a), "x"(b)); }
CUVEE_INLINE V max(V a, V b) { return _mm256_max_ps(a, b); }
CUVEE_INLINE V min(V a, V b) { return _mm256_min_ps(a, b); }
CUVEE_INLINE V less(V a, V b, V yes, V no) { return _mm256_blendv_ps(no, yes, _mm256_cmp_ps(a, b, _CMP_LT_OQ)); }
using Lanes = __m256i;
CUVEE_INLINE Lanes lanes_of(const std::int32_t* lane) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(lane)); }
CUVEE_INLINE V take(V rest, V from, Lanes lanes) {
  return _mm256_blendv_ps(_mm256_permutevar8x32_ps(from, lanes), rest, _mm256_castsi256_ps(lanes));
}
CUVEE_INLINE V round_nearest(V x) { return _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
CUVEE_INLINE V power_of_two(__m256i n) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(n, _mm256_set1_epi32(127)), 23));
}
CUVEE_INLINE V scale2(V x, V n) {
  const __m256i whole = _mm256_cvtps_epi32(n), half = _mm256_srai_epi32(whole, 1);
  return mul(mul(x, power_of_two(half)), power_of_two(_mm256_sub_epi32(whole, half)));
}
CUVEE_INLINE V exponent_of(V x) {
  const __m256i bits = _mm256_and_si256(_mm256_srli_epi32(_mm256_castps_si256(x), 23), _mm256_set1_epi32(255));
  return _mm256_cvtepi32_ps(_mm256_sub_epi32(bits, _mm256_set1_epi32(127)));
}
CUVEE_INLINE V mantissa_of(V x) {
  const __m256i bits = _mm256_and_si256(_mm256_castps_si256(x), _mm256_set1_epi32(int(0x807fffff)));
  return _mm256_castsi256_ps(_mm256_or_si256(bits, _mm256_set1_epi32(0x3f800000)));
}
CUVEE_INLINE V abs(V x) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x); }
CUVEE_INLINE V with_sign_of(V x, V s) { return _mm256_or_ps(abs(x), _mm256_and_ps(_mm256_set1_ps(-0.0f), s)); }

#else  // plain C++ over the compiler's vector type: the portable set

typedef float V __attribute__((vector_size(32)));
typedef std::int32_t I __attribute__((vector_size(32)));
constexpr int B = 8;
CUVEE_INLINE V zero() { return V{}; }
CUVEE_INLINE V set1(float x) { return V{x, x, x, x, x, x, x, x}; }
CUVEE_INLINE V load(const float* p) {
  V v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}
CUVEE_INLINE void store(float* p, V v) { __builtin_memcpy(p, &v, sizeof v); }
CUVEE_INLINE V load_n(const float* p, int n) {
  V v{};
  for (int i = 0; i < n; ++i) v[i] = p[i];
  return v;
}
CUVEE_INLINE void store_n(float* p, V v, int n) {
  for (int i = 0; i < n; ++i) p[i] = v[i];
}
CUVEE_INLINE V keep_n(V v, int n) {
  for (int i = n; i < B; ++i) v[i] = 0;
  return v;
}
CUVEE_INLINE V add(V a, V b) { return a + b; }
CUVEE_INLINE V sub(V a, V b) { return a - b; }
CUVEE_INLINE V mul(V a, V b) { return a * b; }
CUVEE_INLINE V div(V a, V b) { return a / b; }
CUVEE_INLINE V sqrt(V x) {
  V r;
  for (int i = 0; i < B; ++i) r[i] = __builtin_sqrtf(x[i]);
  return r;
}
CUVEE_INLINE V fma(V a, V b, V c) { return a * b + c; }
CUVEE_INLINE void accumulate(V& sum, V a, V b) { sum = fma(a, b, sum); }
CUVEE_INLINE V max(V a, V b) { return a > b ? a : b; }
CUVEE_INLINE V min(V a, V b) { return a < b ? a : b; }
CUVEE_INLINE V less(V a, V b, V yes, V no) { return a < b ? yes : no; }
using Lanes = const std::int32_t*;
CUVEE_INLINE Lanes lanes_of(const std::int32_t* lane) { return lane; }
CUVEE_INLINE V take(V rest, V from, Lanes lane) {
  for (int i = 0; i < B; ++i) rest[i] = lane[i] < 0 ? rest[i] : from[lane[i]];
  return rest;
}
CUVEE_INLINE V round_nearest(V x) {
  V r;
  for (int i = 0; i < B; ++i) r[i] = __builtin_nearbyintf(x[i]);
  return r;
}
CUVEE_INLINE V power_of_two(I n) { return reinterpret_cast<V>((n + 127) << 23); }
CUVEE_INLINE V scale2(V x, V n) {
  const I whole = __builtin_convertvector(n, I), half = whole >> 1;
  return x * power_of_two(half) * power_of_two(whole - half);
}
CUVEE_INLINE V exponent_of(V x) { return __builtin_convertvector(((reinterpret_cast<I>(x) >> 23) & 255) - 127, V); }
CUVEE_INLINE V mantissa_of(V x) { return reinterpret_cast<V>((reinterpret_cast<I>(x) & int(0x807fffff)) | 0x3f800000); }
CUVEE_INLINE V abs(V x) { return reinterpret_cast<V>(reinterpret_cast<I>(x) & 0x7fffffff); }
CUVEE_INLINE V with_sign_of(V x, V s) {
  return reinterpret_cast<V>((reinterpret_cast<I>(x) & 0x7fffffff) | (reinterpret_cast<I>(s) & int(0x80000000)));
}

#endif

}  // namespace
}  // namespace cuvee

#endif  // NEON
