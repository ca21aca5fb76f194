// copy: output 0 is input 0, byte for byte; shapes may differ, sizes and layouts not.
#include <algorithm>
#include <cstring>

#include "runtime/step.h"

namespace cuvee {
namespace {

constexpr int64_t chunk = 1 << 20;

Status bind(StepContext& c) {
  if (c.in.size() != 1 || c.out.size() != 1 || c.in[0].absent || c.in[0].bytes != c.out[0].bytes || c.in[0].type != c.out[0].type || c.in[0].layout != c.out[0].layout)
    return Status::fail("MODEL_INVALID", "a copy goes from one tensor to another of the same size");
  return {};
}

Status run(StepContext& c) {
  const TensorView& from = c.in[0];
  const TensorView& to = c.out[0];
  if (from.bytes <= chunk) {
    std::memcpy(to.data, from.data, static_cast<size_t>(from.bytes));
    return {};
  }
  parallel_for(*c.pool, static_cast<int>((from.bytes + chunk - 1) / chunk), [&](int i, int) {
    const int64_t at = i * chunk;
    std::memcpy(to.as<char>() + at, from.as<char>() + at, static_cast<size_t>(std::min(chunk, from.bytes - at)));
  });
  return {};
}

// Plain and blocked tensors alike: a window of axes 2 and 3, all images and channel blocks.
Status run_rows(StepContext& c, const Window& w) {
  const TensorView& from = c.in[0];
  const TensorView& to = c.out[0];
  if (!std::equal(from.dims, from.dims + from.rank, to.dims, to.dims + to.rank)) return Status::fail("MODEL_INVALID", "rows are copied between tensors of one shape");
  if (to.dims[2] == 0 || to.bytes == 0) return {};
  int64_t pixel = static_cast<int64_t>(type_bits(to.type)) / 8;
  if (to.layout == Layout::blocked) pixel *= c.block;
  const int64_t planes = to.bytes / (to.dims[2] * to.dims[3] * pixel);
  const auto at = [&](const TensorView& v, int64_t p, int64_t y) { return v.as<char>() + ((p * v.rows + y - v.row0) * v.cols + w.x0 - v.col0) * pixel; };
  for (int64_t p = 0; p < planes; ++p)
    for (int64_t y = w.y0; y < w.y1; ++y) std::memcpy(at(to, p, y), at(from, p, y), static_cast<size_t>((w.x1 - w.x0) * pixel));
  return {};
}

bool rows_needed(const StepContext&, int, int64_t y0, int64_t y1, int64_t* a0, int64_t* a1) {
  *a0 = y0;
  *a1 = y1;
  return true;
}

}  // namespace

extern const Family copy_family;
const Family copy_family{"copy", bind, run, run_rows, rows_needed, rows_needed};

}  // namespace cuvee
