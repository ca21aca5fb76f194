// Families `convert` (the same values in another element type) and `values` (sizes, from registers, as elements).
#include <algorithm>
#include <type_traits>
#include <vector>

#include "kernels/convert/elements.h"
#include "kernels/convert/narrow.h"
#include "runtime/step.h"

namespace cuvee {
namespace {

constexpr int64_t row = 2048;

// From or to a narrow type. Rows hold whole bytes of every type, so no two threads write one byte.
template <class T>
Status convert_narrow(StepContext& ctx) {
  const TensorView& from = ctx.in[0];
  TensorView& to = ctx.out[0];
  const int64_t n = from.size, rows = (n + row - 1) / row;
  const int parts = static_cast<int>(std::clamp<int64_t>(rows / 4, 1, ctx.pool->threads() * 4));
  parallel_for(*ctx.pool, parts, [&](int part, int) {
    T buffer[row];
    for (int64_t r = rows * part / parts; r < rows * (part + 1) / parts; ++r) {
      const int64_t i = r * row, count = std::min(row, n - i);
      if constexpr (std::is_same_v<T, double>) {
        if (is_narrow(from.type)) load_narrow(from.type, from.data, i, count, buffer);
        else load_row(from.type, from.data, i, 1, count, buffer);
      } else {
        load_row(from.type, from.data, i, 1, count, buffer);
      }
      if (is_narrow(to.type)) store_narrow(to.type, to.data, i, count, buffer);
      else store_row(to.type, to.data, i, count, buffer);
    }
  });
  return {};
}

template <class T>
Status convert_as(StepContext& ctx) {
  const TensorView& from = ctx.in[0];
  TensorView& to = ctx.out[0];
  const int64_t n = from.size;
  const int parts = static_cast<int>(std::clamp<int64_t>(n / (8 * row), 1, ctx.pool->threads() * 4));
  parallel_for(*ctx.pool, parts, [&](int part, int) {
    std::vector<T> buffer(std::min(n, row));
    const int64_t begin = n * part / parts, end = n * (part + 1) / parts;
    for (int64_t i = begin; i < end; i += row) {
      const int64_t count = std::min(row, end - i);
      load_row(from.type, from.data, i, 1, count, buffer.data());
      store_row(to.type, to.data, i, count, buffer.data());
    }
  });
  return {};
}

Status run_convert(StepContext& ctx) {
  if (is_narrow(ctx.in[0].type)) return convert_narrow<double>(ctx);
  if (is_narrow(ctx.out[0].type)) {
    const char kind = compute_type(ctx.in[0].type);
    return kind == 'f' || kind == 'd' ? convert_narrow<double>(ctx) : convert_narrow<int64_t>(ctx);
  }
  switch (compute_type(ctx.in[0].type)) {
    case 'f': return convert_as<float>(ctx);
    case 'd': return convert_as<double>(ctx);
    case 'i': case 'l': return convert_as<int64_t>(ctx);
    case 'u': return convert_as<uint64_t>(ctx);
    default: return Status::fail("TYPE_MISMATCH", "convert does not read this element type");
  }
}

Status run_values(StepContext& ctx) {
  std::vector<int64_t> elements;
  for (const ArgValue& a : ctx.args) elements.push_back(a.i);
  store_row(ctx.out[0].type, ctx.out[0].data, 0, static_cast<int64_t>(elements.size()), elements.data());
  return {};
}

}  // namespace

extern const Family convert_family, values_family;
const Family convert_family{"convert", nullptr, run_convert};
const Family values_family{"values", nullptr, run_values};

}  // namespace cuvee
