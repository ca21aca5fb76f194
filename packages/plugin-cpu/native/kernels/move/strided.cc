#include "kernels/move/strided.h"

#include <algorithm>
#include <cstring>

namespace cuvee {
namespace {

struct Sixteen { uint64_t a, b; };

// Some dozens of bytes, for which a call takes longer than the copy.
inline void copy_short(const char* src, char* dst, size_t bytes) {
  for (size_t at = 0; at + 16 < bytes; at += 16) std::memcpy(dst + at, src + at, 16);
  std::memcpy(dst + bytes - 16, src + bytes - 16, 16);
}

// One row of n elements, `stride` apart in the source.
template <class T>
void copy_row(const T* src, int64_t stride, T* dst, int64_t n) {
  const size_t bytes = static_cast<size_t>(n) * sizeof(T);
  if (stride == 1 && bytes >= 16 && bytes <= 256) copy_short(reinterpret_cast<const char*>(src), reinterpret_cast<char*>(dst), bytes);
  else if (stride == 1) std::memcpy(dst, src, bytes);
  else if (stride == 0) std::fill_n(dst, n, *src);
  else for (int64_t i = 0; i < n; ++i) dst[i] = src[i * stride];
}

// The last two axes where the source runs along the first of them: in squares that fit L1.
template <class T>
void copy_plane(const T* src, int64_t s1, int64_t s0, T* dst, int64_t n1, int64_t n0) {
  constexpr int64_t side = 32;
  for (int64_t y = 0; y < n1; y += side)
    for (int64_t x = 0; x < n0; x += side) {
      const int64_t y1 = std::min(n1, y + side), x1 = std::min(n0, x + side);
      for (int64_t i = y; i < y1; ++i)
        for (int64_t j = x; j < x1; ++j) dst[i * n0 + j] = src[i * s1 + j * s0];
    }
}

template <class T>
void run(const StridedCopy& c, const T* src, T* dst, Parallel& pool) {
  const int rank = static_cast<int>(c.dims.size());
  src += c.base;
  const int64_t n0 = rank > 0 ? c.dims[rank - 1] : 1, s0 = rank > 0 ? c.strides[rank - 1] : 1;
  const int64_t n1 = rank > 1 ? c.dims[rank - 2] : 1, s1 = rank > 1 ? c.strides[rank - 2] : 0;
  int64_t outer = 1;
  for (int i = 0; i < rank - 2; ++i) outer *= c.dims[i];
  const bool plane = n0 > 1 && n1 > 1 && s0 != 1 && s0 != 0;
  // Bands of rows are the unit of work; long rows are of their own.
  const int64_t rows = outer * n1, band = plane || n0 * static_cast<int64_t>(sizeof(T)) < 1024 ? 32 : 1;
  const int64_t total = rows * n0 * static_cast<int64_t>(sizeof(T));
  const int64_t bands_per_plane = (n1 + band - 1) / band, units = outer * bands_per_plane;
  const int parts = static_cast<int>(std::clamp<int64_t>(total / 16384, 1, std::min<int64_t>(units, pool.threads() * 4)));
  const auto part = [&](int p, int) {
    for (int64_t u = units * p / parts; u < units * (p + 1) / parts; ++u) {
      const int64_t o = u / bands_per_plane, y = u % bands_per_plane * band, height = std::min(band, n1 - y);
      int64_t at = 0, rest = o;
      for (int d = rank - 3; d >= 0; --d) at += rest % c.dims[d] * c.strides[d], rest /= c.dims[d];
      const T* from = src + at + y * s1;
      T* to = dst + (o * n1 + y) * n0;
      if (plane) copy_plane(from, s1, s0, to, height, n0);
      else for (int64_t i = 0; i < height; ++i) copy_row(from + i * s1, s0, to + i * n0, n0);
    }
  };
  if (parts == 1) part(0, 0);
  else parallel_for(pool, parts, part);
}

}  // namespace

void collapse(StridedCopy& c) {
  std::vector<int64_t> dims, strides;
  for (size_t i = 0; i < c.dims.size(); ++i) {
    if (c.dims[i] == 1) continue;
    if (!dims.empty() && strides.back() == c.strides[i] * c.dims[i]) {
      dims.back() *= c.dims[i];
      strides.back() = c.strides[i];
    } else {
      dims.push_back(c.dims[i]);
      strides.push_back(c.strides[i]);
    }
  }
  c.dims = std::move(dims);
  c.strides = std::move(strides);
}

void run_strided_copy(const StridedCopy& c, size_t element_bytes, const void* src, void* dst, Parallel& pool) {
  switch (element_bytes) {
    case 1: return run(c, static_cast<const uint8_t*>(src), static_cast<uint8_t*>(dst), pool);
    case 2: return run(c, static_cast<const uint16_t*>(src), static_cast<uint16_t*>(dst), pool);
    case 4: return run(c, static_cast<const uint32_t*>(src), static_cast<uint32_t*>(dst), pool);
    case 8: return run(c, static_cast<const uint64_t*>(src), static_cast<uint64_t*>(dst), pool);
    case 16: return run(c, static_cast<const Sixteen*>(src), static_cast<Sixteen*>(dst), pool);
    default: return;
  }
}

std::vector<int64_t> row_major_strides(const int64_t* dims, int rank) {
  std::vector<int64_t> strides(rank, 1);
  for (int i = rank - 2; i >= 0; --i) strides[i] = strides[i + 1] * dims[i + 1];
  return strides;
}

}  // namespace cuvee
