// The arguments of steps that read a picture of bytes or floats.
#pragma once

#include "kernels/image/image.h"
#include "runtime/step.h"

namespace cuvee {

// Sizes of a picture and how its bytes are read.
struct ImageArgs {
  int batch = 0, height = 0, width = 0;
  Image image;
};

// Arguments from `first` on: 1 for pixels or 0 for planes, then for each plane its channel, pre, scale and shift.
inline bool image_args(const StepContext& ctx, const TensorView& x, std::size_t first, ImageArgs* to) {
  if (x.rank != 4 || (x.type != Type::u8 && x.type != Type::f32) || x.layout != Layout::plain || ctx.args.size() <= first) return false;
  const std::size_t channels = (ctx.args.size() - first - 1) / 4;
  if (channels < 1 || channels > max_image_channels || ctx.args.size() != first + 1 + 4 * channels) return false;
  const bool pixels = ctx.args[first].i != 0;
  const std::int64_t held = x.dim(pixels ? 3 : 1);
  to->batch = static_cast<int>(x.dim(0));
  to->height = static_cast<int>(x.dim(pixels ? 1 : 2));
  to->width = static_cast<int>(x.dim(pixels ? 2 : 3));
  Image& image = to->image;
  image.data = x.as<std::uint8_t>();
  image.floats = x.type == Type::f32;
  const std::ptrdiff_t element = image.floats ? sizeof(float) : 1, plane = std::ptrdiff_t(to->height) * to->width * element;
  image.picture = plane * held;
  image.pixel = static_cast<int>((pixels ? held : 1) * element);
  image.row = std::ptrdiff_t(to->width) * image.pixel;
  image.channels = static_cast<int>(channels);
  for (std::size_t c = 0; c < channels; ++c) {
    const ArgValue* a = &ctx.args[first + 1 + 4 * c];
    if (a[0].i < 0 || a[0].i >= held) return false;
    image.offset[c] = a[0].i * (pixels ? element : plane);
    image.pre[c] = static_cast<float>(a[1].f);
    image.scale[c] = static_cast<float>(a[2].f);
    image.shift[c] = static_cast<float>(a[3].f);
  }
  return true;
}

}  // namespace cuvee
