// Resampling of two neighbouring axes, whatever lies before and behind them: pictures as pixels, and bytes.
#include <algorithm>
#include <vector>

#include "base/parallel.h"
#include "kernels/resize/picture.h"

namespace cuvee {
namespace {

struct Row {
  std::vector<float> sums, result;
  std::vector<const std::uint8_t*> bytes;
  std::vector<const float*> floats;
};

int chunks_for(const ResizePicture& p, std::int64_t rows, int threads) {
  return static_cast<int>(std::clamp<std::int64_t>(rows * p.columns->out * p.inner / 8192, 1, std::max<std::int64_t>(std::min<std::int64_t>(rows, threads * 4), 1)));
}

// sums = the weighted rows that output row y is made of; `rows` are in_row elements each.
void combine(const ResizePicture& p, const std::uint8_t* from, std::int64_t in_row, std::int64_t y, Row& r) {
  const ResizeAxis& a = *p.rows;
  r.bytes.clear();
  for (int t = a.start[y]; t < a.start[y + 1]; ++t) r.bytes.push_back(from + a.at[t] * in_row);
  p.kernels->combine_bytes(r.sums.data(), r.bytes.data(), a.weight32.data() + a.start[y], static_cast<int>(r.bytes.size()), in_row);
}
void combine(const ResizePicture& p, const float* from, std::int64_t in_row, std::int64_t y, Row& r) {
  const ResizeAxis& a = *p.rows;
  r.floats.clear();
  for (int t = a.start[y]; t < a.start[y + 1]; ++t) r.floats.push_back(from + a.at[t] * in_row);
  p.kernels->combine(r.sums.data(), r.floats.data(), a.weight32.data() + a.start[y], static_cast<int>(r.floats.size()), in_row);
}

// Columns of `sums` into `to`.
void across(const ResizePicture& p, const float* sums, float* to) {
  const ResizeAxis& a = *p.columns;
  p.kernels->pixels(to, sums, a.start.data(), a.at.data(), a.weight32.data(), a.out, static_cast<int>(p.inner));
}

void store(const ResizePicture& p, const float* row, std::uint8_t* to, std::int64_t n) { p.kernels->bytes(to, row, n); }
void store(const ResizePicture&, const float* row, float* to, std::int64_t n) { std::copy_n(row, n, to); }

// Rows first, then columns, an output row at a time.
template <class T>
void rows_first(const ResizePicture& p, const T* from, T* to, Parallel& pool) {
  const std::int64_t in_row = p.columns->in * p.inner, out_row = p.columns->out * p.inner, height = p.rows->out, total = p.outer * height;
  const int chunks = chunks_for(p, total, pool.threads());
  parallel_for(pool, chunks, [&](int chunk, int) {
    Row r;
    r.sums.resize(in_row);
    r.result.resize(out_row);
    for (std::int64_t k = total * chunk / chunks; k < total * (chunk + 1) / chunks; ++k) {
      combine(p, from + k / height * p.rows->in * in_row, in_row, k % height, r);
      if (!p.columns->identity) across(p, r.sums.data(), r.result.data());
      store(p, p.columns->identity ? r.sums.data() : r.result.data(), to + k * out_row, out_row);
    }
  });
}

// Columns first, as bytes again, then rows: as Pillow.
void columns_first(const ResizePicture& p, const std::uint8_t* from, std::uint8_t* to, Parallel& pool) {
  const std::int64_t in_row = p.columns->in * p.inner, out_row = p.columns->out * p.inner, total = p.outer * p.rows->in;
  std::vector<std::uint8_t> narrow(total * out_row);
  const float one = 1;
  const int chunks = chunks_for(p, total, pool.threads());
  parallel_for(pool, chunks, [&](int chunk, int) {
    std::vector<float> row(in_row), result(out_row);
    for (std::int64_t k = total * chunk / chunks; k < total * (chunk + 1) / chunks; ++k) {
      const std::uint8_t* bytes = from + k * in_row;
      p.kernels->combine_bytes(row.data(), &bytes, &one, 1, in_row);
      across(p, row.data(), result.data());
      p.kernels->bytes(narrow.data() + k * out_row, result.data(), out_row);
    }
  });
  ResizeAxis same;
  same.in = same.out = p.columns->out;
  ResizePicture rest = p;
  rest.columns = &same;
  rows_first(rest, narrow.data(), to, pool);
}

}  // namespace

void resize_picture(const ResizePicture& p, const float* from, float* to, Parallel& pool) { rows_first(p, from, to, pool); }

void resize_picture(const ResizePicture& p, const std::uint8_t* from, std::uint8_t* to, Parallel& pool) {
  if (p.each_pass && !p.columns->identity) columns_first(p, from, to, pool);
  else rows_first(p, from, to, pool);
}

}  // namespace cuvee
