// Layers of the OCR detector (640 x 640), the recognizer (48 x 320), resnet50 and squeezenet.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/memory.h"
#include "kernels/conv/conv.h"
#include "kernels/deconv/deconv.h"
#include "kernels/depthwise/depthwise.h"
#include "kernels/gemm/gemm.h"
#include "runtime/pool.h"
#include "tests/check.h"

using namespace cuvee;
using namespace cuvee::test;

namespace {

AlignedFloats random_floats(std::size_t count) {
  AlignedFloats out(count);
  Random(count).fill(out);
  return out;
}

struct Layer {
  int ic, oc, h, w, k, stride, groups = 1;
};

void bench_conv(const Layer& l, bool planar, bool winograd) {
  const KernelTable& table = kernel_table(bench_isa());
  const int threads = bench_threads(), block = table.block;
  ConvShape s;
  s.in_channels = l.ic, s.out_channels = l.oc, s.groups = l.groups, s.in_h = l.h, s.in_w = l.w, s.kernel_h = s.kernel_w = l.k, s.stride_h = s.stride_w = l.stride;
  s.pad_top = s.pad_left = l.k / 2, s.out_h = (l.h - 1) / l.stride + 1, s.out_w = (l.w - 1) / l.stride + 1;
  s.planar_input = planar, s.allow_winograd = winograd;
  const ConvPlan plan = conv_select(table, s, threads);
  const std::size_t in_c = planar ? l.ic : round_up(l.ic, block), out_c = round_up(l.oc, block);
  AlignedFloats x = random_floats(in_c * l.h * l.w), y(out_c * s.out_h * s.out_w), w = random_floats(std::size_t(l.oc) * l.ic / l.groups * l.k * l.k);
  // --cold: copies of the weights take turns, so that they come from memory as they do among a network's other layers.
  const std::size_t each = round_up(plan.packed_floats, 1024), copies = option("cold") ? std::max<std::size_t>(1, (32 << 20) / each) : 1;
  auto* packed = static_cast<float*>(map_pages(each * copies * sizeof(float)));
  AlignedFloats scratch((plan.scratch_floats + 16) * threads);
  for (std::size_t p = 0; p < plan.panels.size(); ++p) conv_pack(plan, w.data(), packed, int(p));
  for (std::size_t c = 1; c < copies; ++c) std::copy_n(packed, plan.packed_floats, packed + c * each);
  std::size_t turn = 0;
  EpilogueCase e = make_epilogue(2, l.oc, 1);
  const Source source = dense_source(x.data(), l.ic, l.h, l.w, planar ? 1 : block);
  ConvArgs args{&source, packed, dense_sink(y.data(), l.oc, s.out_h, s.out_w, block), e.epilogue};
  const std::size_t stride = round_up(plan.scratch_floats, 16);
  Pool pool({threads, 100, false});
  pool.enter();
  const Timing timing = measure([&] {
    args.weights = packed + turn++ % copies * each;
    parallel_for(pool, plan.chunks, [&](int chunk, int thread) { conv_run_chunk(plan, args, chunk, scratch.data() + thread * stride); });
  }, bench_seconds());
  pool.leave();
  unmap_pages(packed, each * copies * sizeof(float));
  char name[100];
  std::snprintf(name, sizeof name, "%s %d>%d/%d %dx%d k%d s%d (%d chunks)", conv_method_name(plan.method), l.ic, l.oc, l.groups, l.h, l.w, l.k, l.stride, plan.chunks);
  report(name, table.isa, threads, {conv_flops(s), 4.0 * (x.size() + y.size() + plan.packed_floats)}, timing);
}

void bench_depthwise(int c, int h, int w, int k, int stride) {
  const KernelTable& table = kernel_table(bench_isa());
  const int threads = bench_threads(), block = table.block;
  DepthwiseShape s;
  s.channels = c, s.in_h = h, s.in_w = w, s.kernel_h = s.kernel_w = k, s.stride_h = s.stride_w = stride, s.pad_top = s.pad_left = k / 2;
  s.out_h = (h - 1) / stride + 1, s.out_w = (w - 1) / stride + 1;
  const DepthwisePlan plan = depthwise_select(table, s, threads);
  AlignedFloats x = random_floats(round_up(c, block) * h * w), y(round_up(c, block) * s.out_h * s.out_w), weights = random_floats(std::size_t(c) * k * k), packed(plan.packed_floats);
  depthwise_pack(plan, weights.data(), packed.data());
  EpilogueCase e = make_epilogue(2, c, 1);
  const DepthwiseArgs args{dense_source(x.data(), c, h, w, block), packed.data(), dense_sink(y.data(), c, s.out_h, s.out_w, block), e.epilogue};
  Pool pool({threads, 100, false});
  pool.enter();
  const Timing timing = measure([&] { parallel_for(pool, plan.chunks, [&](int chunk, int) { depthwise_run_chunk(plan, args, chunk); }); }, bench_seconds());
  pool.leave();
  char name[100];
  std::snprintf(name, sizeof name, "depthwise %d %dx%d k%d s%d", c, h, w, k, stride);
  report(name, table.isa, threads, {2.0 * c * s.out_h * s.out_w * k * k, 4.0 * (x.size() + y.size())}, timing);
}

void bench_gemm(int m, int n, int k) {
  const KernelTable& table = kernel_table(bench_isa());
  const int threads = bench_threads();
  const GemmPlan plan = gemm_select(table, {m, n, k, false, false}, threads);
  AlignedFloats a = random_floats(std::size_t(m) * k), b = random_floats(std::size_t(n) * k), c(std::size_t(m) * n), packed(plan.packed_floats);
  for (std::size_t p = 0; p < plan.panels.size(); ++p) gemm_pack(plan, b.data(), n, packed.data(), int(p));
  EpilogueCase e = make_epilogue(1, n, 1);
  e.epilogue.has_residual = false;
  const GemmArgs args{a.data(), k, packed.data(), c.data(), n, e.epilogue};
  Pool pool({threads, 100, false});
  pool.enter();
  const Timing timing = measure([&] { parallel_for(pool, plan.chunks, [&](int chunk, int) { gemm_run_chunk(plan, args, chunk, nullptr); }); }, bench_seconds());
  pool.leave();
  char name[100];
  std::snprintf(name, sizeof name, "gemm %dx%dx%d", m, n, k);
  report(name, table.isa, threads, {2.0 * m * n * k, 4.0 * (a.size() + c.size() + packed.size())}, timing);
}

void bench_deconv(int ic, int oc, int h, int w, int k, int stride, bool planar = false) {
  const KernelTable& table = kernel_table(bench_isa());
  const int threads = bench_threads(), block = table.block;
  DeconvShape s;
  s.planar_output = planar;
  s.in_channels = ic, s.out_channels = oc, s.in_h = h, s.in_w = w, s.kernel_h = s.kernel_w = k, s.stride_h = s.stride_w = stride;
  s.out_h = (h - 1) * stride + k, s.out_w = (w - 1) * stride + k;
  const DeconvPlan plan = deconv_select(table, s, threads);
  AlignedFloats x = random_floats(round_up(ic, block) * h * w), y(round_up(oc, block) * s.out_h * s.out_w), weights = random_floats(std::size_t(ic) * oc * k * k);
  AlignedFloats packed(plan.packed_floats), scratch((plan.scratch_floats + 16) * threads);
  for (std::size_t p = 0; p < plan.blocks.panels.size(); ++p) deconv_pack(plan, weights.data(), packed.data(), int(p));
  EpilogueCase e = make_epilogue(2, oc, 1);
  const Source source = dense_source(x.data(), ic, h, w, block);
  const ConvArgs args{&source, packed.data(), dense_sink(y.data(), oc, s.out_h, s.out_w, planar ? 1 : block), e.epilogue};
  const std::size_t step = round_up(plan.scratch_floats, 16);
  Pool pool({threads, 100, false});
  pool.enter();
  const Timing timing = measure([&] {
    parallel_for(pool, plan.chunks, [&](int chunk, int thread) { deconv_run_chunk(plan, args, chunk, scratch.data() + thread * step); });
  }, bench_seconds());
  pool.leave();
  char name[100];
  std::snprintf(name, sizeof name, "deconv%s %d>%d %dx%d k%d s%d", planar ? " planar" : "", ic, oc, h, w, k, stride);
  report(name, table.isa, threads, {deconv_flops(s), 4.0 * (x.size() + y.size() + packed.size())}, timing);
}

}  // namespace

