/// Implementation of tile.h for the instruction set of the including file.
#pragma once

#include "kernels/simd/finish.h"

namespace cuvee {
namespace {

constexpr int cache_line = 16;  // floats

/// Steps of k that run together: four where memory is fetched, so that its branches and requests are few, and with short vectors.
constexpr int fetching_run = 4, plain_run = B == 16 ? 1 : 4;

/// Operands of pixel 4 * i at p[i], weights at w. Bases every four pixels keep the addressing in few registers.
template <int MR>
struct TileCursor {
  static constexpr int bases = (MR + 3) / 4;
  const float* p[bases];
  const float *w, *fetch;
};

/// K steps of k.
template <int MR, int NV, int K>
CUVEE_INLINE void tile_steps(TileCursor<MR>& at, std::ptrdiff_t step, std::ptrdiff_t w_step, V (&acc)[NV][MR]) {
#pragma GCC unroll 8
  for (int k = 0; k < K; ++k) {
    V b[NV];
#pragma GCC unroll 4
    for (int n = 0; n < NV; ++n) b[n] = load(at.w + n * B);
    at.w += w_step;
    if (K > 1) __asm__("" : "+r"(at.w) : : "memory");  // else the compiler mixes the steps and runs out of registers
#pragma GCC unroll 16
    for (int m = 0; m < MR; ++m) {
      const float* q = at.p[m / 4] + k;
      const V x = set1(m % 4 == 0 ? *q : m % 4 == 1 ? q[step] : m % 4 == 2 ? q[2 * step] : q[3 * step]);
#pragma GCC unroll 4
      for (int n = 0; n < NV; ++n) accumulate(acc[n][m], x, b[n]);
    }
  }
#pragma GCC unroll 4
  for (int i = 0; i < TileCursor<MR>::bases; ++i) at.p[i] += K;
}

/// The same, with memory fetched that is read later.
template <int MR, int NV, int K>
CUVEE_INLINE void fetching_steps(const TileArgs& t, TileCursor<MR>& at, std::ptrdiff_t step, std::ptrdiff_t w_step, V (&acc)[NV][MR]) {
  if (t.ahead) {
#pragma GCC unroll 8
    for (int k = 0; k < K; ++k)
#pragma GCC unroll 4
      for (int n = 0; n < NV; n += cache_line / B) __builtin_prefetch(at.w + k * w_step + n * B + t.ahead, 0, 2);
  }
  if (at.fetch < t.fetch_end) {
#pragma GCC unroll 4
    for (int i = 0; i < K * B; i += cache_line) __builtin_prefetch(at.fetch + i, 0, 2);
    at.fetch += K * t.fetch_stride;
  }
  tile_steps<MR, NV, K>(at, step, w_step, acc);
}

/// Bias-initialised sums of one tile.
template <int MR, int NV>
void tile(const TileArgs& t) {
  V acc[NV][MR];
#pragma GCC unroll 4
  for (int n = 0; n < NV; ++n) {
    if (t.accumulate) {
#pragma GCC unroll 16
      for (int m = 0; m < MR; ++m) acc[n][m] = load(t.c + n * t.c_block + m * t.c_step);
      continue;
    }
    const V start = t.bias ? load(t.bias + n * B) : zero();
#pragma GCC unroll 16
    for (int m = 0; m < MR; ++m) acc[n][m] = start;
  }
  const std::ptrdiff_t step = t.a_step, w_step = t.w_step;
  TileCursor<MR> at{{}, t.w, t.fetch};
  const bool fetches = t.ahead || t.fetch < t.fetch_end;
  const TileEntry* const end = t.entries + t.entry_count;
  for (const TileEntry* e = t.entries; e != end; ++e) {
    at.p[0] = e->a + t.a_offset;
#pragma GCC unroll 4
    for (int i = 1; i < TileCursor<MR>::bases; ++i) at.p[i] = at.p[i - 1] + 4 * step;
    const float* const stop = at.p[0] + e->count;
    if (e + 1 != end) {  // the next entry's first lines: pixels of a channel block lie apart from the last one's
      const float* next = e[1].a + t.a_offset;
#pragma GCC unroll 16
      for (int m = 0; m < MR; m += cache_line / B, next += cache_line / B * step) __builtin_prefetch(next);
    }
    if (fetches && e->count >= fetching_run) {
      const float* const last = stop - fetching_run;
#pragma GCC unroll 1
      do fetching_steps<MR, NV, fetching_run>(t, at, step, w_step, acc);
      while (at.p[0] <= last);
    } else if (plain_run > 1 && !fetches && e->count > 0 && e->count % plain_run == 0) {
      const float* const last = stop - plain_run;
#pragma GCC unroll 1
      do tile_steps<MR, NV, plain_run>(at, step, w_step, acc);
      while (at.p[0] <= last);
    }
#pragma GCC unroll 1
    while (at.p[0] != stop) tile_steps<MR, NV, 1>(at, step, w_step, acc);
  }
  finish<MR, NV>(t, acc);
}

#if defined(CUVEE_VEC_AVX512)
/// One vector and a half: see TileKernels::half.
template <int MR>
void half_tile(const TileArgs& t) {
  constexpr int bases = (MR + 3) / 4;
  V acc[2][MR];
  const V start = t.bias ? load(t.bias) : zero();
#pragma GCC unroll 16
  for (int m = 0; m < MR; ++m) {
    acc[0][m] = start;
    acc[1][m] = zero();
  }
  const std::ptrdiff_t step = t.a_step, step3 = 3 * step;
  const float* w = t.w;
  const TileEntry* const end = t.entries + t.entry_count;
  for (const TileEntry* e = t.entries; e != end; ++e) {
    const float* p[bases];
    p[0] = e->a + t.a_offset;
#pragma GCC unroll 4
    for (int i = 1; i < bases; ++i) p[i] = p[i - 1] + 4 * step;
    const float* const stop = p[0] + (e->count + 1) / 2 * 2;
#pragma GCC unroll 1
    while (p[0] != stop) {
      const V even = load(w), odd = load(w + B), mixed = load(w + 2 * B);
      w += 3 * B;
#pragma GCC unroll 16
      for (int m = 0; m < MR; ++m) {
        const float* q = m % 4 == 0 ? p[m / 4] : m % 4 == 1 ? p[m / 4] + step : m % 4 == 2 ? p[m / 4] + 2 * step : p[m / 4] + step3;
        acc[0][m] = fma(set1(q[0]), even, acc[0][m]);
        acc[1][m] = fma(set1_pair(q), mixed, acc[1][m]);
        acc[0][m] = fma(set1(q[1]), odd, acc[0][m]);
      }
#pragma GCC unroll 4
      for (int i = 0; i < bases; ++i) p[i] += 2;
    }
  }
  const V more = t.bias ? load_n(t.bias + B, B / 2) : zero();
#pragma GCC unroll 16
  for (int m = 0; m < MR; ++m) acc[1][m] = add(sum_pairs(acc[1][m]), more);
  finish<MR, 2>(t, acc);
}

/// See TileKernels::stem.
template <int MR>
void stem_tile(const TileArgs& t) {
  V acc[1][MR];
  const V start = t.bias ? load(t.bias) : zero();
#pragma GCC unroll 16
  for (int m = 0; m < MR; ++m) acc[0][m] = start;
  const float* w = t.w;
  const TileEntry* const end = t.entries + t.entry_count;
#pragma GCC unroll 1
  for (const TileEntry* e = t.entries; e != end; ++e, w += 3 * B) {
    const float* const p = e->a + t.a_offset;
    const V w0 = load(w), w1 = load(w + B), w2 = load(w + 2 * B);
    V x = set1(p[0]);
#pragma GCC unroll 16
    for (int m = 0; m < MR; ++m) {
      const V last = set1(p[2 * m + 2]);
      acc[0][m] = fma(x, w0, acc[0][m]);
      acc[0][m] = fma(set1(p[2 * m + 1]), w1, acc[0][m]);
      acc[0][m] = fma(last, w2, acc[0][m]);
      x = last;
    }
  }
  finish<MR, 1>(t, acc);
}

template <int MR>
constexpr void fill_stem(TileKernels& table) {
  table.stem[MR - 1] = stem_tile<MR>;
  if constexpr (MR > 1) fill_stem<MR - 1>(table);
}

template <int MR>
constexpr void fill_half(TileKernels& table) {
  table.half[MR - 1] = half_tile<MR>;
  if constexpr (MR > 1) fill_half<MR - 1>(table);
}
#endif

void activate_run(float* y, const float* x, std::ptrdiff_t count, Act act, float a, float b) {
  std::ptrdiff_t i = 0;
  for (; i + B <= count; i += B) store(y + i, activate(load(x + i), act, a, b));
  if (i < count) store_n(y + i, activate(load_n(x + i, int(count - i)), act, a, b), int(count - i));
}

void affine_relu(float* y, const float* x, std::ptrdiff_t pixels, const float* scale, const float* shift) {
  const V a = load(scale), b = load(shift), none = zero();
  for (std::ptrdiff_t i = 0; i < pixels * B; i += B) store(y + i, max(none, fma(load(x + i), a, b)));
}

/// Fills row NV of a table with tile<1..MR, NV>.
template <int NV, int MR>
constexpr void fill_row(TileKernels& table) {
  table.kernel[NV - 1][MR - 1] = tile<MR, NV>;
  if constexpr (MR > 1) fill_row<NV, MR - 1>(table);
}

/// A table with the given largest MR for each NV (0: no such NV).
template <int MR1, int MR2, int MR3, int MR4>
constexpr TileKernels make_tile_kernels() {
  TileKernels table{};
  table.block = B;
  table.vectors = MR4 ? 4 : MR3 ? 3 : MR2 ? 2 : 1;
  table.pixels[1] = MR1;
  table.pixels[2] = MR2;
  table.pixels[3] = MR3;
  table.pixels[4] = MR4;
  fill_row<1, MR1>(table);
  if constexpr (MR2 > 0) fill_row<2, MR2>(table);
  if constexpr (MR3 > 0) fill_row<3, MR3>(table);
  if constexpr (MR4 > 0) fill_row<4, MR4>(table);
#if defined(CUVEE_VEC_AVX512)
  fill_half<12>(table);
  table.half_pixels = 12;
  fill_stem<MR1>(table);
#endif
  table.activate = activate_run;
  table.affine_relu = affine_relu;
  return table;
}

}  // namespace
}  // namespace cuvee
