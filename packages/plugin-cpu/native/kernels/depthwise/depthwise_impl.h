/// Implementation of depthwise.h for the instruction set of the including file.
#pragma once

#include "kernels/depthwise/depthwise.h"
#include "kernels/simd/finish.h"

namespace cuvee {
namespace {

/// Moves the sink and the residual on by `pixels`.
CUVEE_INLINE void advance(TileArgs& t, int pixels) {
  t.c += pixels * t.c_step;
  if (t.residual) t.residual += pixels * t.r_step;
}

/// MR neighbouring pixels from x on, each with a tap inside the row: only the first and last KW - 1 inputs may lie outside.
template <int KW, int SX, int MR>
__attribute__((noinline)) void inner(const DepthwiseRow& row, const TileArgs& t, int x) {
  constexpr int inputs = (MR - 1) * SX + KW;
  const int first = x * SX - row.shape->pad_left, end = row.shape->in_w - first;  // inputs [-first, end) lie inside
  V acc[1][MR];
  const V start = t.bias ? load(t.bias) : zero();
#pragma GCC unroll 16
  for (int m = 0; m < MR; ++m) acc[0][m] = start;
  const float* w = row.weights;
  const int height = row.shape->kernel_h;
#pragma GCC unroll 1
  for (int ky = 0; ky < height; ++ky, w += KW * B) {
    if (!row.rows[ky]) continue;
    const float* p = row.rows[ky] + std::ptrdiff_t(first) * B;
    V weight[KW];
#pragma GCC unroll 8
    for (int kx = 0; kx < KW; ++kx) weight[kx] = load(w + kx * B);
#pragma GCC unroll 64
    for (int i = 0; i < inputs; ++i) {
      if (i < KW - 1 && i < -first) continue;
      if (i > inputs - KW && i >= end) continue;
      const V value = load(p + i * B);
#pragma GCC unroll 8
      for (int kx = 0; kx < KW; ++kx)
        if (i >= kx && (i - kx) % SX == 0 && (i - kx) / SX < MR) acc[0][(i - kx) / SX] = fma(value, weight[kx], acc[0][(i - kx) / SX]);
    }
  }
  finish<MR, 1>(t, acc);
}

/// MR neighbouring pixels inside the row, any kernel width, stride and dilation: inputs are loaded once for every tap.
template <int MR>
CUVEE_INLINE void inner_any(const DepthwiseRow& row, const TileArgs& t, int x) {
  const DepthwiseShape& s = *row.shape;
  V acc[1][MR];
  const V start = t.bias ? load(t.bias) : zero();
#pragma GCC unroll 8
  for (int m = 0; m < MR; ++m) acc[0][m] = start;
  const float* w = row.weights;
  const std::ptrdiff_t step = std::ptrdiff_t(s.stride_w) * B, offset = std::ptrdiff_t(x * s.stride_w - s.pad_left) * B;
#pragma GCC unroll 1
  for (int ky = 0; ky < s.kernel_h; ++ky, w += s.kernel_w * B) {
    if (!row.rows[ky]) continue;
    const float* p = row.rows[ky] + offset;
#pragma GCC unroll 1
    for (int kx = 0; kx < s.kernel_w; ++kx, p += s.dilation_w * B) {
      const V weight = load(w + kx * B);
#pragma GCC unroll 8
      for (int m = 0; m < MR; ++m) acc[0][m] = fma(load(p + m * step), weight, acc[0][m]);
    }
  }
  finish<MR, 1>(t, acc);
}

/// One pixel, any geometry.
void any_pixel(const DepthwiseRow& row, const TileArgs& t, int x) {
  const DepthwiseShape& s = *row.shape;
  V acc[1][1] = {{t.bias ? load(t.bias) : zero()}};
  const int ix0 = x * s.stride_w - s.pad_left;
  for (int ky = 0; ky < s.kernel_h; ++ky) {
    if (!row.rows[ky]) continue;
    const float* w = row.weights + std::ptrdiff_t(ky) * s.kernel_w * B;
    for (int kx = 0; kx < s.kernel_w; ++kx) {
      const int ix = ix0 + kx * s.dilation_w;
      if (ix >= 0 && ix < s.in_w) acc[0][0] = fma(load(row.rows[ky] + std::ptrdiff_t(ix) * B), load(w + kx * B), acc[0][0]);
    }
  }
  finish<1, 1>(t, acc);
}

constexpr int most_pixels = B == 16 ? 14 : 6;

using Inner = void (*)(const DepthwiseRow&, const TileArgs&, int);
struct Inners {
  Inner of[most_pixels];  // [MR - 1]
};
template <int KW, int SX, int MR = most_pixels>
constexpr void fill(Inners& table) {
  table.of[MR - 1] = inner<KW, SX, MR>;
  if constexpr (MR > 1) fill<KW, SX, MR - 1>(table);
}
template <int KW, int SX>
constexpr Inners make_inners() {
  Inners table{};
  fill<KW, SX>(table);
  return table;
}
constexpr Inners inners_3_1 = make_inners<3, 1>(), inners_3_2 = make_inners<3, 2>(), inners_5_1 = make_inners<5, 1>(), inners_5_2 = make_inners<5, 2>(),
                 inners_7_1 = make_inners<7, 1>();

const Inners* inners_for(const DepthwiseShape& s) {
  if (s.dilation_w != 1 || s.stride_w > 2) return nullptr;
  switch (s.kernel_w * 4 + s.stride_w) {
    case 3 * 4 + 1: return &inners_3_1;
    case 3 * 4 + 2: return &inners_3_2;
    case 5 * 4 + 1: return &inners_5_1;
    case 5 * 4 + 2: return &inners_5_2;
    case 7 * 4 + 1: return &inners_7_1;
    default: return nullptr;
  }
}

void depthwise_row(const DepthwiseRow& row, TileArgs& t) {
  const DepthwiseShape& s = *row.shape;
  int x = row.x0;
  const auto pixels_until = [&](int end) {
    for (; x < end; ++x) {
      any_pixel(row, t, x);
      advance(t, 1);
    }
  };
  if (const Inners* inners = inners_for(s)) {
    // Pixels with a tap inside the row, in pieces of nearly equal size.
    const int before = s.pad_left - (s.kernel_w - 1), from = before > 0 ? (before + s.stride_w - 1) / s.stride_w : 0;
    const int reach = (s.in_w - 1 + s.pad_left) / s.stride_w + 1, to = reach < row.x1 ? reach : row.x1;
    pixels_until(from < to ? from : to);
    for (int pieces = (to - x + most_pixels - 1) / most_pixels; pieces > 0; --pieces) {
      const int now = (to - x + pieces - 1) / pieces;
      inners->of[now - 1](row, t, x);
      advance(t, now);
      x += now;
    }
    return pixels_until(row.x1);
  }
  constexpr int MR = B == 16 ? 8 : 6;
  const int reach = (s.kernel_w - 1) * s.dilation_w + 1, last = s.in_w - reach + s.pad_left;  // largest x * stride whose window fits
  const int left = s.pad_left > 0 ? (s.pad_left + s.stride_w - 1) / s.stride_w : 0, right = last < 0 ? 0 : last / s.stride_w + 1;
  const int from = left < row.x1 ? left : row.x1, to = right < row.x1 ? right : row.x1;
  pixels_until(from);
  for (; x + MR <= to; x += MR) {
    inner_any<MR>(row, t, x);
    advance(t, MR);
  }
  pixels_until(row.x1);
}

}  // namespace
}  // namespace cuvee
