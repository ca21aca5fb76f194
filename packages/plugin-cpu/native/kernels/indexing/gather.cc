// Families that read where indices say; negative indices count from the end, others outside are errors.
//   gather           data, indices, axis; args: batch axes
//   gather_elements  data, indices; args: axis
//   gather_nd        data, indices; args: batch axes
#include "kernels/indexing/indices.h"

namespace cuvee {
namespace {

constexpr int64_t some = 256;

Status run_gather(StepContext& ctx) {
  const TensorView &data = ctx.in[0], &indices = ctx.in[1];
  const int batch = static_cast<int>(ctx.args[0].i);
  const int axis = static_cast<int>(normal_axis(integer(ctx.in[2]), data.rank));
  if (axis < 0) return wrong_axis(integer(ctx.in[2]), data.rank);
  if (axis < batch || batch > indices.rank) return Status::fail("ARGUMENT_INVALID", "axis " + std::to_string(axis) + " lies within the " + std::to_string(batch) + " batch axes");
  std::vector<int64_t> dims(data.dims, data.dims + axis);
  dims.insert(dims.end(), indices.dims + batch, indices.dims + indices.rank);
  dims.insert(dims.end(), data.dims + axis + 1, data.dims + data.rank);
  if (!ctx.allocate(0, dims)) return Status::fail("OUT_OF_MEMORY", "the gathered slices");
  TensorView& y = ctx.out[0];
  if (y.size == 0) return {};
  const int64_t length = data.dim(axis), inner = count_of(data.dims, axis + 1, data.rank) * static_cast<int64_t>(element_bytes(data));
  const int64_t outer = count_of(data.dims, batch, axis), count = count_of(indices.dims, batch, indices.rank), rows = count_of(data.dims, 0, axis) * count;
  if (count_of(data.dims, 0, batch) != count_of(indices.dims, 0, batch)) return Status::fail("SHAPE_MISMATCH", "the batches of data and indices differ");
  Places places;
  const int jobs = jobs_for(y.bytes, rows);
  parallel_for(*ctx.pool, jobs, [&](int job, int) {
    int64_t where[some];
    const int64_t end = rows * (job + 1) / jobs;
    for (int64_t r = rows * job / jobs; r < end && places.ok();) {
      const int64_t o = r / count, k = r % count, n = std::min({some, count - k, end - r});
      load_row(indices.type, indices.data, o / outer * count + k, 1, n, where);
      const char* from = data.as<char>() + o * length * inner;
      char* to = y.as<char>() + r * inner;
      for (int64_t i = 0; i < n; ++i) {
        const int64_t p = places(where[i], length);
        if (p < 0) return;
        copy_bytes(to + i * inner, from + p * inner, static_cast<size_t>(inner));
      }
      r += n;
    }
  });
  return places.status();
}

Status run_elements(StepContext& ctx) {
  const TensorView &data = ctx.in[0], &indices = ctx.in[1];
  TensorView& y = ctx.out[0];
  const int axis = static_cast<int>(ctx.args[0].i), last = data.rank - 1;
  for (int i = 0; i < data.rank; ++i)
    if (i != axis && indices.dim(i) > data.dim(i)) return Status::fail("SHAPE_MISMATCH", "the indices are longer than the data along axis " + std::to_string(i));
  const std::vector<int64_t> strides = row_major_strides(data.dims, data.rank);
  const int64_t width = indices.dim(last), rows = indices.size / width, length = data.dim(axis);
  const size_t bytes = element_bytes(data);
  Places places;
  const int jobs = jobs_for(y.size * 4, rows);
  parallel_for(*ctx.pool, jobs, [&](int job, int) {
    int64_t where[some];
    for (int64_t r = rows * job / jobs; r < rows * (job + 1) / jobs; ++r) {
      int64_t base = 0, rest = r;
      for (int i = last - 1; i >= 0; --i) {
        if (i != axis) base += rest % indices.dim(i) * strides[i];
        rest /= indices.dim(i);
      }
      for (int64_t at = 0; at < width; at += some) {
        const int64_t n = std::min(some, width - at);
        load_row(indices.type, indices.data, r * width + at, 1, n, where);
        for (int64_t i = 0; i < n; ++i) {
          const int64_t p = places(where[i], length);
          if (p < 0) return;
          const int64_t from = base + p * strides[axis] + (axis == last ? 0 : at + i);
          copy_bytes(y.as<char>() + (r * width + at + i) * static_cast<int64_t>(bytes), data.as<char>() + from * static_cast<int64_t>(bytes), bytes);
        }
      }
    }
  });
  return places.status();
}

Status run_nd(StepContext& ctx) {
  const TensorView &data = ctx.in[0], &indices = ctx.in[1];
  const int batch = static_cast<int>(ctx.args[0].i);
  if (indices.rank <= batch || batch + indices.dim(indices.rank - 1) > data.rank)
    return Status::fail("SHAPE_MISMATCH", "indices of " + std::to_string(indices.dim(indices.rank - 1)) + " numbers after " + std::to_string(batch) + " batch axes do not fit rank " + std::to_string(data.rank));
  const Tuples tuples(data, indices, batch);
  std::vector<int64_t> dims(indices.dims, indices.dims + indices.rank - 1);
  dims.insert(dims.end(), data.dims + batch + tuples.depth, data.dims + data.rank);
  if (!ctx.allocate(0, dims)) return Status::fail("OUT_OF_MEMORY", "the gathered slices");
  TensorView& y = ctx.out[0];
  if (y.size == 0) return {};
  if (count_of(data.dims, 0, batch) != count_of(indices.dims, 0, batch)) return Status::fail("SHAPE_MISMATCH", "the batches of data and indices differ");
  Places places;
  const int64_t bytes = static_cast<int64_t>(element_bytes(data)), slice = tuples.run * bytes;
  const int jobs = jobs_for(y.bytes, tuples.count);
  parallel_for(*ctx.pool, jobs, [&](int job, int) {
    tuples.each(indices, tuples.count * job / jobs, tuples.count * (job + 1) / jobs, places,
                [&](int64_t t, int64_t from) { copy_bytes(y.as<char>() + t * slice, data.as<char>() + from * bytes, static_cast<size_t>(slice)); });
  });
  return places.status();
}

}  // namespace

extern const Family gather_family, gather_elements_family, gather_nd_family;
const Family gather_family{"gather", nullptr, run_gather};
const Family gather_elements_family{"gather_elements", nullptr, run_elements};
const Family gather_nd_family{"gather_nd", nullptr, run_nd};

}  // namespace cuvee
