// Families `lrn` (local response normalisation) and `cumsum` (sums up to each element). Arguments: src/lower/normalization.ts.
#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/convert/elements.h"
#include "kernels/lrn/lrn.h"
#include "kernels/select.h"
#include "kernels/table.h"
#include "runtime/step.h"

namespace cuvee {

CUVEE_VARIANTS(LrnRowKernel, lrn, LrnRowKernel, lrn_row)

namespace {

// A tensor as [outer, n, inner] about an axis.
struct About {
  int64_t outer = 1, n = 1, inner = 1;
};
About about(const TensorView& x, int axis) {
  About a;
  for (int i = 0; i < x.rank; ++i) (i < axis ? a.outer : i > axis ? a.inner : a.n) *= x.dim(i);
  return a;
}

int chunks_for(const StepContext& ctx, int64_t elements, int64_t most) {
  return static_cast<int>(std::clamp<int64_t>(elements / 4096, 1, std::min<int64_t>(std::max<int64_t>(most, 1), ctx.pool->threads() * 8)));
}

// Across the channels of a blocked picture, whose size the compiler has checked.
Status run_blocked_lrn(StepContext& ctx) {
  const TensorView& x = ctx.in[0];
  const int size = static_cast<int>(ctx.args[3].i), block = ctx.block;
  const int64_t plane = x.dim(2) * x.dim(3), blocks = (x.dim(1) + block - 1) / block, total = x.dim(0) * plane;
  const int chunks = chunks_for(ctx, x.size, total / 16);
  const auto scale = static_cast<float>(ctx.args[0].f / size), beta = static_cast<float>(ctx.args[1].f), bias = static_cast<float>(ctx.args[2].f);
  const LrnRowKernel row = lrn_row(ctx.kernels->isa);
  parallel_for(*ctx.pool, chunks, [&](int chunk, int) {
    int64_t at = total * chunk / chunks;
    const int64_t end = total * (chunk + 1) / chunks;
    while (at < end) {
      const int64_t n = at / plane, pixel = at % plane, pixels = std::min(plane - pixel, end - at), first = (n * blocks * plane + pixel) * block;
      row({x.as<float>() + first, ctx.out[0].as<float>() + first, static_cast<ptrdiff_t>(plane * block), static_cast<int>(x.dim(1)), static_cast<int>(pixels),
           (size - 1) / 2, size / 2, bias, scale, beta});
      at += pixels;
    }
  });
  return {};
}

// args: alpha, beta, bias, size, bits of the axes.
Status run_lrn(StepContext& ctx) {
  const TensorView& x = ctx.in[0];
  if (x.layout == Layout::blocked) return run_blocked_lrn(ctx);
  const int64_t total = x.size, size = ctx.args[3].i, before = (size - 1) / 2, after = size / 2;
  const uint64_t mask = static_cast<uint64_t>(ctx.args[4].i);
  std::vector<double> data(total), sums(total), next;
  load_row(x.type, x.data, 0, 1, total, data.data());
  for (int64_t i = 0; i < total; ++i) sums[i] = data[i] * data[i];
  double area = 1;
  for (int axis = 0; axis < x.rank; ++axis) {
    if (!(mask >> axis & 1)) continue;
    area *= static_cast<double>(size);
    const About a = about(x, axis);
    next.assign(total, 0);
    const int chunks = chunks_for(ctx, total, a.outer * a.n);
    parallel_for(*ctx.pool, chunks, [&](int chunk, int) {
      for (int64_t r = a.outer * a.n * chunk / chunks; r < a.outer * a.n * (chunk + 1) / chunks && !ctx.cancelled(); ++r) {
        const int64_t at = r % a.n, first = std::max<int64_t>(0, at - before), last = std::min(a.n - 1, at + after);
        for (int64_t k = first; k <= last; ++k)
          for (int64_t i = 0; i < a.inner; ++i) next[r * a.inner + i] += sums[(r - at + k) * a.inner + i];
      }
    });
    sums.swap(next);
  }
  const double alpha = ctx.args[0].f / area, beta = ctx.args[1].f, bias = ctx.args[2].f;
  const int chunks = chunks_for(ctx, total, total);
  parallel_for(*ctx.pool, chunks, [&](int chunk, int) {
    for (int64_t i = total * chunk / chunks; i < total * (chunk + 1) / chunks; ++i) data[i] /= std::pow(bias + alpha * sums[i], beta);
  });
  store_row(ctx.out[0].type, ctx.out[0].data, 0, total, data.data());
  return {};
}

template <class T>
void cumsum(StepContext& ctx, const About& a, bool exclusive, bool reverse) {
  const TensorView &x = ctx.in[0], &y = ctx.out[0];
  const int chunks = chunks_for(ctx, x.size, a.outer * a.inner);
  parallel_for(*ctx.pool, chunks, [&](int chunk, int) {
    std::vector<T> row(a.n);
    for (int64_t r = a.outer * a.inner * chunk / chunks; r < a.outer * a.inner * (chunk + 1) / chunks && !ctx.cancelled(); ++r) {
      const int64_t at = r / a.inner * a.n * a.inner + r % a.inner;
      load_row(x.type, x.data, at, a.inner, a.n, row.data());
      T sum = 0;
      for (int64_t k = 0; k < a.n; ++k) {
        T& place = row[reverse ? a.n - 1 - k : k];
        T next = 0;
        if constexpr (std::is_integral_v<T>) next = static_cast<T>(static_cast<uint64_t>(sum) + static_cast<uint64_t>(place));
        else next = sum + place;
        place = exclusive ? sum : next;
        sum = next;
      }
      if (a.inner == 1) store_row(y.type, y.data, at, a.n, row.data());
      else
        for (int64_t k = 0; k < a.n; ++k) store_row(y.type, y.data, at + k * a.inner, 1, &row[k]);
    }
  });
}

// args: exclusive, reverse; the axis is input 1.
Status run_cumsum(StepContext& ctx) {
  const TensorView &x = ctx.in[0], &given = ctx.in[1];
  int64_t axis = 0;
  load_row(given.type, given.data, 0, 1, 1, &axis);
  if (axis < 0) axis += x.rank;
  if (axis < 0 || axis >= std::max(x.rank, 1)) return Status::fail("ARGUMENT_INVALID", "axis " + std::to_string(axis) + " of a tensor of rank " + std::to_string(x.rank));
  const About a = about(x, static_cast<int>(axis));
  const bool exclusive = ctx.args[0].i != 0, reverse = ctx.args[1].i != 0;
  switch (compute_type(x.type)) {
    case 'f': case 'd': cumsum<double>(ctx, a, exclusive, reverse); break;
    case 'u': cumsum<uint64_t>(ctx, a, exclusive, reverse); break;
    default: cumsum<int64_t>(ctx, a, exclusive, reverse);
  }
  return {};
}

}  // namespace

extern const Family lrn_family, cumsum_family;
const Family lrn_family{"lrn", nullptr, run_lrn};
const Family cumsum_family{"cumsum", nullptr, run_cumsum};

}  // namespace cuvee
