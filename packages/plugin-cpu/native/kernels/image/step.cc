// Family `image`: a picture of bytes or floats as planes of floats. Input [u8 or f32 picture], output [N, C, H, W]; arguments: image_step.h.
#include <algorithm>

#include "kernels/image/image_step.h"
#include "kernels/table.h"

namespace cuvee {
namespace {

Status run(StepContext& ctx) {
  ImageArgs a;
  const TensorView& y = ctx.out[0];
  if (!image_args(ctx, ctx.in[0], 0, &a) || y.rank != 4 || y.type != Type::f32 || y.dim(0) != a.batch || y.dim(1) != a.image.channels ||
      y.dim(2) != a.height || y.dim(3) != a.width)
    return Status::fail("MODEL_INVALID", "a picture and its planes do not fit");
  const ImageRow row = image_row(ctx.kernels->isa);
  const std::int64_t rows = std::int64_t(a.batch) * a.height, plane = std::int64_t(a.height) * a.width;
  const int chunks = static_cast<int>(std::clamp<std::int64_t>(rows * a.width / 8192, 1, std::min<std::int64_t>(rows, ctx.pool->threads() * 4)));
  parallel_for(*ctx.pool, chunks, [&](int chunk, int) {
    for (std::int64_t r = rows * chunk / chunks; r < rows * (chunk + 1) / chunks; ++r) {
      const int n = static_cast<int>(r / a.height), y0 = static_cast<int>(r % a.height);
      float* to[max_image_channels];
      for (int c = 0; c < a.image.channels; ++c) to[c] = y.as<float>() + (std::int64_t(n) * a.image.channels + c) * plane + std::int64_t(y0) * a.width;
      row(a.image, a.image.at(n, y0, 0), to, a.width);
    }
  });
  return {};
}

}  // namespace

extern const Family image_family;
const Family image_family{"image", nullptr, run};

}  // namespace cuvee