// Small layers for scripts/instructions.mjs.
BENCH(count_pointwise) { bench_conv({48, 48, 20, 20, 1, 1}, false, true), bench_conv({96, 18, 20, 20, 1, 1}, false, true); }
BENCH(count_direct) { bench_conv({24, 24, 20, 20, 3, 1}, false, false), bench_conv({3, 16, 48, 48, 3, 2}, true, true); }
BENCH(count_winograd) { bench_conv({48, 24, 20, 20, 3, 1}, false, true); }
BENCH(count_depthwise) { bench_depthwise(48, 20, 20, 3, 1), bench_depthwise(48, 20, 20, 5, 1), bench_depthwise(48, 20, 20, 3, 2); }
BENCH(count_product) { bench_gemm(40, 120, 60), bench_gemm(1, 200, 128); }
BENCH(count_deconv) { bench_deconv(24, 24, 12, 12, 2, 2), bench_deconv(24, 1, 12, 12, 2, 2, true); }

BENCH(bench_conv_3x3) {
  for (const Layer& l : {Layer{96, 24, 160, 160, 3, 1}, {96, 24, 80, 80, 3, 1}, {96, 24, 40, 40, 3, 1}, {96, 24, 20, 20, 3, 1}, {64, 64, 56, 56, 3, 1},
                         {128, 128, 28, 28, 3, 1}, {256, 256, 14, 14, 3, 1}, {512, 512, 7, 7, 3, 1}, {64, 256, 27, 27, 3, 1}}) {
    bench_conv(l, false, false);
    bench_conv(l, false, true);
  }
  bench_conv({128, 128, 56, 56, 3, 2}, false, true);
}
BENCH(bench_conv_planar) {
  bench_conv({3, 16, 640, 640, 3, 2}, true, true);
  bench_conv({3, 16, 48, 320, 3, 2}, true, true);
  bench_conv({3, 64, 224, 224, 7, 2}, true, true);
  bench_conv({3, 16, 800, 12128, 3, 2}, true, true);
}
BENCH(bench_conv_1x1) {
  for (const Layer& l : {Layer{16, 32, 320, 320, 1, 1}, {32, 48, 160, 160, 1, 1}, {48, 48, 160, 160, 1, 1}, {48, 96, 80, 80, 1, 1}, {96, 96, 80, 80, 1, 1},
                         {96, 192, 40, 40, 1, 1}, {192, 192, 40, 40, 1, 1}, {192, 384, 20, 20, 1, 1}, {384, 384, 20, 20, 1, 1}, {12, 96, 160, 160, 1, 1},
                         {48, 12, 160, 160, 1, 1}, {384, 360, 20, 20, 1, 1}, {240, 240, 3, 80, 1, 1}, {480, 480, 3, 40, 1, 1}, {64, 256, 56, 56, 1, 1},
                         {256, 64, 56, 56, 1, 1}, {512, 128, 28, 28, 1, 1}, {1024, 256, 14, 14, 1, 1}, {512, 2048, 7, 7, 1, 1}, {256, 512, 56, 56, 1, 2}})
    bench_conv(l, false, true);
}
BENCH(bench_conv_groups) {
  for (const Layer& l : {Layer{272, 68, 28, 28, 1, 1, 4}, {68, 272, 28, 28, 1, 1, 4}, {544, 136, 14, 14, 1, 1, 4}, {136, 544, 14, 14, 1, 1, 4},
                         {1088, 272, 7, 7, 1, 1, 4}, {272, 1088, 7, 7, 1, 1, 4}})
    bench_conv(l, false, true);
}
BENCH(bench_dw) {
  for (const int c : {16, 48, 96, 192, 384}) {
    const int size = c == 16 ? 320 : c == 48 ? 160 : c == 96 ? 80 : c == 192 ? 40 : 20;
    bench_depthwise(c, size, size, 3, 1);
    bench_depthwise(c, size, size, 5, 1);
    bench_depthwise(c, size, size, 3, 2);
    if (c == 96) bench_depthwise(c, size, size, 7, 1), bench_depthwise(c, size, size, 9, 1);
  }
}
BENCH(bench_matmul) {
  bench_gemm(40, 6625, 120);
  bench_gemm(40, 360, 120);
  bench_gemm(40, 240, 120);
  bench_gemm(128, 768, 768);
  bench_gemm(128, 3072, 768);
  bench_gemm(512, 512, 512);
  bench_gemm(1, 1000, 2048);
  bench_gemm(1, 4096, 1024);
}
BENCH(bench_up) {
  bench_deconv(24, 24, 160, 160, 2, 2);
  bench_deconv(24, 1, 320, 320, 2, 2);
  bench_deconv(24, 1, 320, 320, 2, 2, true);
  bench_deconv(64, 32, 56, 56, 4, 2);
}
BENCH(bench_layer) {  // --shape ic,oc,h,w,k,s[,groups]
  Layer l{};
  const char* shape = option("shape");
  if (shape && std::sscanf(shape, "%d,%d,%d,%d,%d,%d,%d", &l.ic, &l.oc, &l.h, &l.w, &l.k, &l.stride, &l.groups) >= 6) bench_conv(l, false, true);
}
