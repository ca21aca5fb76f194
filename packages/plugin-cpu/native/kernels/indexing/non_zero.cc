// Family `non_zero`: the places of the elements that are not 0, one row for each axis of the input. The output is dynamic.
#include "kernels/indexing/indices.h"

namespace cuvee {
namespace {

constexpr int64_t row = 1024;

// Calls `found` with each place in [begin, end) that is not 0.
template <class Found>
void search(const TensorView& x, int64_t begin, int64_t end, Found&& found) {
  double values[row];
  for (int64_t i = begin; i < end; i += row) {
    const int64_t n = std::min(row, end - i);
    if (x.type == Type::u64 || x.type == Type::i64) {
      const int64_t* p = x.as<int64_t>() + i;
      for (int64_t k = 0; k < n; ++k)
        if (p[k] != 0) found(i + k);
      continue;
    }
    load_row(x.type, x.data, i, 1, n, values);
    for (int64_t k = 0; k < n; ++k)
      if (values[k] != 0) found(i + k);
  }
}

Status run(StepContext& ctx) {
  const TensorView& x = ctx.in[0];
  const int jobs = jobs_for(x.size, 64);
  int64_t counts[65] = {};
  parallel_for(*ctx.pool, jobs, [&](int job, int) {
    int64_t n = 0;
    search(x, x.size * job / jobs, x.size * (job + 1) / jobs, [&](int64_t) { ++n; });
    counts[job + 1] = n;
  });
  for (int job = 0; job < jobs; ++job) counts[job + 1] += counts[job];
  const int64_t total = counts[jobs], dims[] = {x.rank, total};
  if (!ctx.allocate(0, dims)) return Status::fail("OUT_OF_MEMORY", "the places of " + std::to_string(total) + " elements");
  TensorView& y = ctx.out[0];
  if (y.size == 0) return {};
  const bool wide = y.type == Type::i64;
  parallel_for(*ctx.pool, jobs, [&](int job, int) {
    int64_t at = counts[job];
    search(x, x.size * job / jobs, x.size * (job + 1) / jobs, [&](int64_t flat) {
      for (int axis = x.rank - 1; axis >= 0; --axis) {
        const int64_t index = axis == 0 ? flat : flat % x.dim(axis), to = axis * total + at;
        if (axis > 0) flat /= x.dim(axis);
        if (wide) y.as<int64_t>()[to] = index;
        else y.as<int32_t>()[to] = static_cast<int32_t>(index);
      }
      ++at;
    });
  });
  return {};
}

}  // namespace

extern const Family non_zero_family;
const Family non_zero_family{"non_zero", nullptr, run};

}  // namespace cuvee
