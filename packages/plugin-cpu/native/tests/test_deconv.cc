#include <algorithm>
#include <cstdio>

#include "kernels/deconv/deconv.h"
#include "tests/check.h"

using namespace cuvee;
using namespace cuvee::test;

namespace {

void check_deconv(DeconvShape s, int kind, std::uint64_t seed) {
  if (s.out_h <= 0 || s.out_w <= 0) return;
  Random random(seed);
  const int ig = s.in_channels / s.groups, og = s.out_channels / s.groups, plane = s.out_h * s.out_w;
  std::vector<float> x(std::size_t(s.batch) * s.in_channels * s.in_h * s.in_w), w(std::size_t(s.in_channels) * og * s.kernel_h * s.kernel_w), residual;
  random.fill(x);
  random.fill(w);
  EpilogueCase e = make_epilogue(kind, s.out_channels, seed);
  if (e.epilogue.has_residual) residual.resize(std::size_t(s.batch) * s.out_channels * plane), random.fill(residual);
  std::vector<double> want(std::size_t(s.batch) * s.out_channels * plane);
  for (int n = 0; n < s.batch; ++n)
    for (int i = 0; i < s.in_channels; ++i)
      for (int o = 0; o < og; ++o)
        for (int iy = 0; iy < s.in_h; ++iy)
          for (int ix = 0; ix < s.in_w; ++ix)
            for (int ky = 0; ky < s.kernel_h; ++ky)
              for (int kx = 0; kx < s.kernel_w; ++kx) {
                const int oy = iy * s.stride_h - s.pad_top + ky * s.dilation_h, ox = ix * s.stride_w - s.pad_left + kx * s.dilation_w;
                if (oy < 0 || oy >= s.out_h || ox < 0 || ox >= s.out_w) continue;
                want[((std::size_t(n) * s.out_channels + i / ig * og + o) * s.out_h + oy) * s.out_w + ox] +=
                    double(x[((std::size_t(n) * s.in_channels + i) * s.in_h + iy) * s.in_w + ix]) * w[((std::size_t(i) * og + o) * s.kernel_h + ky) * s.kernel_w + kx];
              }
  for (std::size_t i = 0; i < want.size(); ++i) want[i] = e.apply(want[i], int(i / plane % s.out_channels), residual.empty() ? 0 : residual[i]);
  for (Isa isa : isas()) {
    const KernelTable& table = kernel_table(isa);
    const int block = table.block;
    for (s.planar_output = false;; s.planar_output = true) {
    const DeconvPlan plan = deconv_select(table, s, 2);
    const int out_block = s.planar_output ? 1 : block;
    char what[200];
    std::snprintf(what, sizeof what, "%s deconv%s n%d c%d>%d/%d %dx%d k%d s%d d%d p%d epilogue %d", isa_name(isa), s.planar_output ? " planar" : "", s.batch, s.in_channels, s.out_channels, s.groups,
                  s.in_h, s.in_w, s.kernel_h, s.stride_h, s.dilation_h, s.pad_top, kind);
    const Guarded input = to_blocked(x, s.batch, s.in_channels, s.in_h * s.in_w, block), held = to_blocked(residual, residual.empty() ? 0 : s.batch, s.out_channels, plane, out_block);
    if (e.epilogue.has_residual) e.epilogue.residual = dense_source(held.data(), s.out_channels, s.out_h, s.out_w, out_block);
    Guarded packed(plan.packed_floats), scratch(plan.scratch_floats, NAN), y(std::size_t(s.batch) * ((s.out_channels + out_block - 1) / out_block) * plane * block, 9);
    for (std::size_t p = 0; p < plan.blocks.panels.size(); ++p) deconv_pack(plan, w.data(), packed.data(), int(p));
    const Source source = dense_source(input.data(), s.in_channels, s.in_h, s.in_w, block);
    const ConvArgs args{&source, packed.data(), dense_sink(y.data(), s.out_channels, s.out_h, s.out_w, out_block), e.epilogue};
    for (int chunk = 0; chunk < plan.chunks; ++chunk) deconv_run_chunk(plan, args, chunk, scratch.data());
    const double depth = double(ig) * s.kernel_h * s.kernel_w;
    expect_close(to_planar(y, s.batch, s.out_channels, plane, out_block, what), want, 1e-6 * std::max(1.0, std::sqrt(depth / 64)), 1e-5, what, std::sqrt(depth));
    const int step_y = s.planar_output ? 3 * s.stride_h : 3, step_x = s.planar_output ? 5 * s.stride_w : 5;
    std::fill_n(y.data(), y.size(), 9.0f);
    for (int n = 0; n < s.batch; ++n)
      for (int y0 = 0; y0 < s.out_h; y0 += step_y)
        for (int x0 = 0; x0 < s.out_w; x0 += step_x) deconv_run_rows(plan, args, n, y0, std::min(y0 + step_y, s.out_h), x0, std::min(x0 + step_x, s.out_w), scratch.data());
    expect_close(to_planar(y, s.batch, s.out_channels, plane, out_block, what), want, 1e-6 * std::max(1.0, std::sqrt(depth / 64)), 1e-5, what, std::sqrt(depth));
    if (s.planar_output || !deconv_planar_fits(table, s)) break;
    }
  }
}

DeconvShape shape_of(int n, int ic, int oc, int g, int h, int w, int k, int stride, int dilation, int pad, int extra) {
  DeconvShape s;
  s.batch = n, s.in_channels = ic, s.out_channels = oc, s.groups = g, s.in_h = h, s.in_w = w;
  s.kernel_h = s.kernel_w = k, s.stride_h = s.stride_w = stride, s.dilation_h = s.dilation_w = dilation, s.pad_top = s.pad_left = pad;
  s.out_h = (h - 1) * stride + (k - 1) * dilation + 1 - 2 * pad + extra;
  s.out_w = (w - 1) * stride + (k - 1) * dilation + 1 - 2 * pad + extra;
  return s;
}

}  // namespace

