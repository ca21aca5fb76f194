#include <algorithm>
#include <cstdio>

#include "kernels/depthwise/depthwise.h"
#include "tests/check.h"

using namespace cuvee;
using namespace cuvee::test;

namespace {

void check_depthwise(int n, int c, int h, int w, int k, int stride, int dilation, int pad, int kind, std::uint64_t seed) {
  DepthwiseShape s;
  s.batch = n, s.channels = c, s.in_h = h, s.in_w = w, s.kernel_h = s.kernel_w = k;
  s.stride_h = s.stride_w = stride, s.dilation_h = s.dilation_w = dilation, s.pad_top = s.pad_left = pad;
  s.out_h = (h + 2 * pad - (k - 1) * dilation - 1) / stride + 1;
  s.out_w = (w + 2 * pad - (k - 1) * dilation - 1) / stride + 1;
  if (s.out_h <= 0 || s.out_w <= 0) return;
  Random random(seed);
  std::vector<float> x(std::size_t(n) * c * h * w), weights(std::size_t(c) * k * k), residual;
  random.fill(x);
  random.fill(weights);
  EpilogueCase e = make_epilogue(kind, c, seed);
  const int plane = s.out_h * s.out_w;
  if (e.epilogue.has_residual) residual.resize(std::size_t(n) * c * plane), random.fill(residual);
  std::vector<double> want(std::size_t(n) * c * plane);
  for (std::size_t i = 0; i < want.size(); ++i) {
    const int ox = int(i % s.out_w), oy = int(i / s.out_w % s.out_h), ch = int(i / plane % c);
    double sum = 0;
    for (int ky = 0; ky < k; ++ky)
      for (int kx = 0; kx < k; ++kx) {
        const int iy = oy * stride - pad + ky * dilation, ix = ox * stride - pad + kx * dilation;
        if (iy >= 0 && iy < h && ix >= 0 && ix < w) sum += double(x[(i / plane * h + iy) * w + ix]) * weights[(ch * k + ky) * k + kx];
      }
    want[i] = e.apply(sum, ch, residual.empty() ? 0 : residual[i]);
  }
  for (Isa isa : isas()) {
    const KernelTable& table = kernel_table(isa);
    const int block = table.block;
    const DepthwisePlan plan = depthwise_select(table, s, 2);
    char what[160];
    std::snprintf(what, sizeof what, "%s depthwise n%d c%d %dx%d k%d s%d d%d p%d epilogue %d", isa_name(isa), n, c, h, w, k, stride, dilation, pad, kind);
    const Guarded input = to_blocked(x, n, c, h * w, block);
    Guarded packed(plan.packed_floats), y(std::size_t(n) * plan.blocks * plane * block, 9);
    depthwise_pack(plan, weights.data(), packed.data());
    const Guarded held = to_blocked(residual, residual.empty() ? 0 : n, c, plane, block);
    if (e.epilogue.has_residual) e.epilogue.residual = dense_source(held.data(), c, s.out_h, s.out_w, block);
    const DepthwiseArgs args{dense_source(input.data(), c, h, w, block), packed.data(), dense_sink(y.data(), c, s.out_h, s.out_w, block), e.epilogue};
    for (int chunk = 0; chunk < plan.chunks; ++chunk) depthwise_run_chunk(plan, args, chunk);
    expect_close(to_planar(y, n, c, plane, block, what), want, 1e-6, 1e-5, what, std::sqrt(double(k * k)));
  }
}

}  // namespace

TEST(depthwise_geometry) {
  std::uint64_t seed = 1;
  for (int k : {1, 2, 3, 5, 7})
    for (int stride : {1, 2, 3})
      for (int dilation : {1, 2})
        for (int pad : {0, 1, k / 2}) check_depthwise(1, 1 + int(seed % 40), 9, 21, k, stride, dilation, pad, int(seed % epilogue_kinds), seed), ++seed;
}

TEST(depthwise_widths) {
  for (int k : {3, 4, 5, 7})
    for (int stride : {1, 2})
      for (int w = 1; w <= 33; ++w) check_depthwise(1 + w % 2, 17, 5, w, k, stride, 1, k / 2, 2, 100 + w);
}

TEST(depthwise_every_epilogue) {
  for (int kind = 0; kind < epilogue_kinds; ++kind) check_depthwise(1, 24, 6, 20, 3, 1, 1, 1, kind, 300 + kind);
}
