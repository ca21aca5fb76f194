#include <cmath>

#include "kernels/image/image.h"
#include "tests/check.h"

using namespace cuvee;
using namespace cuvee::test;

// Bytes end exactly where the last pixel does: reading beyond them would touch the guard page of a sanitized build.
TEST(image_rows_of_floats) {
  for (Isa isa : isas())
    for (int pixel : {1, 2, 3, 4, 5})
      for (int n : {0, 1, 7, 16, 33, 100}) {
        const int channels = std::min(pixel == 1 ? 3 : pixel, max_image_channels), step = pixel == 1 ? 1 : pixel;
        Guarded elements(std::size_t(n) * (pixel == 1 ? channels : pixel));
        Random random(n * 10 + pixel);
        random.fill(elements);
        Image image;
        image.floats = true;
        image.data = reinterpret_cast<const std::uint8_t*>(elements.data());
        image.pixel = step * static_cast<int>(sizeof(float));
        image.channels = channels;
        std::vector<Guarded> planes;
        float* to[max_image_channels];
        for (int c = 0; c < channels; ++c) {
          image.offset[c] = (pixel == 1 ? std::ptrdiff_t(channels - 1 - c) * n : channels - 1 - c) * std::ptrdiff_t(sizeof(float));
          image.scale[c] = 0.25f * static_cast<float>(c + 1);
          image.shift[c] = static_cast<float>(c) - 1.5f;
          image.pre[c] = static_cast<float>(2 * c) - 3;
          planes.emplace_back(std::size_t(n), 9);
        }
        for (int c = 0; c < channels; ++c) to[c] = planes[c].data();
        image_row(isa)(image, image.data, to, n);
        for (int c = 0; c < channels; ++c)
          for (int i = 0; i < n; ++i) {
            const double want = (double(elements[std::size_t(i) * step + image.offset[c] / sizeof(float)]) + image.pre[c]) * image.scale[c] + image.shift[c];
            CHECK(std::abs(to[c][i] - want) <= 1e-6, "%s: float %d of pixels of %d, channel %d: %g, expected %g", isa_name(isa), i, pixel, c, double(to[c][i]), want);
          }
      }
}

TEST(image_rows_are_scaled_bytes) {
  for (Isa isa : isas())
    for (int pixel : {1, 2, 3, 4, 5})
      for (int n : {0, 1, 3, 5, 15, 16, 17, 18, 19, 33, 64, 100}) {
        const int channels = std::min(pixel == 1 ? 3 : pixel, max_image_channels);
        std::vector<std::uint8_t> bytes(std::size_t(n) * pixel * (pixel == 1 ? channels : 1));
        Random random(n * 10 + pixel);
        for (std::uint8_t& b : bytes) b = static_cast<std::uint8_t>(random.below(256));
        Image image;
        image.data = bytes.data();
        image.pixel = pixel;
        image.channels = channels;
        std::vector<Guarded> planes;
        float* to[max_image_channels];
        for (int c = 0; c < channels; ++c) {
          image.offset[c] = pixel == 1 ? std::ptrdiff_t(channels - 1 - c) * n : channels - 1 - c;
          image.scale[c] = 0.25f * static_cast<float>(c + 1);
          image.shift[c] = static_cast<float>(c) - 1.5f;
          image.pre[c] = static_cast<float>(2 * c) - 3;
          planes.emplace_back(std::size_t(n), 9);
        }
        for (int c = 0; c < channels; ++c) to[c] = planes[c].data();
        image_row(isa)(image, bytes.data(), to, n);
        for (int c = 0; c < channels; ++c)
          for (int i = 0; i < n; ++i) {
            const float want = (static_cast<float>(bytes[std::size_t(i) * pixel + image.offset[c]]) + image.pre[c]) * image.scale[c] + image.shift[c];
            CHECK(to[c][i] == want, "%s: byte %d of pixels of %d, channel %d: %g, expected %g", isa_name(isa), i, pixel, c, double(to[c][i]), double(want));
          }
      }
}
