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

template <int Count>
void gather_some(float* dst, const LanePiece* pieces, std::ptrdiff_t pixels) {
  Lanes lanes[Count];
  const float* from[Count];
#pragma GCC unroll 8
  for (int i = 0; i < Count; ++i) lanes[i] = lanes_of(pieces[i].lane), from[i] = pieces[i].from;
  for (std::ptrdiff_t p = 0; p < pixels * B; p += B) {
    V r = take(zero(), load(from[0] + p), lanes[0]);
#pragma GCC unroll 8
    for (int i = 1; i < Count; ++i) r = take(r, load(from[i] + p), lanes[i]);
    store(dst + p, r);
  }
}

void gather(float* dst, const LanePiece* pieces, int count, std::ptrdiff_t pixels) {
  switch (count) {
    case 1: return gather_some<1>(dst, pieces, pixels);
    case 2: return gather_some<2>(dst, pieces, pixels);
    case 3: return gather_some<3>(dst, pieces, pixels);
    case 4: return gather_some<4>(dst, pieces, pixels);
    case 5: return gather_some<5>(dst, pieces, pixels);
    case 6: return gather_some<6>(dst, pieces, pixels);
    case 7: return gather_some<7>(dst, pieces, pixels);
    case 8: return gather_some<8>(dst, pieces, pixels);
    default: break;
  }
  for (std::ptrdiff_t p = 0; p < pixels * B; p += B) {
    V r = zero();
    for (int i = 0; i < count; ++i) r = take(r, load(pieces[i].from + p), lanes_of(pieces[i].lane));
    store(dst + p, r);
  }
}

}  // namespace
}  // namespace cuvee
