#include <algorithm>
#include <array>
#include <cstdio>

#include "base/memory.h"
#include "kernels/conv/conv.h"
#include "kernels/split/split.h"
#include "tests/check.h"

using namespace cuvee;
using namespace cuvee::test;

namespace {

ConvShape shape_of(int n, int ic, int oc, int g, int h, int w, int k, int stride, int dilation, int pad) {
  ConvShape s;
  s.batch = n, s.in_channels = ic, s.out_channels = oc, s.groups = g, s.in_h = h, s.in_w = w;
  s.kernel_h = s.kernel_w = k, s.stride_h = s.stride_w = stride, s.dilation_h = s.dilation_w = dilation, s.pad_top = s.pad_left = pad;
  s.out_h = (h + 2 * pad - (k - 1) * dilation - 1) / stride + 1;
  s.out_w = (w + 2 * pad - (k - 1) * dilation - 1) / stride + 1;
  return s;
}

/// Sums over the concatenated, upsampled input [n][ic][in_h][in_w], in double.
std::vector<double> reference(const ConvShape& s, const std::vector<float>& x, const std::vector<float>& w, const EpilogueCase& e,
                              const std::vector<float>& residual) {
  std::vector<double> y(std::size_t(s.batch) * s.out_channels * s.out_h * s.out_w);
  const int ig = s.in_channels / s.groups, og = s.out_channels / s.groups;
  std::size_t at = 0;
  for (int n = 0; n < s.batch; ++n)
    for (int o = 0; o < s.out_channels; ++o)
      for (int oy = 0; oy < s.out_h; ++oy)
        for (int ox = 0; ox < s.out_w; ++ox, ++at) {
          double sum = 0;
          for (int i = 0; i < ig; ++i)
            for (int ky = 0; ky < s.kernel_h; ++ky) {
              const int iy = oy * s.stride_h - s.pad_top + ky * s.dilation_h;
              if (iy < 0 || iy >= s.in_h) continue;
              for (int kx = 0; kx < s.kernel_w; ++kx) {
                const int ix = ox * s.stride_w - s.pad_left + kx * s.dilation_w;
                if (ix < 0 || ix >= s.in_w) continue;
                sum += double(x[((std::size_t(n) * s.in_channels + o / og * ig + i) * s.in_h + iy) * s.in_w + ix]) *
                       w[((std::size_t(o) * ig + i) * s.kernel_h + ky) * s.kernel_w + kx];
              }
            }
          y[at] = e.apply(sum, o, residual.empty() ? 0 : residual[at]);
        }
  return y;
}

/// Runs one shape on every instruction set, by chunks and by row tables, against the reference.
void check_method(const ConvShape& shape, int kind, std::uint64_t seed, int threads) {
  Random random(seed);
  ConvShape s = shape;
  std::vector<ConvPart> parts;
  for (int p = 0; p < std::max(s.parts, 1); ++p) parts.push_back(s.parts ? s.part[p] : ConvPart{s.in_channels, 0});
  std::vector<std::vector<float>> planar;
  std::vector<float> x(std::size_t(s.batch) * s.in_channels * s.in_h * s.in_w);
  int first = 0;
  for (const ConvPart& part : parts) {
    const int h = ((s.in_h - 1) >> part.shift) + 1, w = ((s.in_w - 1) >> part.shift) + 1;
    planar.emplace_back(std::size_t(s.batch) * part.channels * h * w);
    random.fill(planar.back());
    const int each = s.in_channels / s.shuffle;
    const auto logical = [&](int c) { return s.shuffle > 1 ? c % each * s.shuffle + c / each : first + c; };
    for (int n = 0; n < s.batch; ++n)
      for (int c = 0; c < part.channels; ++c)
        for (int yy = 0; yy < s.in_h; ++yy)
          for (int xx = 0; xx < s.in_w; ++xx)
            x[((std::size_t(n) * s.in_channels + logical(c)) * s.in_h + yy) * s.in_w + xx] =
                planar.back()[((std::size_t(n) * part.channels + c) * h + (yy >> part.shift)) * w + (xx >> part.shift)];
    first += part.channels;
  }
  std::vector<float> w(std::size_t(s.out_channels) * (s.in_channels / s.groups) * s.kernel_h * s.kernel_w);
  random.fill(w);
  EpilogueCase e = make_epilogue(kind, s.out_channels, seed);
  const int plane = s.out_h * s.out_w;
  std::vector<float> residual;
  if (e.epilogue.has_residual) residual.resize(std::size_t(s.batch) * s.out_channels * plane), random.fill(residual);
  const std::vector<double> want = reference(s, x, w, e, residual);
  const double depth = double(s.in_channels) / s.groups * s.kernel_h * s.kernel_w;

  for (Isa isa : isas()) {
    const KernelTable& table = kernel_table(isa);
    const int block = table.block;
    const ConvPlan plan = conv_select(table, s, threads);
    char what[200];
    std::snprintf(what, sizeof what, "%s %s n%d c%d>%d/%d %dx%d k%dx%d s%d d%d p%d epilogue %d", isa_name(isa), conv_method_name(plan.method), s.batch,
                  s.in_channels, s.out_channels, s.groups, s.in_h, s.in_w, s.kernel_h, s.kernel_w, s.stride_h, s.dilation_h, s.pad_top, kind);
    std::vector<Guarded> inputs;
    std::vector<Source> sources;
    for (std::size_t p = 0; p < parts.size(); ++p) {
      const int h = ((s.in_h - 1) >> parts[p].shift) + 1, ww = ((s.in_w - 1) >> parts[p].shift) + 1, b = s.planar_input ? 1 : block;
      inputs.push_back(to_blocked(planar[p], s.batch, parts[p].channels, h * ww, b));
      sources.push_back(dense_source(inputs.back().data(), parts[p].channels, h, ww, b));
    }
    Guarded packed(plan.packed_floats);
    for (std::size_t p = 0; p < plan.panels.size(); ++p) conv_pack(plan, w.data(), packed.data(), int(p));
    Guarded held = to_blocked(residual.empty() ? std::vector<float>(1) : residual, residual.empty() ? 0 : s.batch, s.out_channels, plane, block);
    if (e.epilogue.has_residual) e.epilogue.residual = dense_source(held.data(), s.out_channels, s.out_h, s.out_w, block);
    const std::size_t out_size = std::size_t(s.batch) * ((s.out_channels + block - 1) / block) * plane * block;
    Guarded scratch(plan.scratch_floats, NAN), y(out_size, 9);
    ConvArgs args{sources.data(), packed.data(), dense_sink(y.data(), s.out_channels, s.out_h, s.out_w, block), e.epilogue};
    for (int chunk = plan.chunks - 1; chunk >= 0; --chunk) conv_run_chunk(plan, args, chunk, scratch.data());
    const double direct = 1e-6 * std::max(1.0, std::sqrt(depth / 64)), bound = 4e-6 * std::max(1.0, std::sqrt(s.in_channels / 64.0));
    const double tolerance = plan.method == ConvMethod::winograd ? bound : direct;
    expect_close(to_planar(y, s.batch, s.out_channels, plane, block, what), want, tolerance, 1e-5, what, std::sqrt(depth));
    if (s.batch != 1) continue;

    // The same by row tables and strips.
    std::vector<std::vector<const float*>> in_rows(parts.size());
    std::vector<Source> tables(parts.size());
    for (std::size_t p = 0; p < parts.size(); ++p) {
      const int h = ((s.in_h - 1) >> parts[p].shift) + 1, b = s.planar_input ? 1 : block, blocks = (parts[p].channels + b - 1) / b;
      for (int c = 0; c < blocks; ++c)
        for (int r = 0; r < h; ++r) in_rows[p].push_back(sources[p].at(0, c, r));
      tables[p].rows = in_rows[p].data();
      tables[p].rows_stride = h;
    }
    Guarded z(out_size, 9);
    std::vector<float*> out_rows;
    const Sink dense = dense_sink(z.data(), s.out_channels, s.out_h, s.out_w, block);
    for (int c = 0; c < (s.out_channels + block - 1) / block; ++c)
      for (int r = 0; r < s.out_h; ++r) out_rows.push_back(dense.at(0, c, r));
    Sink sink;
    sink.rows = out_rows.data();
    sink.rows_stride = s.out_h;
    ConvArgs by_rows{tables.data(), packed.data(), sink, e.epilogue};
    const int x_cut = s.out_w / 3;
    for (int y0 = 0; y0 < s.out_h; y0 += 3) {
      const int y1 = std::min(y0 + 3, s.out_h);
      if (x_cut) conv_run_rows(plan, by_rows, 0, y0, y1, 0, x_cut, scratch.data());
      conv_run_rows(plan, by_rows, 0, y0, y1, x_cut, s.out_w, scratch.data());
    }
    to_planar(z, 1, s.out_channels, plane, block, what);
    const bool equal = std::equal(y.data(), y.data() + out_size, z.data());
    CHECK(equal, "%s: strips differ from chunks", what);
  }
}

void check_conv(const ConvShape& shape, int kind, std::uint64_t seed, int threads = 2) {
  ConvShape s = shape;
  s.split = SplitUse::never;
  check_method(s, kind, seed, threads);
  s.split = SplitUse::always;
  if (split_kernels() && s.kernel_h * s.kernel_w == 1) check_method(s, kind, seed, threads);
}

}  // namespace

