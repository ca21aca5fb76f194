// Family `yuv`: pictures of luma and halved chroma (BT.601) as pixels of three colours. Inputs: all planes in one [N, 3H/2, W, 1], or
// luma [N, H, W, 1] and chroma apart; output [N, H, W, 3]; all u8 or all f32. Arguments [0: chroma as pairs (NV12), 1: as two planes
// (I420); 0: R, G, B, 1: B, G, R].
#include <algorithm>
#include <vector>

#include "runtime/step.h"

namespace cuvee {
namespace {

template <class T>
struct Picture {
  const T *luma, *u, *v;
  int64_t luma_image, chroma_image;  // elements from one picture to the next
  int64_t chroma_step, chroma_row;   // from one sample, one row to the next
};

template <class T>
bool picture_of(const StepContext& ctx, int64_t height, int64_t width, Picture<T>* to) {
  const bool pairs = ctx.args[0].i == 0;
  const int64_t half = width / 2, quarter = height / 2 * half;
  const TensorView& first = ctx.in[0];
  to->luma = first.as<T>();
  to->chroma_step = pairs ? 2 : 1;
  to->chroma_row = half * to->chroma_step;
  if (ctx.in.size() == 1) {
    if (first.rank != 4 || first.dim(1) * 2 != height * 3 || first.dim(2) != width) return false;
    to->luma_image = to->chroma_image = height * width * 3 / 2;
    to->u = to->luma + height * width;
    to->v = pairs ? to->u + 1 : to->u + quarter;
    return true;
  }
  if (ctx.in.size() != (pairs ? 2u : 3u) || first.rank != 4 || first.dim(1) != height || first.dim(2) != width) return false;
  for (size_t i = 1; i < ctx.in.size(); ++i) {
    const TensorView& c = ctx.in[i];
    if (c.rank != 4 || c.dim(0) != first.dim(0) || c.dim(1) * 2 != height || c.dim(2) * 2 != width || c.dim(3) != to->chroma_step) return false;
  }
  to->luma_image = height * width;
  to->chroma_image = quarter * to->chroma_step;
  to->u = ctx.in[1].as<T>();
  to->v = pairs ? to->u + 1 : ctx.in[2].as<T>();
  return true;
}

// Within [0, 255]; whole numbers of thousandths are rounded half to even, exactly, when T is of bytes.
template <class T>
void finish(T* __restrict to, const float* __restrict thousandths, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    const float x = thousandths[i] / 1000.0f, low = x > 0 ? x : 0, clamped = low < 255 ? low : 255;
    if constexpr (sizeof(T) == 1) to[i] = static_cast<T>(static_cast<int>((clamped + 12582912.0f) - 12582912.0f));
    else to[i] = clamped;
  }
}

template <class T>
Status run_as(StepContext& ctx) {
  const TensorView& y = ctx.out[0];
  const int64_t height = y.dim(1), width = y.dim(2), rows = y.dim(0) * height;
  Picture<T> p;
  if (height % 2 != 0 || width % 2 != 0 || !picture_of<T>(ctx, height, width, &p)) return Status::fail("SHAPE_MISMATCH", "the planes of a picture do not fit each other");
  const bool reversed = ctx.args[1].i != 0;
  const int chunks = static_cast<int>(std::clamp<int64_t>(rows * width / 8192, 1, std::min<int64_t>(rows, ctx.pool->threads() * 4)));
  parallel_for(*ctx.pool, chunks, [&](int chunk, int) {
    std::vector<float> d(width), e(width), sums(width);
    std::vector<T> colours(3 * width);
    for (int64_t r = rows * chunk / chunks; r < rows * (chunk + 1) / chunks && !ctx.cancelled(); ++r) {
      const int64_t image = r / height, row = r % height, chroma = image * p.chroma_image + row / 2 * p.chroma_row;
      const T *luma = p.luma + image * p.luma_image + row * width, *u = p.u + chroma, *v = p.v + chroma;
      for (int64_t i = 0; i < width / 2; ++i) {
        d[2 * i] = d[2 * i + 1] = static_cast<float>(u[i * p.chroma_step]) - 128;
        e[2 * i] = e[2 * i + 1] = static_cast<float>(v[i * p.chroma_step]) - 128;
      }
      const auto level = [&](int64_t i) { return 1164 * (static_cast<float>(luma[i]) - 16); };
      T* plane[3] = {colours.data(), colours.data() + width, colours.data() + 2 * width};
      if (reversed) std::swap(plane[0], plane[2]);
      for (int64_t i = 0; i < width; ++i) sums[i] = level(i) + 1596 * e[i];
      finish(plane[0], sums.data(), width);
      for (int64_t i = 0; i < width; ++i) sums[i] = level(i) - 391 * d[i] - 813 * e[i];
      finish(plane[1], sums.data(), width);
      for (int64_t i = 0; i < width; ++i) sums[i] = level(i) + 2018 * d[i];
      finish(plane[2], sums.data(), width);
      const T *a = colours.data(), *b = a + width, *c = b + width;
      T* __restrict to = y.as<T>() + r * width * 3;
      for (int64_t i = 0; i < width; ++i) to[3 * i] = a[i], to[3 * i + 1] = b[i], to[3 * i + 2] = c[i];
    }
  });
  return {};
}

Status run(StepContext& ctx) {
  const Type type = ctx.out[0].type;
  for (const TensorView& v : ctx.in)
    if (v.type != type) return Status::fail("TYPE_MISMATCH", "planes of different types");
  if (type == Type::u8) return run_as<uint8_t>(ctx);
  if (type == Type::f32) return run_as<float>(ctx);
  return Status::fail("TYPE_MISMATCH", "pictures are u8 or f32");
}

}  // namespace

extern const Family yuv_family;
const Family yuv_family{"yuv", nullptr, run};

}  // namespace cuvee
