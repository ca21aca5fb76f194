// Families that only move elements: `transpose` (args: input axis of each output axis), `slice` (args: for each axis begin and
// step), `broadcast` (trailing axes aligned), `concat` (args: axis).
#include <algorithm>
#include <cstring>

#include "kernels/move/strided.h"
#include "runtime/step.h"

namespace cuvee {
namespace {

struct MoveState final : StepState {
  StridedCopy copy;
};

size_t element_bytes(const TensorView& v) { return type_bits(v.type) / 8; }

Status keep(StepContext& ctx, StridedCopy&& copy) {
  auto state = std::make_unique<MoveState>();
  collapse(copy);
  state->copy = std::move(copy);
  *ctx.state = std::move(state);
  return {};
}

Status bind_transpose(StepContext& ctx) {
  const TensorView& x = ctx.in[0];
  const std::vector<int64_t> strides = row_major_strides(x.dims, x.rank);
  StridedCopy c;
  for (int i = 0; i < x.rank; ++i) {
    const int64_t axis = ctx.args[i].i;
    c.dims.push_back(x.dim(static_cast<int>(axis)));
    c.strides.push_back(strides[axis]);
  }
  return keep(ctx, std::move(c));
}

Status bind_slice(StepContext& ctx) {
  const TensorView& x = ctx.in[0];
  const TensorView& y = ctx.out[0];
  const std::vector<int64_t> strides = row_major_strides(x.dims, x.rank);
  StridedCopy c;
  for (int i = 0; i < x.rank; ++i) {
    const int64_t begin = ctx.args[2 * i].i, step = ctx.args[2 * i + 1].i, last = begin + step * (y.dim(i) - 1);
    if (y.dim(i) > 0 && (begin < 0 || begin >= x.dim(i) || last < 0 || last >= x.dim(i))) return Status::fail("SHAPE_MISMATCH", "the slice reaches outside axis " + std::to_string(i));
    c.dims.push_back(y.dim(i));
    c.strides.push_back(strides[i] * step);
    c.base += begin * strides[i];
  }
  return keep(ctx, std::move(c));
}

Status bind_broadcast(StepContext& ctx) {
  const TensorView& x = ctx.in[0];
  const TensorView& y = ctx.out[0];
  const std::vector<int64_t> strides = row_major_strides(x.dims, x.rank);
  StridedCopy c;
  for (int i = 0; i < y.rank; ++i) {
    const int k = i - y.rank + x.rank;
    c.dims.push_back(y.dim(i));
    c.strides.push_back(k < 0 || x.dim(k) == 1 ? 0 : strides[k]);
  }
  return keep(ctx, std::move(c));
}

Status run_copy(StepContext& ctx) {
  run_strided_copy(static_cast<MoveState&>(**ctx.state).copy, element_bytes(ctx.in[0]), ctx.in[0].data, ctx.out[0].data, *ctx.pool);
  return {};
}

// Blocked tensors join along channels when all but the last fill their blocks; the compiler sees to that.
Status run_concat(StepContext& ctx) {
  const TensorView& y = ctx.out[0];
  const int axis = static_cast<int>(ctx.args[0].i);
  int64_t outer = 1;
  for (int i = 0; i < axis; ++i) outer *= y.dim(i);
  const int64_t row = outer ? y.bytes / outer : 0;
  int64_t at = 0;
  struct Part { const char* data; int64_t bytes, at; };
  std::vector<Part> parts;
  for (const TensorView& x : ctx.in) {
    const int64_t bytes = outer ? x.bytes / outer : 0;
    if (bytes > 0) parts.push_back({x.as<char>(), bytes, at});
    at += bytes;
  }
  char* to = y.as<char>();
  const int64_t pieces = outer * static_cast<int64_t>(parts.size());
  const int jobs = static_cast<int>(std::clamp<int64_t>(y.bytes / 65536, 1, std::min<int64_t>(std::max<int64_t>(pieces, 1), 64)));
  parallel_for(*ctx.pool, jobs, [&](int job, int) {
    for (int64_t i = pieces * job / jobs; i < pieces * (job + 1) / jobs; ++i) {
      const Part& p = parts[i % parts.size()];
      const int64_t o = i / static_cast<int64_t>(parts.size());
      std::memcpy(to + o * row + p.at, p.data + o * p.bytes, static_cast<size_t>(p.bytes));
    }
  });
  return {};
}

}  // namespace

extern const Family transpose_family, slice_family, broadcast_family, concat_family;
const Family transpose_family{"transpose", bind_transpose, run_copy};
const Family slice_family{"slice", bind_slice, run_copy};
const Family broadcast_family{"broadcast", bind_broadcast, run_copy};
const Family concat_family{"concat", nullptr, run_concat};

}  // namespace cuvee
