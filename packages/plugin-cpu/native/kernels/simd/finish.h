/// Epilogue and store shared by the kernels of one instruction set; for implementation files.
#pragma once

#include "kernels/simd/math.h"
#include "kernels/tile/tile.h"

namespace cuvee {
namespace {

CUVEE_INLINE V last_or_all(V v, int lanes_left) { return lanes_left < B ? keep_n(v, lanes_left < 0 ? 0 : lanes_left) : v; }

/// The epilogue and store of one tile from a buffer of `vectors` x `pixels` vectors. Out of line: for the rare forms.
__attribute__((noinline)) void finish_general(const TileArgs& t, const float* sums, int vectors, int pixels) {
  for (int n = 0; n < vectors; ++n) {
    const int lanes = t.lanes - n * B;
    if (t.plain && lanes <= 0) break;
    const V pre_scale = t.pre_scale ? load(t.pre_scale + n * B) : set1(1.0f);
    const V pre_shift = t.pre_shift ? load(t.pre_shift + n * B) : zero();
    const V post_scale = t.post_scale ? load(t.post_scale + n * B) : set1(1.0f);
    const V post_shift = t.post_shift ? load(t.post_shift + n * B) : zero();
    for (int m = 0; m < pixels; ++m) {
      float* c = t.c + n * t.c_block + m * t.c_step;
      const bool part = t.plain && lanes < B;
      V x = load(sums + (n * pixels + m) * B), r = zero();
      if (t.residual) {
        const float* p = t.residual + n * t.r_block + m * t.r_step;
        r = part ? load_n(p, lanes) : load(p);
      }
      if (t.pre_scale) x = fma(x, pre_scale, pre_shift);
      if (t.residual && !t.residual_after) x = add(x, r);
      x = activate(x, t.act, t.lo, t.hi);
      if (t.post_scale) x = fma(x, post_scale, post_shift);
      if (t.residual && t.residual_after) x = add(x, r);
      if (part) store_n(c, x, lanes);
      else store(c, last_or_all(x, lanes));
    }
  }
}

/// Applies the epilogue of `t` to the sums of MR pixels by NV vectors and stores them.
template <int MR, int NV>
CUVEE_INLINE void finish(const TileArgs& t, V (&acc)[NV][MR]) {
  const bool whole = !t.plain || t.lanes >= NV * B;
  if (t.form == tile_form::general || !whole) {
    alignas(64) float sums[NV * MR * B];
#pragma GCC unroll 4
    for (int n = 0; n < NV; ++n)
#pragma GCC unroll 16
      for (int m = 0; m < MR; ++m) store(sums + (n * MR + m) * B, acc[n][m]);
    finish_general(t, sums, NV, MR);
    return;
  }
  if (t.residual) {
#pragma GCC unroll 4
    for (int n = 0; n < NV; ++n)
#pragma GCC unroll 16
      for (int m = 0; m < MR; ++m) acc[n][m] = add(acc[n][m], load(t.residual + n * t.r_block + m * t.r_step));
  }
  if (t.form == tile_form::relu) {
    const V none = zero();
#pragma GCC unroll 4
    for (int n = 0; n < NV; ++n)
#pragma GCC unroll 16
      for (int m = 0; m < MR; ++m) acc[n][m] = max(none, acc[n][m]);
  } else if (t.form == tile_form::clip) {
    const V lo = set1(t.lo), hi = set1(t.hi);
#pragma GCC unroll 4
    for (int n = 0; n < NV; ++n)
#pragma GCC unroll 16
      for (int m = 0; m < MR; ++m) acc[n][m] = min(hi, max(lo, acc[n][m]));
  } else if (t.form == tile_form::hard_swish) {
    const V a = set1(t.lo), b = set1(t.hi), one = set1(1.0f), none = zero();
#pragma GCC unroll 4
    for (int n = 0; n < NV; ++n)
#pragma GCC unroll 16
      for (int m = 0; m < MR; ++m) acc[n][m] = mul(acc[n][m], min(one, max(none, fma(a, acc[n][m], b))));
  }
  if (t.post_scale) {
#pragma GCC unroll 4
    for (int n = 0; n < NV; ++n) {
      const V scale = load(t.post_scale + n * B), shift = load(t.post_shift + n * B);
#pragma GCC unroll 16
      for (int m = 0; m < MR; ++m) acc[n][m] = fma(acc[n][m], scale, shift);
    }
  }
  if (const int lanes = t.lanes - (NV - 1) * B; !t.plain && lanes < B) {  // even 0 * NaN leaves pad lanes zero
#pragma GCC unroll 16
    for (int m = 0; m < MR; ++m) acc[NV - 1][m] = keep_n(acc[NV - 1][m], lanes);
  }
#pragma GCC unroll 4
  for (int n = 0; n < NV; ++n)
#pragma GCC unroll 16
    for (int m = 0; m < MR; ++m) store(t.c + n * t.c_block + m * t.c_step, acc[n][m]);
}

}  // namespace
}  // namespace cuvee
