// The split method of pointwise convolutions: its parts, its errors, its odd pixels. Its geometry: test_conv.cc.
#include <bit>
#include <cstring>

#include "kernels/conv/conv.h"
#include "kernels/split/split.h"
#include "tests/check.h"

using namespace cuvee;
using namespace cuvee::test;

namespace {

struct Result {
  std::vector<float> y;  // [pixel][channel]
  bool split;
};

/// The convolution of [pixel][channel] rows on AVX-512.
Result run(const std::vector<float>& x, const std::vector<float>& w, int pixels, int in, int out, SplitUse method) {
  const KernelTable& table = kernel_table(Isa::avx512);
  ConvShape s;
  s.in_channels = in, s.out_channels = out, s.in_h = s.out_h = 1, s.in_w = s.out_w = pixels, s.split = method;
  const ConvPlan plan = conv_select(table, s, 1);
  const int block = table.block, in_blocks = (in + block - 1) / block, out_blocks = (out + block - 1) / block;
  Guarded from(std::size_t(in_blocks) * pixels * block), to(std::size_t(out_blocks) * pixels * block), packed(plan.packed_floats), scratch(plan.scratch_floats, NAN);
  for (int p = 0; p < pixels; ++p)
    for (int c = 0; c < in; ++c) from[(std::size_t(c / block) * pixels + p) * block + c % block] = x[std::size_t(p) * in + c];
  for (std::size_t p = 0; p < plan.panels.size(); ++p) conv_pack(plan, w.data(), packed.data(), int(p));
  const Source source = dense_source(from.data(), in, 1, pixels, block);
  const ConvArgs args{&source, packed.data(), dense_sink(to.data(), out, 1, pixels, block), {}};
  for (int chunk = 0; chunk < plan.chunks; ++chunk) conv_run_chunk(plan, args, chunk, scratch.data());
  Result result{std::vector<float>(std::size_t(pixels) * out), plan.method == ConvMethod::split};
  for (int p = 0; p < pixels; ++p)
    for (int c = 0; c < out; ++c) result.y[std::size_t(p) * out + c] = to[(std::size_t(c / block) * pixels + p) * block + c % block];
  return result;
}

}  // namespace

TEST(split_parts_hold_every_bit) {
  if (!split_kernels()) return;
  Random random(1);
  for (const int blocks : {3, 4})
    for (const int vectors : {1, 2}) {
      std::vector<float> rows(std::size_t(blocks) * 16 * vectors * 16);
      for (float& weight : rows) weight = random.value() * std::ldexp(1.0f, random.below(100) - 60);
      std::vector<std::uint16_t> panel(split_vector(split_steps(blocks)) * vectors);
      split_kernels()->pack(rows.data(), blocks, vectors, panel.data());
      for (std::size_t i = 0; i < rows.size(); ++i) {
        const std::size_t column = i % (std::size_t(vectors) * 16), k = i / (std::size_t(vectors) * 16), block = k / 16;
        const std::uint16_t* at = panel.data() + (block / 2 * 3 * vectors + column / 16) * 512 + k % 16 * 32 + column % 16 * 2;
        float parts[3], others[3];
        for (int p = 0; p < 3; ++p) {
          parts[p] = std::bit_cast<float>(std::uint32_t(at[std::size_t(p) * vectors * 512 + block % 2]) << 16);
          others[p] = std::bit_cast<float>(std::uint32_t(at[std::size_t(p) * vectors * 512 + 1]) << 16);
        }
        CHECK(double(parts[0]) + parts[1] + parts[2] == rows[i], "the parts of %g are %g, %g, %g", rows[i], parts[0], parts[1], parts[2]);
        if (block == 2 && blocks == 3) CHECK(others[0] == parts[0] && others[1] == parts[1] && others[2] == parts[0], "pairs of a block alone");
      }
    }
}

