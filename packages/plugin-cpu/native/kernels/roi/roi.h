// What the poolings over regions have in common: pixels as numbers, coordinates of regions, samples between pixels.
#pragma once

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "kernels/convert/elements.h"
#include "runtime/step.h"

namespace cuvee {

// The elements of a tensor as S: where they are, or a copy by conversion.
template <class S>
class Pixels {
 public:
  explicit Pixels(const TensorView& v) {
    if (v.type == (sizeof(S) == 8 ? Type::f64 : Type::f32)) {
      data_ = v.as<S>();
      return;
    }
    copy_.resize(static_cast<size_t>(v.size));
    if (v.size > 0) load_row(v.type, v.data, 0, 1, v.size, copy_.data());
    data_ = copy_.data();
  }
  const S* at(int64_t i) const { return data_ + i; }

 private:
  std::vector<S> copy_;
  const S* data_ = nullptr;
};

// `count` numbers of a region, none beyond ±1e15. False where one is NaN.
inline bool region_at(const TensorView& regions, int64_t r, int64_t count, double* to) {
  load_row(regions.type, regions.data, r * count, 1, count, to);
  bool good = true;
  for (int64_t i = 0; i < count; ++i) {
    good = good && to[i] == to[i];
    to[i] = std::clamp(to[i], -1e15, 1e15);
  }
  return good;
}

// The image that a region names; -1 and a note where there is none.
class Images {
 public:
  explicit Images(int64_t count) : count_(count) {}
  int64_t operator()(double image) {
    if (image >= 0 && image < static_cast<double>(count_)) return static_cast<int64_t>(image);
    if (!wrong_.exchange(true)) image_ = image;
    return -1;
  }
  Status status() const {
    if (!wrong_.load()) return {};
    return Status::fail("ARGUMENT_INVALID", "a region is of image " + std::to_string(image_) + ", there are " + std::to_string(count_));
  }

 private:
  int64_t count_;
  std::atomic<bool> wrong_{false};
  double image_ = 0;
};

// A place of an axis of n pixels between two of them; it must lie in [0, n - 1].
struct Between {
  int64_t low, high;
  double part;  // of the higher one
  Between(double v, int64_t n) : low(std::min(static_cast<int64_t>(v), n - 1)), high(v > static_cast<double>(low) ? std::min(low + 1, n - 1) : low), part(v - static_cast<double>(low)) {}
};

template <class S>
S sample(const S* plane, int64_t width, const Between& y, const Between& x) {
  const S *top = plane + y.low * width, *bottom = plane + y.high * width;
  const S px = static_cast<S>(x.part), py = static_cast<S>(y.part);
  const S upper = top[x.low] + (top[x.high] - top[x.low]) * px, lower = bottom[x.low] + (bottom[x.high] - bottom[x.low]) * px;
  return upper + (lower - upper) * py;
}

// The nearest place within an axis of n pixels.
inline double inside(double v, int64_t n) { return std::clamp(v, 0.0, static_cast<double>(n - 1)); }

// Samples i of `count` at first + (i + 1/2) * length / count that lie in [low, high]: every `step`-th of [begin, end), so that they are
// not more than `most`.
struct SampleRange {
  double first, length, count;
  double begin = 0, end = 0, step = 1;
  SampleRange(double from, double size, double n, double low, double high, double most_samples) : first(from), length(size), count(n) {
    if (!(n > 0)) return;
    const double each = size / n;
    if (each == 0) {
      end = from >= low && from <= high ? n : 0;
    } else {
      double a = (low - from) / each - 0.5, b = (high - from) / each - 0.5;
      if (a > b) std::swap(a, b);
      begin = std::clamp(std::floor(a), 0.0, n), end = std::clamp(std::ceil(b) + 1, 0.0, n);
    }
    step = std::max(1.0, std::ceil((end - begin) / most_samples));
    // Numbers so large that adding one changes nothing count as no samples.
    if (begin > 0x1p52) end = begin;
  }
  double at(double i) const { return first + (i + 0.5) * length / count; }
};

}  // namespace cuvee
