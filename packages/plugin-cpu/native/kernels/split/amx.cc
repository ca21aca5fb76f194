#define CUVEE_VEC_AVX512
#include "base/cpu.h"
#include "kernels/simd/finish.h"
#include "kernels/split/split.h"

namespace cuvee {
namespace {

struct alignas(64) Configuration {
  std::uint8_t palette = 1, start_row = 0, reserved[14] = {};
  std::uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

constexpr Configuration all_tiles;  // not on the stack: GCC 12 does not know that _tile_loadconfig reads all of it

void begin() { _tile_loadconfig(&all_tiles); }

void end() { _tile_release(); }

/// A vector's next part, in the upper halves of its lanes (the lower ones hold anything), and what is left of it.
CUVEE_INLINE __m512i take_part(V& x) {
  const __m512i part = _mm512_add_epi32(_mm512_castps_si512(x), _mm512_set1_epi32(0x8000));
  x = sub(x, _mm512_castsi512_ps(_mm512_and_si512(part, _mm512_set1_epi32(static_cast<int>(0xffff0000)))));
  return part;
}

/// Pairs of the upper halves.
CUVEE_INLINE __m512i pairs(__m512i low, __m512i high) {
  return _mm512_ternarylogic_epi32(_mm512_srli_epi32(low, 16), high, _mm512_set1_epi32(static_cast<int>(0xffff0000)), 0xf8);  // low | (high & mask)
}

CUVEE_INLINE V load_block(const float* p, std::ptrdiff_t count) { return count >= B ? load(p) : load_n(p, static_cast<int>(count)); }

void split(const TileEntry* blocks, int block_count, std::ptrdiff_t offset, std::ptrdiff_t step, int pixels, std::uint16_t* to, int row, bool* odd) {
  const int steps = split_steps(block_count);
  const __m512i magnitude = _mm512_set1_epi32(0x7fffffff), least = _mm512_set1_epi32((127 - 30) << 23), most = _mm512_set1_epi32((127 + 60) << 23);
  for (int first = 0, count; first < pixels; first += count) {  // pixels of one tile
    const int at = (row + first) % 16;
    count = pixels - first < 16 - at ? pixels - first : 16 - at;
    std::uint16_t* tile = to + std::size_t((row + first) / 16) * split_tile(steps) + at * 32;
    __m512i largest[16];
    for (int i = 0; i < count; ++i) largest[i] = _mm512_setzero_si512();
    const auto note = [&](int i, V x) { largest[i] = _mm512_max_epi32(largest[i], _mm512_and_si512(_mm512_castps_si512(x), magnitude)); };
    const auto put = [&](int i, int part, __m512i x) { _mm512_store_si512(tile + part * 512 + i * 32, x); };
    const std::ptrdiff_t start = offset + first * step;
    for (int b = 0; b + 1 < block_count; b += 2, tile += 3 * 512) {
      const float *p = blocks[b].a + start, *q = blocks[b + 1].a + start;
      const std::ptrdiff_t p_count = blocks[b].count, q_count = blocks[b + 1].count;
      for (int i = 0; i < count; ++i, p += step, q += step) {
        V low = load_block(p, p_count), high = load_block(q, q_count);
        note(i, low), note(i, high);
        for (int part = 0; part < 3; ++part) {
          const __m512i l = take_part(low), h = take_part(high);
          put(i, part, pairs(l, h));
        }
      }
    }
    if (block_count % 2) {
      const TileEntry last = blocks[block_count - 1];
      const float* p = last.a + start;
      for (int i = 0; i < count; ++i, p += step) {
        V x = load_block(p, last.count);
        note(i, x);
        const __m512i x0 = take_part(x), x1 = take_part(x), x2 = take_part(x);
        put(i, 0, pairs(x2, x1)), put(i, 1, pairs(x1, x0)), put(i, 2, pairs(x0, x0));
      }
    }
    for (int i = 0; i < count; ++i) {
      const bool beyond = _mm512_cmpgt_epi32_mask(largest[i], most) != 0, within = _mm512_cmpge_epi32_mask(largest[i], least) != 0;
      odd[first + i] = beyond || (!within && _mm512_test_epi32_mask(largest[i], largest[i]) != 0);
    }
  }
}

void pack(const float* rows, int block_count, int vectors, std::uint16_t* to) {
  const std::ptrdiff_t row = std::ptrdiff_t(vectors) * B;
  for (int b = 0; b < block_count; b += 2, to += std::ptrdiff_t(3) * vectors * 512)
    for (int i = 0; i < B; ++i)
      for (int v = 0; v < vectors; ++v) {
        const float* from = rows + (std::ptrdiff_t(b) * B + i) * row + v * B;
        const auto put = [&](int part, __m512i x) { _mm512_storeu_si512(to + (std::ptrdiff_t(part) * vectors + v) * 512 + i * 32, x); };
        V low = load(from);
        if (b + 1 < block_count) {
          V high = load(from + B * row);
          for (int part = 0; part < 3; ++part) {
            const __m512i l = take_part(low), h = take_part(high);
            put(part, pairs(l, h));
          }
        } else {
          const __m512i w0 = take_part(low), w1 = take_part(low), w2 = take_part(low);
          put(0, pairs(w0, w0)), put(1, pairs(w1, w1)), put(2, pairs(w2, w0));
        }
      }
}

/// Tiles 0 to 3 hold sums (pixels * 2 + vector), 4 and 5 pixels, 6 and 7 weights.
template <int Tiles, int Vectors>
void product_of(const std::uint16_t* a, const std::uint16_t* w, int block_count, float* sums) {
  const std::uint16_t* a1 = a + split_tile(split_steps(block_count));
  _tile_zero(0);
  if constexpr (Vectors > 1) _tile_zero(1);
  if constexpr (Tiles > 1) _tile_zero(2);
  if constexpr (Tiles > 1 && Vectors > 1) _tile_zero(3);
#define CUVEE_PIXELS(part)                                           \
  _tile_loadd(4, a + (part) * 512, 64);                              \
  if constexpr (Tiles > 1) _tile_loadd(5, a1 + (part) * 512, 64)
#define CUVEE_WEIGHTS(part)                                          \
  _tile_loadd(6, w + (part) * Vectors * 512, 64);                    \
  if constexpr (Vectors > 1) _tile_loadd(7, w + ((part) * Vectors + 1) * 512, 64)
#define CUVEE_PRODUCTS                                               \
  _tile_dpbf16ps(0, 4, 6);                                           \
  if constexpr (Vectors > 1) _tile_dpbf16ps(1, 4, 7);                \
  if constexpr (Tiles > 1) _tile_dpbf16ps(2, 5, 6);                  \
  if constexpr (Tiles > 1 && Vectors > 1) _tile_dpbf16ps(3, 5, 7)
  for (int b = 0; b + 1 < block_count; b += 2, a += 3 * 512, a1 += 3 * 512, w += 3 * Vectors * 512) {
    CUVEE_PIXELS(2);
    CUVEE_WEIGHTS(0);
    CUVEE_PRODUCTS;
    CUVEE_PIXELS(1);
    CUVEE_PRODUCTS;
    CUVEE_WEIGHTS(1);
    CUVEE_PRODUCTS;
    CUVEE_PIXELS(0);
    CUVEE_PRODUCTS;
    CUVEE_WEIGHTS(2);
    CUVEE_PRODUCTS;
    CUVEE_WEIGHTS(0);
    CUVEE_PRODUCTS;
  }
  if (block_count % 2) {
    CUVEE_PIXELS(0);
    CUVEE_WEIGHTS(0);
    CUVEE_PRODUCTS;
    CUVEE_PIXELS(1);
    CUVEE_WEIGHTS(1);
    CUVEE_PRODUCTS;
    CUVEE_PIXELS(2);
    CUVEE_WEIGHTS(2);
    CUVEE_PRODUCTS;
  }
#undef CUVEE_PIXELS
#undef CUVEE_WEIGHTS
#undef CUVEE_PRODUCTS
  _tile_stored(0, sums, 64);
  if constexpr (Vectors > 1) _tile_stored(1, sums + 512, 64);
  if constexpr (Tiles > 1) _tile_stored(2, sums + 256, 64);
  if constexpr (Tiles > 1 && Vectors > 1) _tile_stored(3, sums + 768, 64);
}

void product(const std::uint16_t* tiles, int tile_count, const std::uint16_t* weights, int vectors, int block_count, float* sums) {
  if (tile_count == 2) {
    if (vectors == 2) product_of<2, 2>(tiles, weights, block_count, sums);
    else product_of<2, 1>(tiles, weights, block_count, sums);
  } else if (vectors == 2) {
    product_of<1, 2>(tiles, weights, block_count, sums);
  } else {
    product_of<1, 1>(tiles, weights, block_count, sums);
  }
}

void exact(const TileEntry* blocks, int block_count, std::ptrdiff_t offset, const std::uint16_t* weights, int vectors, float* sums) {
  const __m512i upper = _mm512_set1_epi32(static_cast<int>(0xffff0000));
  for (int v = 0; v < vectors; ++v) {
    V sum = zero();
    for (int b = 0; b < block_count; ++b)
      for (std::ptrdiff_t i = 0; i < blocks[b].count; ++i) {
        const std::uint16_t* from = weights + (std::ptrdiff_t(b / 2) * 3 * vectors + v) * 512 + i * 32;
        V w = zero();
        for (int part = 2; part >= 0; --part) {
          const __m512i both = _mm512_loadu_si512(from + std::ptrdiff_t(part) * vectors * 512);
          w = add(w, _mm512_castsi512_ps(b % 2 ? _mm512_and_si512(both, upper) : _mm512_slli_epi32(both, 16)));
        }
        sum = fma(set1(blocks[b].a[offset + i]), w, sum);
      }
    store(sums + v * 512, sum);
  }
}

template <int MR>
CUVEE_INLINE void finish_pixels(TileArgs& t, const float* sums, V bias) {
  V acc[1][MR];
#pragma GCC unroll 16
  for (int m = 0; m < MR; ++m) acc[0][m] = add(load(sums + m * B), bias);
  finish<MR, 1>(t, acc);
  t.c += MR * t.c_step;
  if (t.residual) t.residual += MR * t.r_step;
}

void finish_panel(const TileArgs& all, const float* sums, int vectors, int pixels) {
  for (int v = 0; v < vectors; ++v, sums += 512) {
    TileArgs t = all;
    const auto seek = [v](const float*& p) { p = p ? p + v * B : nullptr; };
    seek(t.bias), seek(t.pre_scale), seek(t.pre_shift), seek(t.post_scale), seek(t.post_shift);
    t.lanes -= v * B;
    if (t.lanes <= 0) break;
    t.c += v * t.c_block;
    if (t.residual) t.residual += v * t.r_block;
    const V bias = t.bias ? load(t.bias) : zero();
    int m = 0;
    for (; m + 16 <= pixels; m += 16) finish_pixels<16>(t, sums + m * B, bias);
    for (; m < pixels; ++m) finish_pixels<1>(t, sums + m * B, bias);
  }
}

constexpr SplitKernels kernels{begin, end, split, product, pack, exact, finish_panel};

}  // namespace

const SplitKernels* split_kernels() {
  static const bool there = tile_unit_available();
  return there ? &kernels : nullptr;
}

}  // namespace cuvee
