// Implementation of image.h for the instruction set of the including file.
#include "kernels/image/image.h"
#include "kernels/simd/vec.h"

namespace cuvee {
namespace {

void plane(const std::uint8_t* __restrict from, float* __restrict to, float pre, float scale, float shift, std::ptrdiff_t n) {
  for (std::ptrdiff_t i = 0; i < n; ++i) to[i] = (float(from[i]) + pre) * scale + shift;
}

void strided(const std::uint8_t* __restrict from, int pixel, float* __restrict to, float pre, float scale, float shift, std::ptrdiff_t n) {
  for (std::ptrdiff_t i = 0; i < n; ++i) to[i] = (float(from[i * pixel]) + pre) * scale + shift;
}

template <int P>
void floats(const float* __restrict from, float* __restrict to, float pre, float scale, float shift, std::ptrdiff_t n) {
  for (std::ptrdiff_t i = 0; i < n; ++i) to[i] = (from[i * P] + pre) * scale + shift;
}

void float_row(const Image& image, const float* from, float* const* to, std::ptrdiff_t n) {
  const std::ptrdiff_t step = image.pixel / std::ptrdiff_t(sizeof(float));
  for (int c = 0; c < image.channels; ++c) {
    const float* elements = from + image.offset[c] / std::ptrdiff_t(sizeof(float));
    const float pre = image.pre[c], scale = image.scale[c], shift = image.shift[c];
    if (step == 1) floats<1>(elements, to[c], pre, scale, shift, n);
    else if (step == 3) floats<3>(elements, to[c], pre, scale, shift, n);
    else if (step == 4) floats<4>(elements, to[c], pre, scale, shift, n);
    else
      for (std::ptrdiff_t i = 0; i < n; ++i) to[c][i] = (elements[i * step] + pre) * scale + shift;
  }
}

#if defined(CUVEE_VEC_AVX512) || defined(CUVEE_VEC_AVX2)

// Bytes o, o + P, o + 2 P, o + 3 P of 16, each as a 32-bit number.
CUVEE_INLINE __m128i every(int pixel, int o) {
  alignas(16) std::int8_t at[16];
  for (int k = 0; k < 16; ++k) at[k] = k % 4 == 0 ? std::int8_t(k / 4 * pixel + o) : std::int8_t(-128);
  return _mm_load_si128(reinterpret_cast<const __m128i*>(at));
}

CUVEE_INLINE __m128i bytes16(const std::uint8_t* p) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)); }

// B pixels at once: four to a lane of 128 bits. A lane reads 16 bytes, so up to 16 - 4 P beyond its pixels.
template <int P>
std::ptrdiff_t shuffled(const Image& image, const std::uint8_t* from, float* const* to, std::ptrdiff_t n) {
  const std::ptrdiff_t safe = n - (16 - 4 * P + P - 1) / P;
  std::ptrdiff_t i = 0;
#if defined(CUVEE_VEC_AVX512)
  __m512i order[max_image_channels];
  for (int c = 0; c < image.channels; ++c) order[c] = _mm512_broadcast_i32x4(every(P, int(image.offset[c])));
  for (; i + B <= safe; i += B) {
    const std::uint8_t* p = from + i * P;
    __m512i pixels = _mm512_castsi128_si512(bytes16(p));
    pixels = _mm512_inserti32x4(pixels, bytes16(p + 4 * P), 1);
    pixels = _mm512_inserti32x4(pixels, bytes16(p + 8 * P), 2);
    pixels = _mm512_inserti32x4(pixels, bytes16(p + 12 * P), 3);
    for (int c = 0; c < image.channels; ++c)
      store(to[c] + i, fma(add(_mm512_cvtepi32_ps(_mm512_shuffle_epi8(pixels, order[c])), set1(image.pre[c])), set1(image.scale[c]), set1(image.shift[c])));
  }
#else
  __m256i order[max_image_channels];
  for (int c = 0; c < image.channels; ++c) order[c] = _mm256_broadcastsi128_si256(every(P, int(image.offset[c])));
  for (; i + B <= safe; i += B) {
    const std::uint8_t* p = from + i * P;
    const __m256i pixels = _mm256_inserti128_si256(_mm256_castsi128_si256(bytes16(p)), bytes16(p + 4 * P), 1);
    for (int c = 0; c < image.channels; ++c)
      store(to[c] + i, fma(add(_mm256_cvtepi32_ps(_mm256_shuffle_epi8(pixels, order[c])), set1(image.pre[c])), set1(image.scale[c]), set1(image.shift[c])));
  }
#endif
  return i;
}

#endif

void row(const Image& image, const std::uint8_t* from, float* const* to, std::ptrdiff_t n) {
  if (image.floats) return float_row(image, reinterpret_cast<const float*>(from), to, n);
  std::ptrdiff_t done = 0;
#if defined(CUVEE_VEC_AVX512) || defined(CUVEE_VEC_AVX2)
  if (image.pixel == 3) done = shuffled<3>(image, from, to, n);
  if (image.pixel == 4) done = shuffled<4>(image, from, to, n);
#endif
  for (int c = 0; c < image.channels; ++c) {
    const std::uint8_t* bytes = from + done * image.pixel + image.offset[c];
    if (image.pixel == 1) plane(bytes, to[c], image.pre[c], image.scale[c], image.shift[c], n);
    else strided(bytes, image.pixel, to[c] + done, image.pre[c], image.scale[c], image.shift[c], n - done);
  }
}

}  // namespace
}  // namespace cuvee
