/// Implementation of winograd.h for the instruction set of the including file.
#pragma once

#include "kernels/simd/finish.h"
#include "kernels/winograd/winograd.h"

namespace cuvee {
namespace {

constexpr float root_half = 0.70710678118654752f, root_two = 1.41421356237309505f;

/// B^T d along one axis.
CUVEE_INLINE void input_axis(V d0, V d1, V d2, V d3, V d4, V d5, V (&r)[6]) {
  const V a = set1(root_half), b = set1(root_two), five_halves = set1(-2.5f);
  const V even_a = fma(set1(-2.0f), d2, d4), even_b = fma(set1(-0.5f), d2, d4);
  const V odd_a = sub(mul(a, d3), mul(b, d1)), odd_b = sub(mul(b, d3), mul(a, d1));
  r[0] = add(fma(five_halves, d2, d0), d4);
  r[1] = add(even_a, odd_a);
  r[2] = sub(even_a, odd_a);
  r[3] = add(even_b, odd_b);
  r[4] = sub(even_b, odd_b);
  r[5] = add(fma(five_halves, d3, d1), d5);
}

/// The same of F(2, 3).
CUVEE_INLINE void input_axis(V d0, V d1, V d2, V d3, V (&r)[4]) {
  r[0] = sub(d0, d2);
  r[1] = add(d1, d2);
  r[2] = sub(d2, d1);
  r[3] = sub(d1, d3);
}

/// A^T m along one axis.
CUVEE_INLINE void output_axis(V m0, V m1, V m2, V m3, V m4, V m5, V (&r)[4]) {
  const V sum_a = add(m1, m2), diff_a = sub(m1, m2), sum_b = add(m3, m4), diff_b = sub(m3, m4);
  r[0] = add(m0, add(sum_a, sum_b));
  r[1] = fma(set1(root_half), diff_a, mul(set1(root_two), diff_b));
  r[2] = fma(set1(0.5f), sum_a, add(sum_b, sum_b));
  r[3] = fma(set1(root_half / 2), diff_a, fma(set1(root_two * 2), diff_b, m5));
}

/// The same of F(2, 3).
CUVEE_INLINE void output_axis(V m0, V m1, V m2, V m3, V (&r)[2]) {
  r[0] = add(m0, add(m1, m2));
  r[1] = sub(sub(m1, m2), m3);
}

/// input_axis or output_axis of T vectors, `step` floats apart.
template <int T, int N>
CUVEE_INLINE void axis(const float* from, std::ptrdiff_t step, V first, V (&r)[N]) {
  if constexpr (T == 6 && N == 6) input_axis(first, load(from + step), load(from + 2 * step), load(from + 3 * step), load(from + 4 * step), load(from + 5 * step), r);
  else if constexpr (T == 6) output_axis(first, load(from + step), load(from + 2 * step), load(from + 3 * step), load(from + 4 * step), load(from + 5 * step), r);
  else if constexpr (N == 4) input_axis(first, load(from + step), load(from + 2 * step), load(from + 3 * step), r);
  else output_axis(first, load(from + step), load(from + 2 * step), load(from + 3 * step), r);
}

template <int M>
void winograd_input(const WinogradInput& run) {
  constexpr int T = M + 2;
  // Vertical transforms of the current tile's T columns; the last two are the next tile's first two.
  alignas(64) float half[T][T][B];
  const auto vertical = [&](int x, int column) {
    if (x < 0 || x >= run.width) {
#pragma GCC unroll 6
      for (int i = 0; i < T; ++i) store(half[i][column], zero());
      return;
    }
    const std::ptrdiff_t at = std::ptrdiff_t(x >> run.shift) * B;
    V r[T];
    if constexpr (M == 4) {
      input_axis(load(run.rows[0] + at), load(run.rows[1] + at), load(run.rows[2] + at), load(run.rows[3] + at), load(run.rows[4] + at),
                 load(run.rows[5] + at), r);
    } else {
      input_axis(load(run.rows[0] + at), load(run.rows[1] + at), load(run.rows[2] + at), load(run.rows[3] + at), r);
    }
#pragma GCC unroll 6
    for (int i = 0; i < T; ++i) store(half[i][column], r[i]);
  };
  int x = run.x;
  vertical(x, M);
  vertical(x + 1, M + 1);
  float* v = run.v;
  for (int tile = 0; tile < run.tiles; ++tile, x += M, v += run.tile_step) {
#pragma GCC unroll 6
    for (int i = 0; i < T; ++i) {
      store(half[i][0], load(half[i][M]));
      store(half[i][1], load(half[i][M + 1]));
    }
#pragma GCC unroll 4
    for (int j = 2; j < T; ++j) vertical(x + j, j);
    float* out = v;
#pragma GCC unroll 6
    for (int i = 0; i < T; ++i) {
      V r[T];
      axis<T>(half[i][0], B, load(half[i][0]), r);
#pragma GCC unroll 6
      for (int j = 0; j < T; ++j, out += run.point_step) store(out, r[j]);
    }
  }
}

void winograd_coarse_input(const WinogradInput& run) {
  struct Column {
    V r[3];
  };
  const auto vertical = [&](int x) -> Column {
    if (x < 0 || x >= run.width) return {{zero(), zero(), zero()}};
    const std::ptrdiff_t at = std::ptrdiff_t(x >> run.shift) * B;
    const V here = load(run.rows[1] + at);
    return {{sub(load(run.rows[0] + at), here), here, sub(load(run.rows[5] + at), here)}};
  };
  constexpr int place[3] = {0, 1, 5};
  int x = run.x;
  Column before = vertical(x), here = vertical(x + 1);
  float* v = run.v;
  for (int tile = 0; tile < run.tiles; ++tile, x += 4, v += run.tile_step) {
    const Column next = vertical(x + 5);
#pragma GCC unroll 3
    for (int i = 0; i < 3; ++i) {
      float* out = v + place[i] * 6 * run.point_step;
      store(out, sub(before.r[i], here.r[i]));
      store(out + run.point_step, here.r[i]);
      store(out + 5 * run.point_step, sub(next.r[i], here.r[i]));
    }
    before = here;
    here = next;
  }
}

/// What flat points add to all four pixels of each row of a tile, but the flat rows' share: that goes into the columns 0 and 5.
CUVEE_INLINE void flat_rows(const float* m, std::ptrdiff_t step, V bias, V (&rows)[4]) {
  const float* flat = m + 36 * step;  // (0, 1), (1, 0), (1, 1), (1, 5), (5, 1)
  rows[1] = rows[2] = add(load(flat + 2 * step), bias);
  rows[0] = add(rows[1], load(flat));
  rows[3] = add(rows[1], load(flat + 4 * step));
}

template <int M>
void winograd_output(const WinogradOutput& run, const TileArgs& tile) {
  constexpr int T = M + 2;
  alignas(64) float half[M][T][B];
  const V bias = tile.bias ? load(tile.bias) : zero();
  TileArgs t = tile;
  t.residual = nullptr;
  const float* m = run.m;
  for (int i = 0; i < run.tiles; ++i, m += run.tile_step) {
    const float* column = m;
#pragma GCC unroll 6
    for (int j = 0; j < T; ++j, column += run.point_step) {  // vertical sums
      V r[M];
      axis<T>(column, T * run.point_step, load(column), r);
      if (M == 4 && run.flats && (j == 0 || j == 5)) {
        const V flat = load(m + (j == 0 ? 37 : 39) * run.point_step);
#pragma GCC unroll 4
        for (int k = 0; k < M; ++k) r[k] = add(r[k], flat);
      }
#pragma GCC unroll 4
      for (int k = 0; k < M; ++k) store(half[k][j], r[k]);
    }
    V start[4] = {bias, bias, bias, bias};
    if (M == 4 && run.flats) flat_rows(m, run.point_step, bias, start);
    const int left = i == 0 ? run.left : 0, right = run.right - M * i < M ? run.right - M * i : M;
#pragma GCC unroll 1
    for (int y = run.top; y < run.bottom; ++y) {
      V sums[1][M];
      axis<T>(half[y][0], B, add(load(half[y][0]), start[y]), sums[0]);
#pragma GCC unroll 3
      for (int j = 1; j < M; ++j) sums[0][j] = add(sums[0][j], start[y]);
      t.c = run.c[y] + std::ptrdiff_t(i) * M * B;
      if (run.residual) t.residual = run.residual[y] + std::ptrdiff_t(i) * M * B;
      if (left == 0 && right == M) {
        finish<M, 1>(t, sums);
        continue;
      }
      alignas(64) float part[M][B];
#pragma GCC unroll 4
      for (int j = 0; j < M; ++j) store(part[j], sums[0][j]);
#pragma GCC unroll 1
      for (int j = left; j < right; ++j) {
        V one[1][1] = {{load(part[j])}};
        TileArgs pixel = t;
        pixel.c += j * B;
        if (t.residual) pixel.residual += j * B;
        finish<1, 1>(pixel, one);
      }
    }
  }
}

/// G g along one axis.
CUVEE_INLINE void weight_axis(V g0, V g1, V g2, V (&r)[6]) {
  const V even_a = fma(set1(-2.0f / 3), g0, mul(set1(-1.0f / 3), g2)), odd_a = mul(set1(2.0f / 3 * root_half), g1);
  const V even_b = fma(set1(1.0f / 6), g0, mul(set1(1.0f / 3), g2)), odd_b = mul(set1(root_two / 6), g1);
  r[0] = g0;
  r[1] = sub(even_a, odd_a);
  r[2] = add(even_a, odd_a);
  r[3] = add(even_b, odd_b);
  r[4] = sub(even_b, odd_b);
  r[5] = g2;
}

/// The same of a coarse channel; the others stay undefined.
CUVEE_INLINE void coarse_weight_axis(V g0, V g1, V g2, V (&r)[6]) {
  r[0] = g0;
  r[1] = add(add(g0, g1), g2);
  r[5] = g2;
}

template <bool coarse>
CUVEE_INLINE void weigh(const float* taps, std::ptrdiff_t tap_step, float* u, std::ptrdiff_t step) {
  alignas(64) float half[6][3][B];
  for (int x = 0; x < 3; ++x) {
    V r[6];
    const V g0 = load(taps + x * tap_step), g1 = load(taps + (3 + x) * tap_step), g2 = load(taps + (6 + x) * tap_step);
    if constexpr (coarse) coarse_weight_axis(g0, g1, g2, r);
    else weight_axis(g0, g1, g2, r);
#pragma GCC unroll 6
    for (int i = 0; i < 6; ++i)
      if (!coarse || i < 2 || i == 5) store(half[i][x], r[i]);
  }
#pragma GCC unroll 6
  for (int i = 0; i < 6; ++i) {
    if (coarse && i > 1 && i < 5) continue;
    V r[6];
    const V g0 = load(half[i][0]), g1 = load(half[i][1]), g2 = load(half[i][2]);
    if constexpr (coarse) coarse_weight_axis(g0, g1, g2, r);
    else weight_axis(g0, g1, g2, r);
#pragma GCC unroll 6
    for (int j = 0; j < 6; ++j)
      if (!coarse || j < 2 || j == 5) store(u + (i * 6 + j) * step, r[j]);
  }
}

void winograd_weights(const float* taps, std::ptrdiff_t tap_step, float* u, std::ptrdiff_t step, bool coarse) {
  if (coarse) weigh<true>(taps, tap_step, u, step);
  else weigh<false>(taps, tap_step, u, step);
}

constexpr WinogradKernels winograd_kernels = {winograd_input<4>, winograd_coarse_input, winograd_output<4>, winograd_weights, winograd_input<2>, winograd_output<2>};

}  // namespace
}  // namespace cuvee
