// Family `edges`: blocked [n, c, h, w] to blocked [n, c, 3, 3]: in the middle each picture's mean, around it minus the sums of its first
// and last row and column, at the corners its corners, all over h·w. Action `enlarged` makes of these those of the picture that is 1 << args[0]
// times as large both ways, `windows` what the taps of a padded 3x3 window see on average, `middle` the mean alone (ops/edges.ts).
#include <algorithm>
#include <cmath>

#include "kernels/reduce/reduce.h"
#include "kernels/table.h"
#include "runtime/step.h"

namespace cuvee {
namespace {

// Runs of rows that are summed apart: as many for all numbers of threads, so that sums are the same.
constexpr int64_t most_runs = 32, least_pixels = 512;

int64_t runs_of(const TensorView& x) { return std::clamp<int64_t>(x.dims[2] * x.dims[3] / least_pixels, 1, std::min(most_runs, std::max<int64_t>(1, x.dims[2]))); }
int64_t pictures_of(const StepContext& ctx) { return ctx.in[0].dims[0] * ((ctx.in[0].dims[1] + ctx.block - 1) / ctx.block); }

Status bind(StepContext& ctx) {
  if (ctx.in[0].layout != Layout::blocked || ctx.in[0].rank != 4) return Status::fail("MODEL_INVALID", "edges are of pictures in blocks");
  if (!ctx.action.empty()) {
    const bool enlarges = ctx.action == "enlarged" && ctx.args.size() == 1 && ctx.args[0].i >= 0 && ctx.args[0].i < 64;
    return enlarges || ctx.action == "windows" || ctx.action == "middle" ? Status{} : Status::fail("MODEL_INVALID", "edges: unknown action");
  }
  ctx.need_scratch(static_cast<size_t>(pictures_of(ctx) * runs_of(ctx.in[0]) * ctx.block) * sizeof(float));
  return {};
}

// The tap of row or column i sees the middle and, but for that of the middle, the edge on its own side's far end.
void see(const float* shares, float* out, int64_t lanes) {
  constexpr int from[] = {1, 1, 0}, to[] = {2, 1, 1};
  for (int place = 0; place < 9; ++place, out += lanes) {
    std::fill_n(out, lanes, 0.0f);
    for (int y = from[place / 3]; y <= to[place / 3]; ++y)
      for (int x = from[place % 3]; x <= to[place % 3]; ++x)
        for (int64_t i = 0; i < lanes; ++i) out[i] += shares[(3 * y + x) * lanes + i];
  }
}

// A side has as many times fewer of the pixels, a corner that many times again.
void enlarge(const float* shares, float* out, int64_t shift, int64_t lanes) {
  const float side = std::ldexp(1.0f, -static_cast<int>(shift));
  for (int place = 0; place < 9; ++place) {
    const float scale = place == 4 ? 1 : place % 2 ? side : side * side;
    for (int64_t i = 0; i < lanes; ++i) out[place * lanes + i] = shares[place * lanes + i] * scale;
  }
}

Status run_on_shares(StepContext& ctx) {
  const bool one = ctx.action == "middle";
  const int64_t size = 9 * ctx.block;
  const float* in = ctx.in[0].as<float>();
  float* out = ctx.out[0].as<float>();
  for (int64_t p = 0; p < pictures_of(ctx); ++p, in += size, out += one ? ctx.block : size) {
    if (one) std::copy_n(in + 4 * ctx.block, ctx.block, out);
    else if (ctx.action == "windows") see(in, out, ctx.block);
    else enlarge(in, out, ctx.args[0].i, ctx.block);
  }
  return {};
}

Status run(StepContext& ctx) {
  if (!ctx.action.empty()) return run_on_shares(ctx);
  const TensorView& x = ctx.in[0];
  const ReduceKernels& kernels = reduce_kernels(ctx.kernels->isa);
  const int64_t height = x.dims[2], width = x.dims[3], lanes = ctx.block, row = width * lanes, pictures = pictures_of(ctx), runs = runs_of(x);
  float* const y = ctx.out[0].as<float>();
  if (x.size == 0) {
    std::fill_n(y, pictures * 9 * lanes, NAN);
    return {};
  }
  float* const partial = static_cast<float*>(ctx.scratch);
  parallel_for(*ctx.pool, static_cast<int>(pictures * runs), [&](int part, int) {
    const int64_t y0 = height * (part % runs) / runs, y1 = height * (part % runs + 1) / runs;
    kernels.columns(Reduction::sum, partial + part * lanes, x.as<float>() + part / runs * height * row + y0 * row, lanes, (y1 - y0) * width, lanes);
  });
  const float share = 1.0f / (static_cast<float>(height) * static_cast<float>(width));
  for (int64_t p = 0; p < pictures; ++p) {
    const float* const top = x.as<float>() + p * height * row;
    const float* const bottom = top + (height - 1) * row;
    const int64_t end = row - lanes;
    float* const out = y + p * 9 * lanes;
    const auto sum = [&](int place, const float* from, int64_t stride, int64_t count) { kernels.columns(Reduction::sum, out + place * lanes, from, stride, count, lanes); };
    sum(0, top, lanes, 1), sum(2, top + end, lanes, 1), sum(6, bottom, lanes, 1), sum(8, bottom + end, lanes, 1);
    sum(1, top, lanes, width), sum(7, bottom, lanes, width);
    sum(3, top, row, height), sum(5, top + end, row, height);
    sum(4, partial + p * runs * lanes, lanes, runs);
    for (int place = 0; place < 9; ++place)
      for (int64_t i = 0; i < lanes; ++i) out[place * lanes + i] *= place % 2 ? -share : share;
  }
  return {};
}

}  // namespace

extern const Family edges_family;
const Family edges_family{"edges", bind, run};

}  // namespace cuvee
