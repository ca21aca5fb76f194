// Family `top_k`: data, k; outputs values and places (i32 or i64), dynamic where k is only known at run time. Ties take the lower
// place first, NaN is larger than every number. args: axis, 1 for the smallest, 1 to sort by place.
#include <numeric>

#include "kernels/indexing/indices.h"

namespace cuvee {
namespace {

template <class T>
bool before(T a, T b) { return a < b || (a == a && b != b); }

template <class T>
void rank_row(const T* row, int64_t n, int64_t k, bool smallest, bool by_place, int64_t* order) {
  std::iota(order, order + n, int64_t{0});
  const auto less = [&](int64_t p, int64_t q) {
    const T a = row[p], b = row[q];
    if (smallest ? before(a, b) : before(b, a)) return true;
    if (smallest ? before(b, a) : before(a, b)) return false;
    return p < q;
  };
  if (k * 8 < n) std::partial_sort(order, order + k, order + n, less);
  else {
    if (k > 0 && k < n) std::nth_element(order, order + k - 1, order + n, less);
    std::sort(order, order + k, less);
  }
  if (by_place) std::sort(order, order + k);
}

template <class T>
Status select(StepContext& ctx, int64_t k) {
  const TensorView& x = ctx.in[0];
  TensorView &values = ctx.out[0], &places = ctx.out[1];
  const int axis = static_cast<int>(ctx.args[0].i);
  const bool smallest = ctx.args[1].i != 0, by_place = ctx.args[2].i != 0;
  const int64_t n = x.dim(axis), inner = count_of(x.dims, axis + 1, x.rank), rows = count_of(x.dims, 0, axis) * inner;
  const int64_t bytes = static_cast<int64_t>(element_bytes(x));
  const int jobs = jobs_for(x.size * 16, rows);
  parallel_for(*ctx.pool, jobs, [&](int job, int) {
    std::vector<T> row(static_cast<size_t>(n));
    std::vector<int64_t> order(static_cast<size_t>(n));
    for (int64_t r = rows * job / jobs; r < rows * (job + 1) / jobs && !ctx.cancelled(); ++r) {
      const int64_t from = r / inner * n * inner + r % inner, to = r / inner * k * inner + r % inner;
      load_row(x.type, x.data, from, inner, n, row.data());
      rank_row(row.data(), n, k, smallest, by_place, order.data());
      for (int64_t i = 0; i < k; ++i) {
        const int64_t p = order[static_cast<size_t>(i)], at = to + i * inner;
        if (!values.absent) copy_bytes(values.as<char>() + at * bytes, x.as<char>() + (from + p * inner) * bytes, static_cast<size_t>(bytes));
        if (places.absent) continue;
        if (places.type == Type::i64) places.as<int64_t>()[at] = p;
        else places.as<int32_t>()[at] = static_cast<int32_t>(p);
      }
    }
  });
  return {};
}

Status run(StepContext& ctx) {
  const TensorView& x = ctx.in[0];
  const int axis = static_cast<int>(ctx.args[0].i);
  const int64_t k = integer(ctx.in[1]);
  if (k < 0 || k > x.dim(axis)) return Status::fail("ARGUMENT_INVALID", "k is " + std::to_string(k) + ", axis " + std::to_string(axis) + " has " + std::to_string(x.dim(axis)) + " places");
  std::vector<int64_t> dims(x.dims, x.dims + x.rank);
  dims[static_cast<size_t>(axis)] = k;
  for (int i = 0; i < 2; ++i)
    if (!ctx.allocate(i, dims)) return Status::fail("OUT_OF_MEMORY", "the " + std::to_string(k) + " first elements");
  if (ctx.out[0].size == 0) return {};
  switch (compute_type(x.type)) {
    case 'f': return select<float>(ctx, k);
    case 'd': return select<double>(ctx, k);
    case 'u': return select<uint64_t>(ctx, k);
    default: return select<int64_t>(ctx, k);
  }
}

}  // namespace

extern const Family top_k_family;
const Family top_k_family{"top_k", nullptr, run};

}  // namespace cuvee
