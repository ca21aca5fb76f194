// The tables of an axis. Coordinates are rounded to f32 where the specification's kernels compute in f32.
#include <algorithm>
#include <cmath>

#include "kernels/resize/resize.h"
#include "kernels/select.h"

namespace cuvee {

CUVEE_VARIANTS(ResizeKernels, resize, const ResizeKernels&, resize_kernels)

namespace {

enum Mode { nearest_, linear_, linear_onnx_, cubic_, bilinear_pillow_, bicubic_pillow_ };
enum Coordinate { half_pixel_, pytorch_half_pixel_, asymmetric_, tf_half_pixel_for_nn_, align_corners_ };
enum Nearest { round_prefer_floor_, round_prefer_ceil_, floor_, ceil_, simple_ };

double single(double x) { return static_cast<double>(static_cast<float>(x)); }

double coordinate(double x, double in, double out, double scale, int mode) {
  switch (mode) {
    case pytorch_half_pixel_: if (out <= 1) return 0; [[fallthrough]];
    case half_pixel_: return single(single((x + 0.5) / scale) - 0.5);
    case asymmetric_: return single(x / scale);
    case tf_half_pixel_for_nn_: return single((x + 0.5) / scale);
    default: return out == 1 ? 0 : single(single(x * (in - 1)) / (out - 1));
  }
}

double nearest(double x, double scale, int mode) {
  switch (mode) {
    case round_prefer_floor_: return x == std::floor(x) + 0.5 ? std::floor(x) : std::floor(x + 0.5);
    case round_prefer_ceil_: return std::floor(x + 0.5);
    case floor_: return std::floor(x);
    case ceil_: return std::ceil(x);
    default: return scale < 1 ? std::ceil(x) : std::trunc(x);
  }
}

double triangle(double t) { return std::max(0.0, 1 - std::fabs(t)); }

// Keys' kernel (Keys 1981), a being its free coefficient.
double cubic(double t, double a) {
  const double d = std::fabs(t);
  if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

struct Tap {
  int64_t at;
  double weight;
};

void normalize(std::vector<Tap>& taps) {
  double sum = 0;
  for (const Tap& t : taps) sum += t.weight;
  if (sum != 0)
    for (Tap& t : taps) t.weight /= sum;
}

void taps_of(int64_t x, int64_t in, int64_t out, double scale, const ResizeRule& rule, std::vector<Tap>& taps) {
  const auto clamp = [&](double p) { return static_cast<int64_t>(std::clamp(p, 0.0, static_cast<double>(in - 1))); };
  const double n = static_cast<double>(in);
  if (rule.mode >= bilinear_pillow_) {
    const double support = rule.mode == bilinear_pillow_ ? 1 : 2;
    const double ratio = n / static_cast<double>(out), widen = std::max(ratio, 1.0), center = (static_cast<double>(x) + 0.5) * ratio;
    const double from = std::max(0.0, std::trunc(center - support * widen + 0.5)), to = std::min(n, std::trunc(center + support * widen + 0.5));
    for (double p = from; p < to; ++p) {
      const double t = (p - center + 0.5) / widen;
      taps.push_back({static_cast<int64_t>(p), support == 1 ? triangle(t) : cubic(t, rule.cube)});
    }
    return normalize(taps);
  }
  const double from = coordinate(static_cast<double>(x), n, static_cast<double>(out), scale, rule.coordinate);
  switch (rule.mode) {
    case nearest_: taps.push_back({clamp(nearest(from, scale, rule.nearest)), 1}); return;
    case linear_onnx_: {
      const double inside = std::clamp(from, 0.0, n - 1), first = std::floor(inside);
      taps.push_back({static_cast<int64_t>(first), 1 - (inside - first)});
      taps.push_back({std::min(static_cast<int64_t>(first) + 1, in - 1), inside - first});
      return;
    }
    case cubic_:
      for (int k = 0; k < 4; ++k) {
        const double p = std::floor(from) - 1 + k;
        taps.push_back({clamp(p), cubic(from - p, rule.cube)});
      }
      return;
    default: {
      const double narrow = rule.antialias && scale < 1 ? scale : 1, reach = scale > 1 ? 2 : std::ceil(2 / narrow), middle = std::nearbyint(from);
      for (double p = std::max(0.0, middle - reach); p <= std::min(n - 1, middle + reach); ++p) taps.push_back({static_cast<int64_t>(p), triangle(narrow * (from - p))});
      return normalize(taps);
    }
  }
}

}  // namespace

ResizeAxis resize_axis(int64_t in, int64_t before, int64_t after, int64_t out, float scale, bool untouched, const ResizeRule& rule) {
  ResizeAxis a;
  a.in = in;
  a.out = out;
  const int64_t padded = in + before + after;
  if (scale == 0) scale = static_cast<float>(static_cast<double>(out) / static_cast<double>(padded));
  std::vector<Tap> taps;
  for (int64_t x = 0; x < out; ++x) {
    taps.clear();
    if (untouched) taps.push_back({x, 1});
    else taps_of(x, padded, out, scale, rule, taps);
    a.moves = a.moves && taps.size() <= 1;
    std::erase_if(taps, [](const Tap& t) { return t.weight == 0; });
    for (const Tap& t : taps) {
      const int64_t p = t.at - before;
      if (p < 0 || p >= in) continue;
      a.at.push_back(static_cast<int32_t>(p));
      a.weight.push_back(t.weight);
      a.weight32.push_back(static_cast<float>(t.weight));
    }
    a.start.push_back(static_cast<int32_t>(a.at.size()));
    a.identity = a.identity && a.moves && a.at.size() == static_cast<size_t>(x) + 1 && a.at.back() == x;
  }
  a.identity = a.identity && in == out;
  return a;
}

}  // namespace cuvee