TEST(deconv_geometry) {
  std::uint64_t seed = 1;
  for (int k : {1, 2, 3, 4, 5})
    for (int stride : {1, 2, 3})
      for (int dilation : {1, 2})
        for (int pad : {0, 1, k / 2}) check_deconv(shape_of(1, 3 + int(seed % 20), 1 + int(seed % 40), 1, 5, 9, k, stride, dilation, pad, int(seed % stride)), int(seed % epilogue_kinds), seed), ++seed;
}

// A row too many is made again by every panel of a segment: in a chain of such layers, by a whole row of Winograd's tiles.
TEST(deconv_rows_that_outputs_read) {
  for (int k : {1, 2, 3, 4, 5})
    for (int stride : {1, 2, 3})
      for (int dilation : {1, 2})
        for (int pad : {0, 1, k / 2}) {
          const DeconvShape s = shape_of(1, 1, 1, 1, 7, 7, k, stride, dilation, pad, 0);
          for (int y0 = 0; y0 < s.out_h; ++y0)
            for (int y1 = y0 + 1; y1 <= s.out_h; ++y1) {
              int first = s.in_h, end = 0;
              for (int i = 0; i < s.in_h; ++i)
                for (int tap = 0; tap < k; ++tap)
                  if (const int y = i * stride - pad + tap * dilation; y >= y0 && y < y1) first = std::min(first, i), end = i + 1;
              if (first >= end) continue;
              for (const RowRange needed : {deconv_rows_needed(s, y0, y1), deconv_columns_needed(s, y0, y1)}) {
                CHECK(needed.begin <= first && needed.end >= end, "k%d s%d d%d p%d: %d..%d needs %d..%d, not %d..%d", k, stride, dilation, pad, y0, y1, first, end, needed.begin, needed.end);
                if (dilation == 1 && k >= stride) CHECK(needed.begin == first && needed.end == end, "k%d s%d p%d: %d..%d needs %d..%d, not %d..%d", k, stride, pad, y0, y1, first, end, needed.begin, needed.end);
              }
            }
        }
}

TEST(deconv_upsampling_heads) {
  check_deconv(shape_of(1, 24, 24, 1, 20, 30, 2, 2, 1, 0, 0), 2, 200);
  check_deconv(shape_of(2, 24, 1, 1, 20, 30, 2, 2, 1, 0, 0), 10, 201);
  check_deconv(shape_of(1, 64, 200, 1, 6, 90, 4, 2, 1, 1, 0), 2, 202);
  for (int kind = 0; kind < epilogue_kinds; ++kind) check_deconv(shape_of(1, 24, 1 + kind % 3, 1, 5, 18, 2, 2, 1, 0, -(kind % 2)), kind, 210 + kind);
}

TEST(deconv_groups) {
  check_deconv(shape_of(1, 32, 32, 2, 5, 6, 3, 2, 1, 1, 1), 2, 300);
  check_deconv(shape_of(1, 12, 18, 3, 5, 6, 4, 2, 1, 1, 0), 2, 301);
  check_deconv(shape_of(1, 16, 16, 16, 5, 6, 4, 2, 1, 1, 0), 2, 302);
}
