// Families that write where indices say; the output begins as a copy of the data. Equal places meet in the order of the indices.
//   scatter           data, indices, updates, axis: slices along the axis
//   scatter_elements  data, indices, updates, axis; action: how old and new meet; args: whether the old value counts
//   scatter_nd        data, indices (tuples along the last axis), updates; action: how old and new meet
#include <type_traits>

#include "kernels/indexing/indices.h"

namespace cuvee {
namespace {

enum class Meet { none, sum, sub, prod, min, max, mean };

Meet meet_of(std::string_view action) {
  constexpr std::string_view names[] = {"none", "sum", "sub", "prod", "min", "max", "mean"};
  for (int i = 0; i < 7; ++i)
    if (action == names[i]) return static_cast<Meet>(i);
  return Meet::none;
}

template <class A>
A together(Meet meet, bool logical, A a, A b) {
  using U = std::conditional_t<std::is_same_v<A, int64_t>, uint64_t, A>;  // wraps
  switch (meet) {
    case Meet::none: return b;
    case Meet::min: return a < b || a != a ? a : b;
    case Meet::max: return a > b || a != a ? a : b;
    case Meet::sum: case Meet::mean: return logical ? A(a != 0 || b != 0) : static_cast<A>(static_cast<U>(a) + static_cast<U>(b));
    case Meet::sub: return logical ? A((a != 0) != (b != 0)) : static_cast<A>(static_cast<U>(a) - static_cast<U>(b));
    case Meet::prod: return logical ? A(a != 0 && b != 0) : static_cast<A>(static_cast<U>(a) * static_cast<U>(b));
  }
  return b;
}

template <class A>
A quotient(A sum, A count) {
  if constexpr (std::is_floating_point_v<A>) return sum / count;
  const A q = sum / count;
  return sum < 0 && q * count != sum ? q - 1 : q;
}

// Joins n elements of y from `to` on with those of u from `from` on, or with the one at `from`.
template <class A>
void join(Meet meet, TensorView& y, int64_t to, const TensorView& u, int64_t from, int64_t n, bool single) {
  constexpr int64_t some = 512;
  A a[some], b[some];
  const bool logical = y.type == Type::boolean;
  for (int64_t at = 0; at < n; at += some) {
    const int64_t part = std::min(some, n - at);
    load_row(y.type, y.data, to + at, 1, part, a);
    load_row(u.type, u.data, single ? from : from + at, single ? 0 : 1, part, b);
    for (int64_t i = 0; i < part; ++i) a[i] = together(meet, logical, a[i], b[i]);
    store_row(y.type, y.data, to + at, part, a);
  }
}

void join_any(Meet meet, TensorView& y, int64_t to, const TensorView& u, int64_t from, int64_t n, bool single) {
  if (meet == Meet::none) {
    const int64_t bytes = static_cast<int64_t>(element_bytes(y));
    if (!single) return copy_bytes(y.as<char>() + to * bytes, u.as<char>() + from * bytes, static_cast<size_t>(n * bytes));
    for (int64_t i = 0; i < n; ++i) copy_bytes(y.as<char>() + (to + i) * bytes, u.as<char>() + from * bytes, static_cast<size_t>(bytes));
    return;
  }
  switch (compute_type(y.type)) {
    case 'f': return join<float>(meet, y, to, u, from, n, single);
    case 'd': return join<double>(meet, y, to, u, from, n, single);
    case 'u': return join<uint64_t>(meet, y, to, u, from, n, single);
    default: return join<int64_t>(meet, y, to, u, from, n, single);
  }
}

Status run_scatter(StepContext& ctx) {
  const TensorView &data = ctx.in[0], &indices = ctx.in[1], &updates = ctx.in[2];
  TensorView& y = ctx.out[0];
  const int axis = static_cast<int>(normal_axis(integer(ctx.in[3]), data.rank));
  if (axis < 0) return wrong_axis(integer(ctx.in[3]), data.rank);
  copy_tensor(data, y, *ctx.pool);
  const int64_t length = data.dim(axis), inner = count_of(data.dims, axis + 1, data.rank) * static_cast<int64_t>(element_bytes(data));
  const int64_t outer = count_of(data.dims, 0, axis), count = indices.size;
  if (updates.bytes != outer * count * inner) return Status::fail("SHAPE_MISMATCH", "the updates do not fit " + std::to_string(count) + " slices along axis " + std::to_string(axis));
  std::vector<int64_t> where(static_cast<size_t>(count));
  load_row(indices.type, indices.data, 0, 1, count, where.data());
  Places places;
  for (int64_t& p : where)
    if ((p = places(p, length)) < 0) return places.status();
  const int jobs = jobs_for(updates.bytes, outer);
  parallel_for(*ctx.pool, jobs, [&](int job, int) {
    for (int64_t o = outer * job / jobs; o < outer * (job + 1) / jobs; ++o)
      for (int64_t k = 0; k < count; ++k)
        copy_bytes(y.as<char>() + (o * length + where[static_cast<size_t>(k)]) * inner, updates.as<char>() + (o * count + k) * inner, static_cast<size_t>(inner));
  });
  return {};
}

Status bind_elements(StepContext& ctx) {
  ctx.need_scratch(ctx.action == "none" ? 1 : static_cast<size_t>(ctx.in[0].size) * sizeof(uint32_t));
  return {};
}

template <class A>
void average(TensorView& y, const uint32_t* met, int64_t old) {
  for (int64_t i = 0; i < y.size; ++i) {
    if (met[i] == 0) continue;
    A a;
    load_row(y.type, y.data, i, 1, 1, &a);
    a = quotient(a, static_cast<A>(met[i] + old));
    store_row(y.type, y.data, i, 1, &a);
  }
}

Status run_elements(StepContext& ctx) {
  const TensorView &data = ctx.in[0], &indices = ctx.in[1], &updates = ctx.in[2];
  TensorView& y = ctx.out[0];
  const int axis = static_cast<int>(normal_axis(integer(ctx.in[3]), data.rank));
  if (axis < 0) return wrong_axis(integer(ctx.in[3]), data.rank);
  copy_tensor(data, y, *ctx.pool);
  if (indices.size == 0) return {};
  for (int i = 0; i < data.rank; ++i)
    if (i != axis && indices.dim(i) > data.dim(i)) return Status::fail("ARGUMENT_INVALID", "the indices are longer than the data along axis " + std::to_string(i));
  if (updates.size != indices.size) return Status::fail("SHAPE_MISMATCH", "there are not as many updates as indices");
  const Meet meet = meet_of(ctx.action);
  const int64_t old = ctx.args[0].i;
  auto* met = static_cast<uint32_t*>(ctx.scratch);
  const bool counted = meet != Meet::none;
  if (counted) std::memset(met, 0, static_cast<size_t>(y.size) * sizeof(uint32_t));
  const std::vector<int64_t> strides = row_major_strides(data.dims, data.rank);
  const int last = data.rank - 1;
  const int64_t width = indices.dim(last);
  Places places;
  for (int64_t flat = 0; flat < indices.size; ++flat) {
    int64_t base = flat % width * strides[last], rest = flat / width;
    if (axis == last) base = 0;
    for (int i = last - 1; i >= 0; --i) {
      if (i != axis) base += rest % indices.dim(i) * strides[i];
      rest /= indices.dim(i);
    }
    int64_t given;
    load_row(indices.type, indices.data, flat, 1, 1, &given);
    const int64_t p = places(given, data.dim(axis));
    if (p < 0) return places.status();
    const int64_t to = base + p * strides[axis];
    const bool first = counted && met[to]++ == 0 && !old;
    join_any(first ? Meet::none : meet, y, to, updates, flat, 1, false);
    if ((flat & 0xfff) == 0 && ctx.cancelled()) return {};
  }
  if (meet != Meet::mean) return {};
  switch (compute_type(y.type)) {
    case 'f': average<float>(y, met, old); break;
    case 'd': average<double>(y, met, old); break;
    case 'u': average<uint64_t>(y, met, old); break;
    default: average<int64_t>(y, met, old);
  }
  return {};
}

Status run_nd(StepContext& ctx) {
  const TensorView &data = ctx.in[0], &indices = ctx.in[1], &updates = ctx.in[2];
  TensorView& y = ctx.out[0];
  if (indices.rank < 1 || indices.dim(indices.rank - 1) > data.rank) return Status::fail("SHAPE_MISMATCH", "the index tuples do not fit rank " + std::to_string(data.rank));
  if (const int64_t wanted = indices.rank - 1 + data.rank - indices.dim(indices.rank - 1); updates.rank != 0 && updates.rank != wanted)
    return Status::fail("SHAPE_MISMATCH", "the updates have rank " + std::to_string(updates.rank) + ", expected " + std::to_string(wanted));
  copy_tensor(data, y, *ctx.pool);
  const Tuples tuples(data, indices, 0);
  const bool single = updates.size == 1;
  if (!single && updates.size != tuples.count * tuples.run) return Status::fail("SHAPE_MISMATCH", "the updates do not fit " + std::to_string(tuples.count) + " slices of " + std::to_string(tuples.run) + " elements");
  const Meet meet = meet_of(ctx.action);
  Places places;
  tuples.each(indices, 0, tuples.count, places, [&](int64_t t, int64_t to) { join_any(meet, y, to, updates, single ? 0 : t * tuples.run, tuples.run, single); });
  return places.status();
}

}  // namespace

extern const Family scatter_family, scatter_elements_family, scatter_nd_family;
const Family scatter_family{"scatter", nullptr, run_scatter};
const Family scatter_elements_family{"scatter_elements", bind_elements, run_elements};
const Family scatter_nd_family{"scatter_nd", nullptr, run_nd};

}  // namespace cuvee