TEST(conv_pointwise_of_shuffled_channels) {
  std::uint64_t seed = 900;
  for (const auto& [channels, out, groups, shuffle] : {std::array{24, 24, 3, 3}, {34, 68, 2, 2}, {136, 136, 4, 4}, {60, 30, 3, 4}, {48, 17, 1, 6}, {12, 12, 4, 12}}) {
    ConvShape s = shape_of(2, channels, out, groups, 5, 7, 1, 1, 1, 0);
    s.shuffle = shuffle;
    check_conv(s, int(seed % 3), seed);
    s.batch = 1;
    check_conv(s, 3, seed++);
  }
}
TEST(conv_pointwise_channel_and_pixel_tails) {
  std::uint64_t seed = 1;
  for (int ic : {1, 3, 12, 16, 17, 48})
    for (int oc : {1, 15, 16, 24, 33, 48, 96, 130}) check_conv(shape_of(1, ic, oc, 1, 3, 1 + int(seed % 33), 1, 1, 1, 0), int(seed % epilogue_kinds), seed), ++seed;
  for (int w = 1; w <= 33; ++w) check_conv(shape_of(1, 16, 48, 1, 1, w, 1, 1, 1, 0), 2, seed++);
}

TEST(conv_pointwise_strided_and_batched) {
  std::uint64_t seed = 100;
  for (int stride : {2, 3}) check_conv(shape_of(1, 24, 40, 1, 9, 13, 1, stride, 1, 0), 3, seed++);
  check_conv(shape_of(3, 20, 70, 1, 5, 7, 1, 1, 1, 0), 7, seed++);
  check_conv(shape_of(2, 40, 20, 1, 6, 6, 1, 2, 1, 0), 1, seed++);
  check_conv(shape_of(1, 32, 32, 1, 4, 5, 1, 1, 1, 1), 2, seed++);  // padded: direct
  check_conv(shape_of(1, 600, 70, 1, 7, 7, 1, 1, 1, 0), 2, seed++);
}

