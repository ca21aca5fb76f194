/// In-register transposition of a B x B matrix, for implementation files.
#pragma once

#include "kernels/simd/vec.h"

namespace cuvee {
namespace {

#if defined(CUVEE_VEC_AVX512)
CUVEE_INLINE void transpose(V (&r)[B]) {
  V t[B];
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) {
    t[2 * i] = _mm512_unpacklo_ps(r[2 * i], r[2 * i + 1]);
    t[2 * i + 1] = _mm512_unpackhi_ps(r[2 * i], r[2 * i + 1]);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {  // r[4i + j]: column j of every 4x4 block of rows 4i .. 4i+3
    const __m512d a = _mm512_castps_pd(t[4 * i]), b = _mm512_castps_pd(t[4 * i + 1]);
    const __m512d c = _mm512_castps_pd(t[4 * i + 2]), d = _mm512_castps_pd(t[4 * i + 3]);
    r[4 * i] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, c));
    r[4 * i + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, c));
    r[4 * i + 2] = _mm512_castpd_ps(_mm512_unpacklo_pd(b, d));
    r[4 * i + 3] = _mm512_castpd_ps(_mm512_unpackhi_pd(b, d));
  }
#pragma GCC unroll 4
  for (int j = 0; j < 4; ++j) {  // a 4x4 transposition of 128-bit lanes for every column j
    const V even_low = _mm512_shuffle_f32x4(r[j], r[4 + j], 0x88), odd_low = _mm512_shuffle_f32x4(r[j], r[4 + j], 0xdd);
    const V even_high = _mm512_shuffle_f32x4(r[8 + j], r[12 + j], 0x88), odd_high = _mm512_shuffle_f32x4(r[8 + j], r[12 + j], 0xdd);
    t[j] = _mm512_shuffle_f32x4(even_low, even_high, 0x88);
    t[4 + j] = _mm512_shuffle_f32x4(odd_low, odd_high, 0x88);
    t[8 + j] = _mm512_shuffle_f32x4(even_low, even_high, 0xdd);
    t[12 + j] = _mm512_shuffle_f32x4(odd_low, odd_high, 0xdd);
  }
#pragma GCC unroll 16
  for (int i = 0; i < B; ++i) r[i] = t[i];
}
#elif defined(CUVEE_VEC_AVX2)
CUVEE_INLINE void transpose(V (&r)[B]) {
  V t[B];
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    t[2 * i] = _mm256_unpacklo_ps(r[2 * i], r[2 * i + 1]);
    t[2 * i + 1] = _mm256_unpackhi_ps(r[2 * i], r[2 * i + 1]);
  }
  V u[B];
#pragma GCC unroll 2
  for (int i = 0; i < 2; ++i) {
    u[4 * i] = _mm256_shuffle_ps(t[4 * i], t[4 * i + 2], 0x44);
    u[4 * i + 1] = _mm256_shuffle_ps(t[4 * i], t[4 * i + 2], 0xee);
    u[4 * i + 2] = _mm256_shuffle_ps(t[4 * i + 1], t[4 * i + 3], 0x44);
    u[4 * i + 3] = _mm256_shuffle_ps(t[4 * i + 1], t[4 * i + 3], 0xee);
  }
#pragma GCC unroll 4
  for (int j = 0; j < 4; ++j) {
    r[j] = _mm256_permute2f128_ps(u[j], u[4 + j], 0x20);
    r[4 + j] = _mm256_permute2f128_ps(u[j], u[4 + j], 0x31);
  }
}
#elif !defined(CUVEE_VEC_NEON)  // neon.h has its own
CUVEE_INLINE void transpose(V (&r)[B]) {
  V t[B];
  for (int i = 0; i < B; ++i)
    for (int j = 0; j < B; ++j) t[j][i] = r[i][j];
  for (int i = 0; i < B; ++i) r[i] = t[i];
}
#endif

}  // namespace
}  // namespace cuvee
