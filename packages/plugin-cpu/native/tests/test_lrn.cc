#include <cmath>
#include <tuple>

#include "kernels/lrn/lrn.h"
#include "kernels/table.h"
#include "tests/check.h"

using namespace cuvee;
using namespace cuvee::test;

TEST(lrn_across_channels) {
  for (Isa isa : isas()) {
    const int block = kernel_table(isa).block;
    for (const int channels : {1, 8, 15, 16, 17, 64, 70})
      for (const int pixels : {1, 15, 16, 33})
        for (const auto& [before, after, beta] : {std::tuple{2, 2, 0.75f}, {0, 1, 0.5f}, {7, 8, 1.0f}, {1, 1, 1.3f}, {0, 0, 0.75f}}) {
          std::vector<float> x(std::size_t(channels) * pixels);
          Random(channels * 100 + pixels).fill(x);
          const Guarded from = to_blocked(x, 1, channels, pixels, block);
          Guarded to(from.size(), 9), want(from.size());
          const float bias = 1.5f, scale = 0.3f;
          for (int c = 0; c < channels; ++c)
            for (int p = 0; p < pixels; ++p) {
              double sum = 0;
              for (int k = std::max(0, c - before); k <= std::min(channels - 1, c + after); ++k) sum += double(x[k * pixels + p]) * x[k * pixels + p];
              want.data()[(c / block * pixels + p) * block + c % block] = float(x[c * pixels + p] / std::pow(bias + scale * sum, double(beta)));
            }
          lrn_row(isa)({from.data(), to.data(), std::ptrdiff_t(pixels) * block, channels, pixels, before, after, bias, scale, beta});
          for (std::size_t i = 0; i < want.size(); ++i)
            CHECK(std::fabs(to.data()[i] - want.data()[i]) <= 2e-6f * std::fabs(want.data()[i]), "%s c%d p%d %d+%d ^%g at %zu: %g, not %g", isa_name(isa), channels,
                  pixels, before, after, beta, i, to.data()[i], want.data()[i]);
        }
  }
}