TEST(conv_direct_geometry) {
  std::uint64_t seed = 200;
  for (int k : {2, 3, 5, 7})
    for (int stride : {1, 2, 3})
      for (int dilation : {1, 2})
        for (int pad : {0, 1, k / 2, k}) {
          ConvShape s = shape_of(1, 5 + int(seed % 20), 9 + int(seed % 40), 1, 14, 15, k, stride, dilation, pad);
          s.allow_winograd = false;
          if (s.out_h > 0 && s.out_w > 0) check_conv(s, int(seed % epilogue_kinds), seed);
          ++seed;
        }
  ConvShape uneven = shape_of(1, 20, 20, 1, 9, 17, 3, 1, 1, 1);
  uneven.kernel_h = 1, uneven.pad_top = 0, uneven.stride_w = 2, uneven.out_w = 9, uneven.out_h = 9;
  check_conv(uneven, 2, seed++);
  uneven.out_w = 10, uneven.out_h = 11;  // beyond the image: zeros
  check_conv(uneven, 2, seed++);
}

TEST(conv_direct_widths) {
  for (int w = 1; w <= 33; ++w) {
    ConvShape s = shape_of(1 + w % 2, 17, 48, 1, 4, w, 3, 1, 1, 1);
    s.allow_winograd = false;
    check_conv(s, w % epilogue_kinds, 400 + w);
  }
}

TEST(conv_direct_in_bands_of_rows_and_columns) {
  ConvShape s = shape_of(1, 64, 20, 1, 12, 600, 3, 1, 1, 1);
  s.allow_winograd = false;
  check_conv(s, 2, 500);
  check_conv(shape_of(1, 96, 130, 1, 7, 7, 3, 1, 1, 1), 3, 501, 4);
}

TEST(conv_winograd_small_tiles) {  // few pixels share many weights
  std::uint64_t seed = 700;
  for (const auto& [h, w] : {std::array{8, 16}, {16, 8}, {15, 8}, {7, 15}}) {
    const ConvShape s = shape_of(1, 168, 200, 1, h, w, 3, 1, 1, 1);
    for (Isa isa : isas()) CHECK(h % 8 || conv_select(kernel_table(isa), s, 2).winograd_tile == 2, "%s: %d x %d is not of small tiles", isa_name(isa), h, w);
    check_conv(s, int(seed % 4), seed), ++seed;
  }
}
TEST(conv_winograd_shapes) {
  std::uint64_t seed = 550;
  for (const int w : {4, 14, 56, 57, 59, 130}) check_conv(shape_of(1 + int(seed % 2), 18, 40, 1, 9 + int(seed % 5), w, 3, 1, 1, int(seed % 3)), int(seed % epilogue_kinds), seed), ++seed;
  check_conv(shape_of(1, 96, 24, 1, 33, 20, 3, 1, 1, 1), 2, seed++);
  check_conv(shape_of(1, 32, 130, 1, 24, 24, 3, 1, 1, 1), 3, seed++, 4);
}

