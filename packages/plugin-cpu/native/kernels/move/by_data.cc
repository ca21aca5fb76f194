// Movement along axes that only the run tells; the outputs are dynamic.
//   transpose_by  data, order (empty: reversed)
//   unsqueeze_by  data, axes of the output
//   slice_by      data, start, stop, step, axes or -1 (the leading ones)
//   split_by      data, axis, lengths or -1 (equal parts); outputs: the parts; one length may be -1: what the others leave
#include "kernels/indexing/indices.h"

namespace cuvee {
namespace {

std::vector<int64_t> integers(const TensorView& v) {
  std::vector<int64_t> values(static_cast<size_t>(v.size));
  load_row(v.type, v.data, 0, 1, v.size, values.data());
  return values;
}

// Axes from the front, each at most once.
Status normal_axes(std::vector<int64_t>& axes, int64_t rank) {
  std::vector<bool> seen(static_cast<size_t>(rank));
  for (int64_t& a : axes) {
    const int64_t given = a;
    a = normal_axis(given, rank);
    if (a < 0) return wrong_axis(given, rank);
    if (seen[static_cast<size_t>(a)]) return Status::fail("ARGUMENT_INVALID", "axis " + std::to_string(a) + " comes twice");
    seen[static_cast<size_t>(a)] = true;
  }
  return {};
}

Status copy_out(StepContext& ctx, int i, StridedCopy& copy) {
  const std::vector<int64_t> dims = copy.dims;
  if (!ctx.allocate(i, dims)) return Status::fail("OUT_OF_MEMORY", "output " + std::to_string(i));
  TensorView& y = ctx.out[static_cast<size_t>(i)];
  if (y.size == 0) return {};
  collapse(copy);
  run_strided_copy(copy, element_bytes(y), ctx.in[0].data, y.data, *ctx.pool);
  return {};
}

StridedCopy whole(const TensorView& x) { return {std::vector<int64_t>(x.dims, x.dims + x.rank), row_major_strides(x.dims, x.rank), 0}; }

Status run_transpose(StepContext& ctx) {
  const TensorView& x = ctx.in[0];
  std::vector<int64_t> order = integers(ctx.in[1]);
  if (order.empty())
    for (int i = x.rank; i-- > 0;) order.push_back(i);
  if (order.size() != static_cast<size_t>(x.rank)) return Status::fail("ARGUMENT_INVALID", "an order of " + std::to_string(order.size()) + " axes for rank " + std::to_string(x.rank));
  if (Status s = normal_axes(order, x.rank); !s.ok()) return s;
  const StridedCopy from = whole(x);
  StridedCopy c;
  for (const int64_t a : order) c.dims.push_back(from.dims[static_cast<size_t>(a)]), c.strides.push_back(from.strides[static_cast<size_t>(a)]);
  return copy_out(ctx, 0, c);
}

Status run_unsqueeze(StepContext& ctx) {
  const TensorView& x = ctx.in[0];
  std::vector<int64_t> axes = integers(ctx.in[1]);
  const int64_t rank = x.rank + static_cast<int64_t>(axes.size());
  if (Status s = normal_axes(axes, rank); !s.ok()) return s;
  StridedCopy c = whole(x);
  std::sort(axes.begin(), axes.end());
  for (const int64_t a : axes) c.dims.insert(c.dims.begin() + a, 1), c.strides.insert(c.strides.begin() + a, 0);
  return copy_out(ctx, 0, c);
}

Status run_slice(StepContext& ctx) {
  const TensorView& x = ctx.in[0];
  const std::vector<int64_t> starts = integers(ctx.in[1]), stops = integers(ctx.in[2]), steps = integers(ctx.in[3]);
  std::vector<int64_t> axes;
  if (ctx.in.size() > 4 && !ctx.in[4].absent) axes = integers(ctx.in[4]);
  else
    for (size_t i = 0; i < starts.size(); ++i) axes.push_back(static_cast<int64_t>(i));
  if (starts.size() != axes.size() || stops.size() != axes.size() || steps.size() != axes.size()) return Status::fail("SHAPE_MISMATCH", "starts, stops, steps and axes differ in number");
  if (Status s = normal_axes(axes, x.rank); !s.ok()) return s;
  StridedCopy c = whole(x);
  for (size_t i = 0; i < axes.size(); ++i) {
    const auto axis = static_cast<size_t>(axes[i]);
    const int64_t n = c.dims[axis], step = steps[i];
    if (step == 0) return Status::fail("ARGUMENT_INVALID", "the step along axis " + std::to_string(axis) + " is 0");
    // Backwards a start below the first element is the first element, a stop there lies before it.
    const int64_t high = step < 0 ? n - 1 : n;
    const auto clamped = [&](int64_t at, int64_t low) { return std::min(std::max(at < 0 ? at + n : at, low), high); };
    const int64_t first = clamped(starts[i], 0), stop = clamped(stops[i], step < 0 ? -1 : 0), far = step < 0 ? first - stop : stop - first;
    // Written so that no step overflows.
    const uint64_t by = step < 0 ? 0 - static_cast<uint64_t>(step) : static_cast<uint64_t>(step);
    c.dims[axis] = far <= 0 ? 0 : static_cast<int64_t>((static_cast<uint64_t>(far) - 1) / by) + 1;
    if (c.dims[axis] > 0) c.base += first * c.strides[axis];
    c.strides[axis] = c.dims[axis] > 1 ? c.strides[axis] * step : 0;
  }
  return copy_out(ctx, 0, c);
}

Status run_split(StepContext& ctx) {
  const TensorView& x = ctx.in[0];
  const int64_t axis = normal_axis(integer(ctx.in[1]), x.rank);
  if (axis < 0) return wrong_axis(integer(ctx.in[1]), x.rank);
  const auto parts = static_cast<int64_t>(ctx.out.size());
  const int64_t n = x.dim(static_cast<int>(axis));
  std::vector<int64_t> lengths;
  if (ctx.in.size() > 2 && !ctx.in[2].absent) lengths = integers(ctx.in[2]);
  else {
    if (n % parts != 0) return Status::fail("SHAPE_MISMATCH", "axis " + std::to_string(axis) + " of length " + std::to_string(n) + " in " + std::to_string(parts) + " equal parts");
    lengths.assign(static_cast<size_t>(parts), n / parts);
  }
  int64_t left = n, open = -1;
  for (size_t i = 0; i < lengths.size(); ++i) {
    if (lengths[i] == -1 && open < 0) open = static_cast<int64_t>(i);
    else if (lengths[i] < 0 || lengths[i] > left) return Status::fail("SHAPE_MISMATCH", "the parts do not fill axis " + std::to_string(axis) + " of length " + std::to_string(n));
    else left -= lengths[i];
  }
  if (open >= 0) lengths[static_cast<size_t>(open)] = left;
  if ((open < 0 && left != 0) || lengths.size() != ctx.out.size()) return Status::fail("SHAPE_MISMATCH", "the parts do not fill axis " + std::to_string(axis) + " of length " + std::to_string(n));
  int64_t at = 0;
  for (size_t i = 0; i < lengths.size(); ++i) {
    StridedCopy c = whole(x);
    c.dims[static_cast<size_t>(axis)] = lengths[i];
    c.base = at * c.strides[static_cast<size_t>(axis)];
    at += lengths[i];
    if (Status s = copy_out(ctx, static_cast<int>(i), c); !s.ok()) return s;
  }
  return {};
}

}  // namespace

extern const Family transpose_by_family, unsqueeze_by_family, slice_by_family, split_by_family;
const Family transpose_by_family{"transpose_by", nullptr, run_transpose};
const Family unsqueeze_by_family{"unsqueeze_by", nullptr, run_unsqueeze};
const Family slice_by_family{"slice_by", nullptr, run_slice};
const Family split_by_family{"split_by", nullptr, run_split};

}  // namespace cuvee
