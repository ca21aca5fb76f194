// Implementation of resize.h for the instruction set of the including file.
#include "kernels/resize/resize.h"
#include "kernels/simd/vec.h"

namespace cuvee {
namespace {

void combine(float* to, const float* const* rows, const float* weights, int taps, std::ptrdiff_t n) {
  std::ptrdiff_t i = 0;
  for (; i + B <= n; i += B) {
    V sum = taps > 0 ? mul(load(rows[0] + i), set1(weights[0])) : zero();
    for (int k = 1; k < taps; ++k) sum = fma(load(rows[k] + i), set1(weights[k]), sum);
    store(to + i, sum);
  }
  if (i == n) return;
  const int rest = static_cast<int>(n - i);
  V sum = zero();
  for (int k = 0; k < taps; ++k) sum = fma(load_n(rows[k] + i, rest), set1(weights[k]), sum);
  store_n(to + i, sum, rest);
}

void columns(float* to, const float* row, const int32_t* start, const int32_t* at, const float* weight, std::ptrdiff_t width) {
  for (std::ptrdiff_t x = 0; x < width; ++x, to += B) {
    V sum = zero();
    for (int k = start[x]; k < start[x + 1]; ++k) sum = fma(load(row + std::ptrdiff_t{at[k]} * B), set1(weight[k]), sum);
    store(to, sum);
  }
}

void moves(float* to, const float* row, const int32_t* start, const int32_t* at, std::ptrdiff_t width) {
  for (std::ptrdiff_t x = 0; x < width; ++x, to += B) store(to, start[x] < start[x + 1] ? load(row + std::ptrdiff_t{at[start[x]]} * B) : zero());
}

void combine_bytes(float* to, const std::uint8_t* const* rows, const float* weights, int taps, std::ptrdiff_t n) {
  if (taps == 1 && weights[0] == 1.0f) {
    for (std::ptrdiff_t i = 0; i < n; ++i) to[i] = float(rows[0][i]);
    return;
  }
  if (taps == 2) {
    const std::uint8_t* __restrict a = rows[0];
    const std::uint8_t* __restrict b = rows[1];
    float* __restrict out = to;
    const float u = weights[0], v = weights[1];
    for (std::ptrdiff_t i = 0; i < n; ++i) out[i] = float(a[i]) * u + float(b[i]) * v;
    return;
  }
  for (std::ptrdiff_t i = 0; i < n; ++i) to[i] = 0;
  for (int k = 0; k < taps; ++k) {
    const std::uint8_t* __restrict row = rows[k];
    float* __restrict out = to;
    const float w = weights[k];
    for (std::ptrdiff_t i = 0; i < n; ++i) out[i] += float(row[i]) * w;
  }
}

template <int C>
void pixels_of(float* to, const float* row, const int32_t* start, const int32_t* at, const float* weight, std::ptrdiff_t width) {
  for (std::ptrdiff_t x = 0; x < width; ++x, to += C) {
    float sum[C] = {};
    for (int k = start[x]; k < start[x + 1]; ++k)
      for (int c = 0; c < C; ++c) sum[c] += row[std::ptrdiff_t{at[k]} * C + c] * weight[k];
    for (int c = 0; c < C; ++c) to[c] = sum[c];
  }
}

void pixels(float* to, const float* row, const int32_t* start, const int32_t* at, const float* weight, std::ptrdiff_t width, int inner) {
  if (inner == 1) return pixels_of<1>(to, row, start, at, weight, width);
  if (inner == 3) return pixels_of<3>(to, row, start, at, weight, width);
  if (inner == 4) return pixels_of<4>(to, row, start, at, weight, width);
  for (std::ptrdiff_t x = 0; x < width; ++x, to += inner) {
    for (int c = 0; c < inner; ++c) to[c] = 0;
    for (int k = start[x]; k < start[x + 1]; ++k)
      for (int c = 0; c < inner; ++c) to[c] += row[std::ptrdiff_t{at[k]} * inner + c] * weight[k];
  }
}

// Adding 1.5 * 2^23 rounds to an integer, half to even, as long as rounding is to nearest.
void bytes(std::uint8_t* __restrict to, const float* __restrict from, std::ptrdiff_t n) {
  for (std::ptrdiff_t i = 0; i < n; ++i) {
    const float x = from[i] > 0 ? from[i] : 0;
    const float whole = ((x < 255 ? x : 255) + 12582912.0f) - 12582912.0f;
    to[i] = static_cast<std::uint8_t>(static_cast<int>(whole));
  }
}

}  // namespace
}  // namespace cuvee
