/// Implementation of reorder.h for the instruction set of the including file.
#pragma once

#include "kernels/reorder/reorder.h"
#include "kernels/simd/transpose.h"

namespace cuvee {
namespace {

void to_blocked(float* dst, const float* src, std::ptrdiff_t channel_stride, int channels, std::ptrdiff_t pixels) {
  for (std::ptrdiff_t p = 0; p < pixels; p += B) {
    const int count = pixels - p < B ? int(pixels - p) : B;
    V r[B];
#pragma GCC unroll 16
    for (int lane = 0; lane < B; ++lane) {
      const float* from = src + lane * channel_stride + p;
      r[lane] = lane >= channels ? zero() : count < B ? load_n(from, count) : load(from);
    }
    transpose(r);
    if (count == B) {
#pragma GCC unroll 16
      for (int i = 0; i < B; ++i) store(dst + (p + i) * B, r[i]);
    } else {
      alignas(64) float rest[B * B];
#pragma GCC unroll 16
      for (int i = 0; i < B; ++i) store(rest + i * B, r[i]);
      for (int i = 0; i < count; ++i) store(dst + (p + i) * B, load(rest + i * B));
    }
  }
}

void to_planar(float* dst, std::ptrdiff_t channel_stride, const float* src, int channels, std::ptrdiff_t pixels) {
  for (std::ptrdiff_t p = 0; p < pixels; p += B) {
    const int count = pixels - p < B ? int(pixels - p) : B;
    V r[B];
#pragma GCC unroll 16
    for (int i = 0; i < B; ++i) r[i] = i < count ? load(src + (p + i) * B) : zero();
    transpose(r);
    if (channels == B && count == B) {
#pragma GCC unroll 16
      for (int lane = 0; lane < B; ++lane) store(dst + lane * channel_stride + p, r[lane]);
    } else {
      alignas(64) float rest[B * B];
#pragma GCC unroll 16
      for (int lane = 0; lane < B; ++lane) store(rest + lane * B, r[lane]);
      for (int lane = 0; lane < channels; ++lane) store_n(dst + lane * channel_stride + p, load(rest + lane * B), count);
    }
  }
}

}  // namespace
}  // namespace cuvee
