// Family `unique`: the different elements, or the different slices along an axis. Inputs: data, axis (absent: the flattened data).
// Outputs, which may be dynamic: them; the place of each one's first appearance; for each slice of the data the place of its value
// among them; how often each comes. Args: 1 for ascending order instead of that of appearance. NaN is above every number and equal
// to nothing.
#include <cmath>
#include <numeric>

#include "kernels/indexing/indices.h"

namespace cuvee {
namespace {

bool is_nan(double x) { return std::isnan(x); }
bool is_nan(int64_t) { return false; }
bool is_nan(uint64_t) { return false; }

// The data as `outer` rows of n slices of `inner` elements.
template <class T>
struct Slices {
  std::vector<T> values;
  int64_t outer, n, inner;

  const T* at(int64_t o, int64_t p) const { return values.data() + (o * n + p) * inner; }

  // -1, 0, 1; NaNs count as equal here.
  int compare(int64_t p, int64_t q) const {
    for (int64_t o = 0; o < outer; ++o) {
      const T *a = at(o, p), *b = at(o, q);
      for (int64_t k = 0; k < inner; ++k) {
        if (a[k] < b[k]) return -1;
        if (a[k] > b[k]) return 1;
        if (a[k] == b[k]) continue;
        if (is_nan(a[k]) != is_nan(b[k])) return is_nan(a[k]) ? 1 : -1;
      }
    }
    return 0;
  }
  bool same(int64_t p, int64_t q) const {
    for (int64_t o = 0; o < outer; ++o)
      if (!std::equal(at(o, p), at(o, p) + inner, at(o, q))) return false;
    return true;
  }
};

Status no_memory(int64_t count) { return Status::fail("OUT_OF_MEMORY", std::to_string(count) + " different elements"); }

// Writes one of the integer outputs.
bool write(StepContext& ctx, int i, const std::vector<int64_t>& values) {
  const int64_t dims[] = {static_cast<int64_t>(values.size())};
  if (ctx.out[static_cast<size_t>(i)].absent && !ctx.allocate(i, dims)) return false;
  TensorView& y = ctx.out[static_cast<size_t>(i)];
  if (!values.empty()) store_row(y.type, y.data, 0, dims[0], values.data());
  return true;
}

template <class T>
Status find(StepContext& ctx, int axis) {
  const TensorView& x = ctx.in[0];
  Slices<T> s{std::vector<T>(static_cast<size_t>(x.size)), axis < 0 ? 1 : count_of(x.dims, 0, axis), axis < 0 ? x.size : x.dim(axis), axis < 0 ? 1 : count_of(x.dims, axis + 1, x.rank)};
  if (x.size > 0) load_row(x.type, x.data, 0, 1, x.size, s.values.data());
  std::vector<int64_t> order(static_cast<size_t>(s.n)), first, counts, reverse(static_cast<size_t>(s.n));
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](int64_t p, int64_t q) {
    const int c = s.compare(p, q);
    return c != 0 ? c < 0 : p < q;
  });
  for (size_t i = 0; i < order.size(); ++i) {
    const int64_t p = order[i];
    if (i == 0 || !s.same(first.back(), p)) first.push_back(p), counts.push_back(0);
    ++counts.back();
    reverse[static_cast<size_t>(p)] = static_cast<int64_t>(first.size()) - 1;
  }
  if (ctx.args[0].i == 0) {
    std::vector<int64_t> by(first.size()), place(first.size()), f(first.size()), c(first.size());
    std::iota(by.begin(), by.end(), 0);
    std::sort(by.begin(), by.end(), [&](int64_t a, int64_t b) { return first[static_cast<size_t>(a)] < first[static_cast<size_t>(b)]; });
    for (size_t i = 0; i < by.size(); ++i) {
      const auto old = static_cast<size_t>(by[i]);
      f[i] = first[old], c[i] = counts[old], place[old] = static_cast<int64_t>(i);
    }
    for (int64_t& r : reverse) r = place[static_cast<size_t>(r)];
    first.swap(f), counts.swap(c);
  }
  const auto count = static_cast<int64_t>(first.size());
  std::vector<int64_t> dims{count};
  if (axis >= 0) {
    dims.assign(x.dims, x.dims + x.rank);
    dims[static_cast<size_t>(axis)] = count;
  }
  if (ctx.out[0].absent && !ctx.allocate(0, dims)) return no_memory(count);
  const size_t bytes = element_bytes(x), slice = static_cast<size_t>(s.inner) * bytes;
  char* to = ctx.out[0].as<char>();
  for (int64_t o = 0; o < s.outer; ++o)
    for (int64_t p : first) {
      std::memcpy(to, x.as<char>() + static_cast<size_t>((o * s.n + p) * s.inner) * bytes, slice);
      to += slice;
    }
  if (!write(ctx, 1, first) || !write(ctx, 2, reverse) || !write(ctx, 3, counts)) return no_memory(count);
  return {};
}

Status run(StepContext& ctx) {
  const TensorView& x = ctx.in[0];
  int64_t axis = -1;
  if (ctx.in.size() > 1 && !ctx.in[1].absent) {
    axis = normal_axis(integer(ctx.in[1]), x.rank);
    if (axis < 0) return wrong_axis(integer(ctx.in[1]), x.rank);
  }
  return guarded([&] {
    switch (compute_type(x.type)) {
      case 'f': case 'd': return find<double>(ctx, static_cast<int>(axis));
      case 'u': return find<uint64_t>(ctx, static_cast<int>(axis));
      default: return find<int64_t>(ctx, static_cast<int>(axis));
    }
  });
}

}  // namespace

extern const Family unique_family;
const Family unique_family{"unique", nullptr, run};

}  // namespace cuvee
