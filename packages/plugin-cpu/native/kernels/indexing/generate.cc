// Families that make elements.
//   range    start, stop, step (one element each); the output may be dynamic
//   one_hot  indices, depth, value there, value elsewhere; args: axis, whether negative indices count from the end
#include <cmath>

#include "kernels/indexing/indices.h"

namespace cuvee {
namespace {

template <class T>
T one(const TensorView& v) {
  T value{};
  load_row(v.type, v.data, 0, 1, 1, &value);
  return value;
}

Status too_long() { return Status::fail("OUT_OF_MEMORY", "the elements of a range"); }

Status whole_range(StepContext& ctx) {
  const int64_t start = one<int64_t>(ctx.in[0]), stop = one<int64_t>(ctx.in[1]), step = one<int64_t>(ctx.in[2]);
  if (step == 0) return Status::fail("ARGUMENT_INVALID", "the step of a range is 0");
  const bool up = step > 0;
  uint64_t count = 0;
  if (up ? stop > start : stop < start) {
    const uint64_t far = up ? static_cast<uint64_t>(stop) - static_cast<uint64_t>(start) : static_cast<uint64_t>(start) - static_cast<uint64_t>(stop);
    const uint64_t by = up ? static_cast<uint64_t>(step) : 0 - static_cast<uint64_t>(step);
    count = (far - 1) / by + 1;
  }
  if (count > uint64_t{1} << 48) return too_long();
  const int64_t dims[] = {static_cast<int64_t>(count)};
  if (!ctx.allocate(0, dims)) return too_long();
  TensorView& y = ctx.out[0];
  int64_t part[512];
  uint64_t next = static_cast<uint64_t>(start);
  for (int64_t at = 0; at < dims[0]; at += 512) {
    const int64_t n = std::min<int64_t>(512, dims[0] - at);
    for (int64_t i = 0; i < n; ++i, next += static_cast<uint64_t>(step)) part[i] = static_cast<int64_t>(next);
    store_row(y.type, y.data, at, n, part);
  }
  return {};
}

Status run_range(StepContext& ctx) {
  const char kind = compute_type(ctx.out[0].type);
  if (kind != 'f' && kind != 'd') return whole_range(ctx);
  const double start = one<double>(ctx.in[0]), stop = one<double>(ctx.in[1]), step = one<double>(ctx.in[2]);
  if (step == 0) return Status::fail("ARGUMENT_INVALID", "the step of a range is 0");
  const double count = std::max(0.0, std::ceil((stop - start) / step));
  if (!(count <= 0x1p48)) return too_long();
  const int64_t dims[] = {static_cast<int64_t>(count)};
  if (!ctx.allocate(0, dims)) return too_long();
  TensorView& y = ctx.out[0];
  double part[512];
  for (int64_t at = 0; at < dims[0]; at += 512) {
    const int64_t n = std::min<int64_t>(512, dims[0] - at);
    for (int64_t i = 0; i < n; ++i) part[i] = start + static_cast<double>(at + i) * step;
    store_row(y.type, y.data, at, n, part);
  }
  return {};
}

Status run_one_hot(StepContext& ctx) {
  const TensorView& indices = ctx.in[0];
  const int64_t depth = integer(ctx.in[1]);
  if (depth < 0) return Status::fail("ARGUMENT_INVALID", "the depth is " + std::to_string(depth));
  const int axis = static_cast<int>(ctx.args[0].i);
  std::vector<int64_t> dims(indices.dims, indices.dims + indices.rank);
  dims.insert(dims.begin() + axis, depth);
  if (!ctx.allocate(0, dims)) return Status::fail("OUT_OF_MEMORY", "a new axis of length " + std::to_string(depth));
  TensorView& y = ctx.out[0];
  if (y.size == 0) return {};
  const int64_t bytes = static_cast<int64_t>(element_bytes(y)), inner = count_of(indices.dims, axis, indices.rank), outer = count_of(indices.dims, 0, axis);
  const char *on = ctx.in[2].as<char>(), *off = ctx.in[3].as<char>();
  const int jobs = jobs_for(y.bytes, outer);
  parallel_for(*ctx.pool, jobs, [&](int job, int) {
    int64_t given[256];
    for (int64_t o = outer * job / jobs; o < outer * (job + 1) / jobs; ++o) {
      char* to = y.as<char>() + o * depth * inner * bytes;
      for (int64_t i = 0; i < depth * inner; ++i) copy_bytes(to + i * bytes, off, static_cast<size_t>(bytes));
      for (int64_t at = 0; at < inner; at += 256) {
        const int64_t n = std::min<int64_t>(256, inner - at);
        load_row(indices.type, indices.data, o * inner + at, 1, n, given);
        for (int64_t i = 0; i < n; ++i) {
          const int64_t p = given[i] < 0 && ctx.args[1].i ? given[i] + depth : given[i];
          if (p >= 0 && p < depth) copy_bytes(to + (p * inner + at + i) * bytes, on, static_cast<size_t>(bytes));
        }
      }
    }
  });
  return {};
}

}  // namespace

extern const Family range_family, one_hot_family;
const Family range_family{"range", nullptr, run_range};
const Family one_hot_family{"one_hot", nullptr, run_one_hot};

}  // namespace cuvee