TEST(conv_planar_input) {
  std::uint64_t seed = 600;
  for (int ic : {1, 3, 4})
    for (int k : {3, 7})
      for (int stride : {1, 2}) {
        ConvShape s = shape_of(1 + int(seed % 2), ic, 16 + int(seed % 3) * 9, 1, 17, 23, k, stride, 1, k / 2);
        s.planar_input = true;
        check_conv(s, int(seed % epilogue_kinds), seed);
        ++seed;
        s.dilation_w = 2, s.pad_left = k - 1;
        s.out_w = (s.in_w + 2 * s.pad_left - (k - 1) * 2 - 1) / stride + 1;
        check_conv(s, 2, seed++);
      }
}

TEST(conv_groups) {
  std::uint64_t seed = 700;
  const int rows[][3] = {{32, 32, 2}, {64, 96, 2}, {24, 24, 3}, {48, 60, 4}, {16, 16, 16}, {12, 24, 12}, {240, 60, 3}, {60, 240, 3}, {32, 32, 8}, {272, 136, 4}};
  for (const auto& [ic, oc, g] : rows) {
    check_conv(shape_of(1, ic, oc, g, 6, 7, 1, 1, 1, 0), 2, seed++);
    check_conv(shape_of(2, ic, oc, g, 6, 7, 3, 1, 1, 1), 3, seed++);
  }
}

TEST(conv_virtual_concat_and_upsample) {
  std::uint64_t seed = 800;
  for (int k : {1, 3, 5}) {
    ConvShape s = shape_of(1, 24 + 8 + 17 + 24, 24, 1, 16, 24, k, 1, 1, k / 2);
    s.parts = 4;
    s.part[0] = {24, 0}, s.part[1] = {8, 1}, s.part[2] = {17, 2}, s.part[3] = {24, 3};
    check_conv(s, 2, seed++);
    for (int p = 0; p < 4; ++p) s.part[p].shift = 0;
    check_conv(s, 5, seed++);
  }
  for (int oc : {24, 41}) {  // coarse parts of Winograd before, between and behind others, and alone
    ConvShape s = shape_of(2, 96 + 12 + 9 + 18, oc, 1, 24, 40, 3, 1, 1, 1);
    s.parts = 4;
    s.part[0] = {96, 3}, s.part[1] = {12, 0}, s.part[2] = {9, 2}, s.part[3] = {18, 1};
    check_conv(s, 2, seed++);
    s = shape_of(1, 40, oc, 1, 32, 16, 3, 1, 1, 1);
    s.parts = 2;
    s.part[0] = {32, 2}, s.part[1] = {8, 4};
    check_conv(s, 5, seed++);
    s.pad_top = 0, s.out_h = 30;
    check_conv(s, 3, seed++);
  }
}

TEST(conv_every_epilogue) {
  for (int kind = 0; kind < epilogue_kinds; ++kind) {
    check_conv(shape_of(1, 20, 41, 1, 5, 9, 1, 1, 1, 0), kind, 900 + kind);
    ConvShape s = shape_of(1, 20, 41, 1, 5, 9, 3, 1, 1, 1);
    check_conv(s, kind, 950 + kind);
  }
}

TEST(conv_nan_reaches_the_output) {
  for (Isa isa : isas())
    for (int kind = 0; kind < epilogue_kinds; ++kind) {
      const KernelTable& table = kernel_table(isa);
      ConvShape s = shape_of(1, 1, 1, 1, 1, 1, 1, 1, 1, 0);
      const ConvPlan plan = conv_select(table, s, 1);
      EpilogueCase e = make_epilogue(kind, 1, 5);
      Guarded x(table.block), y(table.block), packed(plan.packed_floats), scratch(plan.scratch_floats), r(table.block);
      x[0] = NAN;
      const float one = 1;
      conv_pack(plan, &one, packed.data(), 0);
      if (e.epilogue.has_residual) e.epilogue.residual = dense_source(r.data(), 1, 1, 1, table.block);
      const Source source = dense_source(x.data(), 1, 1, 1, table.block);
      conv_run_chunk(plan, {&source, packed.data(), dense_sink(y.data(), 1, 1, 1, table.block), e.epilogue}, 0, scratch.data());
      CHECK(std::isnan(y[0]), "%s: epilogue %d turned NaN into %g", isa_name(isa), kind, double(y[0]));
      for (int lane = 1; lane < table.block; ++lane) CHECK(y[lane] == 0, "%s: epilogue %d left %g in a pad lane", isa_name(isa), kind, double(y[lane]));
    }
}