TEST(split_fits_ordinary_weights) {
  std::vector<float> w = {1, 0, -2, 0, 0x1p-69f, 0};
  CHECK(split_fits(w.data(), 3, 2, 2, 1), "ordinary weights");
  CHECK(split_fits(w.data(), 1, 0, 2, 1), "no weights");
  for (const float bad : {NAN, INFINITY, -INFINITY, 0x1p61f}) {
    w[1] = bad;
    CHECK(!split_fits(w.data(), 3, 2, 2, 1), "%g", bad);
  }
  w[1] = 0, w[4] = 0x1p-71f;
  CHECK(!split_fits(w.data(), 3, 2, 2, 1), "a column of nothing but tiny weights");
  CHECK(split_fits(w.data(), 2, 2, 2, 1), "without it");
}

TEST(split_is_no_less_exact) {
  if (!split_kernels()) return;
  for (const int in : {64, 240, 480}) {
    constexpr int pixels = 70, out = 100;
    Random random(in);
    std::vector<float> x(std::size_t(pixels) * in), w(std::size_t(out) * in);
    random.fill(x), random.fill(w);
    for (float& v : x) v = v > 0 ? v * 4 : 0;
    const Result parts = run(x, w, pixels, in, out, SplitUse::always), plain = run(x, w, pixels, in, out, SplitUse::never);
    CHECK(parts.split && !plain.split, "methods");
    double worst_parts = 0, worst_plain = 0, squares_parts = 0, squares_plain = 0;
    for (int p = 0; p < pixels; ++p)
      for (int o = 0; o < out; ++o) {
        double sum = 0;
        for (int i = 0; i < in; ++i) sum += double(x[std::size_t(p) * in + i]) * w[std::size_t(o) * in + i];
        const double a = std::fabs(parts.y[std::size_t(p) * out + o] - sum), b = std::fabs(plain.y[std::size_t(p) * out + o] - sum);
        worst_parts = std::max(worst_parts, a), worst_plain = std::max(worst_plain, b);
        squares_parts += a * a, squares_plain += b * b;
      }
    CHECK(worst_parts <= worst_plain && squares_parts <= squares_plain, "%d channels: error %g, squares %g; by multiply-adds %g, %g", in, worst_parts, squares_parts, worst_plain, squares_plain);
  }
}

TEST(split_leaves_odd_pixels_to_multiply_adds) {
  if (!split_kernels()) return;
  constexpr int pixels = 90, in = 40, out = 70;
  Random random(3);
  std::vector<float> x(std::size_t(pixels) * in), w(std::size_t(out) * in);
  random.fill(x), random.fill(w);
  const auto pixel = [&](int p) { return x.begin() + std::ptrdiff_t(p) * in; };
  pixel(3)[7] = NAN;
  pixel(17)[39] = INFINITY;
  pixel(18)[0] = -INFINITY;
  pixel(40)[5] = 3e38f;
  pixel(41)[5] = 0x1p61f;
  std::fill_n(pixel(42), in, 0.0f);
  for (const int p : {43, 88, 89})
    for (int i = 0; i < in; ++i) pixel(p)[i] *= p == 43 ? 0x1p-31f : p == 88 ? 0x1p-60f : 0x1p-100f;
  const Result parts = run(x, w, pixels, in, out, SplitUse::always), plain = run(x, w, pixels, in, out, SplitUse::never);
  for (int p = 0; p < pixels; ++p) {
    float most = 0;
    for (int o = 0; o < out; ++o)
      if (const float v = std::fabs(plain.y[std::size_t(p) * out + o]); v < INFINITY) most = std::max(most, v);
    for (int o = 0; o < out; ++o) {
      const float a = parts.y[std::size_t(p) * out + o], b = plain.y[std::size_t(p) * out + o];
      const bool same = std::isnan(b) ? std::isnan(a) : std::isinf(b) ? a == b : std::fabs(a - b) <= 2e-6f * most;
      CHECK(same, "pixel %d: %g instead of %g", p, a, b);
    }
  }
}
