// Families between images and the patches that a sliding window meets.
//   patches       [N, C, H, W] to [N, kh * kw * C, rows, columns], whole bytes of any type, zeros outside; args: sizes, strides, rates,
//                 pads before, two each
//   from_patches  data [.., C * taps, places], size of the image, size of the window; out [.., C, spatial..]: the sum of all that lies
//                 on a pixel. Arithmetic types. args: 1 with a batch, spatial axes, then strides, dilations, pads before, pads after
#include <cstring>

#include "kernels/indexing/indices.h"

namespace cuvee {
namespace {

Status run_patches(StepContext& ctx) {
  const TensorView& x = ctx.in[0];
  TensorView& y = ctx.out[0];
  const auto arg = [&](size_t list, size_t i) { return ctx.args[list * 2 + i].i; };
  if (x.rank != 4 || y.rank != 4) return Status::fail("SHAPE_MISMATCH", "data are not [N, C, H, W]");
  const int64_t channels = x.dim(1), height = x.dim(2), width = x.dim(3), rows = y.dim(2), columns = y.dim(3), taps = arg(0, 0) * arg(0, 1);
  if (y.dim(1) != taps * channels) return Status::fail("INTERNAL", "patches of another size");
  const int64_t bytes = static_cast<int64_t>(element_bytes(x)), step = arg(1, 1), lines = x.dim(0) * taps * channels * rows;
  const int jobs = jobs_for(y.bytes, lines);
  parallel_for(*ctx.pool, jobs, [&](int job, int) {
    for (int64_t line = lines * job / jobs; line < lines * (job + 1) / jobs && !ctx.cancelled(); ++line) {
      const int64_t row = line % rows, channel = line / rows % channels, tap = line / rows / channels % taps, image = line / rows / channels / taps;
      const int64_t from_y = row * arg(1, 0) - arg(3, 0) + tap / arg(0, 1) * arg(2, 0), shift = tap % arg(0, 1) * arg(2, 1) - arg(3, 1);
      char* to = y.as<char>() + line * columns * bytes;
      // Columns [begin, end) of the window's places lie inside.
      const int64_t begin = from_y < 0 || from_y >= height ? columns : std::clamp<int64_t>(shift < 0 ? (-shift + step - 1) / step : 0, 0, columns);
      const int64_t end = shift >= width ? begin : std::clamp<int64_t>((width - shift + step - 1) / step, begin, columns);
      std::memset(to, 0, static_cast<size_t>(begin * bytes));
      if (end > begin) {
        const char* from = x.as<char>() + (((image * channels + channel) * height + from_y) * width + shift) * bytes;
        if (step == 1) std::memcpy(to + begin * bytes, from + begin * bytes, static_cast<size_t>((end - begin) * bytes));
        else
          for (int64_t i = begin; i < end; ++i) copy_bytes(to + i * bytes, from + i * step * bytes, static_cast<size_t>(bytes));
      }
      std::memset(to + end * bytes, 0, static_cast<size_t>((columns - end) * bytes));
    }
  });
  return {};
}

struct Window {
  std::vector<int64_t> size, kernel, along, strides, dilations, pads;
  int64_t taps = 1, places = 1;
};

// The sums of one line of pixels of channel `plane` (of all images).
template <class A>
void line_of(const TensorView& x, const Window& w, int64_t plane, int64_t line, std::vector<A>& own, std::vector<A>& sums) {
  const size_t last = w.size.size() - 1;
  std::fill(sums.begin(), sums.end(), A(0));
  for (int64_t tap = 0; tap < w.taps; ++tap) {
    int64_t rest_line = line, rest_tap = tap / w.kernel[last], at = 0, scale = w.along[last];
    bool meets = true;
    for (size_t i = last; i-- > 0;) {
      const int64_t shifted = rest_line % w.size[i] + w.pads[i] - rest_tap % w.kernel[i] * w.dilations[i];
      rest_line /= w.size[i], rest_tap /= w.kernel[i];
      if (shifted < 0 || shifted % w.strides[i] != 0 || shifted / w.strides[i] >= w.along[i]) {
        meets = false;
        break;
      }
      at += shifted / w.strides[i] * scale, scale *= w.along[i];
    }
    if (!meets) continue;
    load_row(x.type, x.data, (plane * w.taps + tap) * w.places + at, 1, w.along[last], own.data());
    const int64_t shift = tap % w.kernel[last] * w.dilations[last] - w.pads[last];
    for (int64_t o = 0; o < w.along[last]; ++o) {
      const int64_t to = o * w.strides[last] + shift;
      if (to >= 0 && to < w.size[last]) sums[static_cast<size_t>(to)] += own[static_cast<size_t>(o)];
    }
  }
}

template <class A>
void sum_patches(StepContext& ctx, const Window& w, int64_t planes) {
  TensorView& y = ctx.out[0];
  const int64_t width = w.size.back(), lines = width > 0 ? y.size / width : 0, per_plane = planes > 0 ? lines / planes : 0;
  const int jobs = jobs_for(y.size * w.taps * 4, lines);
  parallel_for(*ctx.pool, jobs, [&](int job, int) {
    std::vector<A> own(static_cast<size_t>(w.along.back())), sums(static_cast<size_t>(width));
    for (int64_t line = lines * job / jobs; line < lines * (job + 1) / jobs && !ctx.cancelled(); ++line) {
      line_of(ctx.in[0], w, line / per_plane, line % per_plane, own, sums);
      store_row(y.type, y.data, line * width, width, sums.data());
    }
  });
}

Status run_from(StepContext& ctx) {
  const TensorView& x = ctx.in[0];
  const bool batched = ctx.args[0].i != 0;
  const size_t axes = static_cast<size_t>(ctx.args[1].i);
  Window w;
  for (int i = 1; i <= 2; ++i) {
    std::vector<int64_t>& list = i == 1 ? w.size : w.kernel;
    list.resize(static_cast<size_t>(ctx.in[i].size));
    if (ctx.in[i].size > 0) load_row(ctx.in[i].type, ctx.in[i].data, 0, 1, ctx.in[i].size, list.data());
    if (list.size() != axes) return Status::fail("SHAPE_MISMATCH", "the sizes of image and window are not of " + std::to_string(axes) + " axes");
  }
  for (size_t i = 0; i < axes; ++i) {
    const auto list = [&](size_t k) { return ctx.args[2 + k * axes + i].i; };
    w.strides.push_back(list(0)), w.dilations.push_back(list(1)), w.pads.push_back(list(2));
    if (w.size[i] < 0 || w.kernel[i] < 1 || w.size[i] > int64_t{1} << 40 || w.kernel[i] > int64_t{1} << 30) return Status::fail("ARGUMENT_INVALID", "an image " + std::to_string(w.size[i]) + " long under a window " + std::to_string(w.kernel[i]) + " long");
    const int64_t rest = w.size[i] + list(2) + list(3) - w.dilations[i] * (w.kernel[i] - 1) - 1;
    w.along.push_back(rest < 0 ? 0 : rest / w.strides[i] + 1);
    if (__builtin_mul_overflow(w.taps, w.kernel[i], &w.taps) || __builtin_mul_overflow(w.places, w.along[i], &w.places)) return Status::fail("ARGUMENT_INVALID", "a window of too many elements");
  }
  const int64_t rows = x.dim(x.rank - 2);
  if (x.rank != (batched ? 3 : 2) || rows % w.taps != 0 || x.dim(x.rank - 1) != w.places)
    return Status::fail("SHAPE_MISMATCH", std::to_string(rows) + " rows and " + std::to_string(x.dim(x.rank - 1)) + " columns are not patches of " + std::to_string(w.taps) + " elements at " + std::to_string(w.places) + " places");
  const int64_t planes = (batched ? x.dim(0) : 1) * (rows / w.taps);
  if (ctx.out[0].absent) {
    std::vector<int64_t> dims;
    if (batched) dims.push_back(x.dim(0));
    dims.push_back(rows / w.taps);
    dims.insert(dims.end(), w.size.begin(), w.size.end());
    if (!ctx.allocate(0, dims)) return Status::fail("OUT_OF_MEMORY", "the image");
  }
  if (ctx.out[0].size == 0) return {};
  switch (compute_type(x.type)) {
    case 'f': case 'd': sum_patches<double>(ctx, w, planes); return {};
    case 'u': sum_patches<uint64_t>(ctx, w, planes); return {};
    case 0: return Status::fail("TYPE_MISMATCH", "sums of this element type");
    default: sum_patches<int64_t>(ctx, w, planes); return {};
  }
}

}  // namespace

extern const Family patches_family, from_patches_family;
const Family patches_family{"patches", nullptr, run_patches};
const Family from_patches_family{"from_patches", nullptr, run_from};

}  // namespace cuvee
