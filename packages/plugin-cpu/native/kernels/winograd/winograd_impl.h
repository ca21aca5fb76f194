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

/// A^T m along one axis.
CUVEE_INLINE void output_axis(V m0, V m1, V m2, V m3, V m4, V m5, V (&r)[4]) {
  const V sum_a = add(m1, m2), diff_a = sub(m1, m2), sum_b = add(m3, m4), diff_b = sub(m3, m4);
  r[0] = add(m0, add(sum_a, sum_b));
  r[1] = fma(set1(root_half), diff_a, mul(set1(root_two), diff_b));
  r[2] = fma(set1(0.5f), sum_a, add(sum_b, sum_b));
  r[3] = fma(set1(root_half / 2), diff_a, fma(set1(root_two * 2), diff_b, m5));
}

void winograd_input(const WinogradInput& run) {
  // Vertical transforms of the current tile's 6 columns; the last two are the next tile's first two.
  alignas(64) float half[6][6][B];
  const auto vertical = [&](int x, int column) {
    if (x < 0 || x >= run.width) {
#pragma GCC unroll 6
      for (int i = 0; i < 6; ++i) store(half[i][column], zero());
      return;
    }
    const std::ptrdiff_t at = std::ptrdiff_t(x >> run.shift) * B;
    V r[6];
    input_axis(load(run.rows[0] + at), load(run.rows[1] + at), load(run.rows[2] + at), load(run.rows[3] + at), load(run.rows[4] + at),
               load(run.rows[5] + at), r);
#pragma GCC unroll 6
    for (int i = 0; i < 6; ++i) store(half[i][column], r[i]);
  };
  int x = run.x;
  vertical(x, 4);
  vertical(x + 1, 5);
  float* v = run.v;
  for (int tile = 0; tile < run.tiles; ++tile, x += 4, v += run.tile_step) {
#pragma GCC unroll 6
    for (int i = 0; i < 6; ++i) {
      store(half[i][0], load(half[i][4]));
      store(half[i][1], load(half[i][5]));
    }
#pragma GCC unroll 4
    for (int j = 2; j < 6; ++j) vertical(x + j, j);
    float* out = v;
#pragma GCC unroll 6
    for (int i = 0; i < 6; ++i) {
      V r[6];
      input_axis(load(half[i][0]), load(half[i][1]), load(half[i][2]), load(half[i][3]), load(half[i][4]), load(half[i][5]), r);
#pragma GCC unroll 6
      for (int j = 0; j < 6; ++j, out += run.point_step) store(out, r[j]);
    }
  }
}

/// Vertical sums of one tile.
CUVEE_INLINE void output_vertical(const float* m, std::ptrdiff_t step, float (&half)[4][6][B]) {
#pragma GCC unroll 6
  for (int j = 0; j < 6; ++j, m += step) {
    V r[4];
    output_axis(load(m), load(m + 6 * step), load(m + 12 * step), load(m + 18 * step), load(m + 24 * step), load(m + 30 * step), r);
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) store(half[i][j], r[i]);
  }
}

void winograd_output(const WinogradOutput& run, const TileArgs& tile) {
  alignas(64) float half[4][6][B];
  const V bias = tile.bias ? load(tile.bias) : zero();
  TileArgs t = tile;
  t.residual = nullptr;
  const float* m = run.m;
  for (int i = 0; i < run.tiles; ++i, m += run.tile_step) {
    output_vertical(m, run.point_step, half);
    const int left = i == 0 ? run.left : 0, right = run.right - 4 * i < 4 ? run.right - 4 * i : 4;
#pragma GCC unroll 1
    for (int y = run.top; y < run.bottom; ++y) {
      V sums[1][4];
      output_axis(add(load(half[y][0]), bias), load(half[y][1]), load(half[y][2]), load(half[y][3]), load(half[y][4]), load(half[y][5]), sums[0]);
#pragma GCC unroll 3
      for (int j = 1; j < 4; ++j) sums[0][j] = add(sums[0][j], bias);
      t.c = run.c[y] + std::ptrdiff_t(i) * 4 * B;
      if (run.residual) t.residual = run.residual[y] + std::ptrdiff_t(i) * 4 * B;
      if (left == 0 && right == 4) {
        finish<4, 1>(t, sums);
        continue;
      }
      alignas(64) float part[4][B];
#pragma GCC unroll 4
      for (int j = 0; j < 4; ++j) store(part[j], sums[0][j]);
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

}  // namespace
}  // namespace cuvee
