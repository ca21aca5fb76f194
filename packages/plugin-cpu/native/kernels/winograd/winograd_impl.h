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

void winograd_input(const float* const* rows, float* v, std::ptrdiff_t t_step) {
  alignas(64) float half[6][6][B];
#pragma GCC unroll 1
  for (int j = 0; j < 6; ++j) {
    V r[6];
    input_axis(load(rows[0] + j * B), load(rows[1] + j * B), load(rows[2] + j * B), load(rows[3] + j * B), load(rows[4] + j * B),
               load(rows[5] + j * B), r);
#pragma GCC unroll 6
    for (int i = 0; i < 6; ++i) store(half[i][j], r[i]);
  }
#pragma GCC unroll 1
  for (int i = 0; i < 6; ++i) {
    V r[6];
    input_axis(load(half[i][0]), load(half[i][1]), load(half[i][2]), load(half[i][3]), load(half[i][4]), load(half[i][5]), r);
#pragma GCC unroll 6
    for (int j = 0; j < 6; ++j) store(v + (i * 6 + j) * t_step, r[j]);
  }
}

void winograd_output(const float* m, std::ptrdiff_t t_step, const TileArgs& tile, float* const* c, const float* const* residual, int height, int width) {
  alignas(64) float half[4][6][B];
#pragma GCC unroll 1
  for (int j = 0; j < 6; ++j) {
    const float* p = m + j * t_step;
    V r[4];
    output_axis(load(p), load(p + 6 * t_step), load(p + 12 * t_step), load(p + 18 * t_step), load(p + 24 * t_step), load(p + 30 * t_step), r);
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) store(half[i][j], r[i]);
  }
  const V bias = tile.bias ? load(tile.bias) : zero();
  TileArgs t = tile;
#pragma GCC unroll 1
  for (int i = 0; i < height; ++i) {
    V y[1][4];
    output_axis(load(half[i][0]), load(half[i][1]), load(half[i][2]), load(half[i][3]), load(half[i][4]), load(half[i][5]), y[0]);
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) y[0][j] = add(y[0][j], bias);
    t.c = c[i];
    if (tile.residual) t.residual = residual[i];
    if (width == 4) {
      finish<4, 1>(t, y);
      continue;
    }
    alignas(64) float part[4][B];
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) store(part[j], y[0][j]);
#pragma GCC unroll 1
    for (int j = 0; j < width; ++j) {
      V one[1][1] = {{load(part[j])}};
      finish<1, 1>(t, one);
      t.c += t.c_step;
      if (t.residual) t.residual += t.r_step;
    }
  }
}

}  // namespace
}  // namespace cuvee
