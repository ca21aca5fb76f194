// What the families that choose boxes have in common. All of it counts in double: the thresholds compare as the specification says.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "kernels/convert/elements.h"
#include "runtime/step.h"

namespace cuvee {

struct Box {
  double x1 = 0, y1 = 0, x2 = 0, y2 = 0;
};

// As in IEEE 754-2019 `minimum` and `maximum`: NaN where either is.
inline double least(double a, double b) { return a < b || a != a ? a : b; }
inline double most(double a, double b) { return a > b || a != a ? a : b; }
inline double limited(double v, double low, double high) { return most(least(v, high), low); }

// Extents below 0 count as none; `edge` is 1 where coordinates are pixels that both count.
inline double area(const Box& b, double edge) { return b.x2 < b.x1 || b.y2 < b.y1 ? 0 : (b.x2 - b.x1 + edge) * (b.y2 - b.y1 + edge); }

// Intersection over union; 0 without a union, and where a coordinate is NaN.
inline double overlap(const Box& a, double area_a, const Box& b, double area_b, double edge) {
  const double width = std::min(a.x2, b.x2) - std::max(a.x1, b.x1) + edge;
  if (!(width > 0)) return 0;
  const double height = std::min(a.y2, b.y2) - std::max(a.y1, b.y1) + edge;
  if (!(height > 0)) return 0;
  const double shared = width * height, both = area_a + area_b - shared;
  return both > 0 ? shared / both : 0;
}

// A box without any overlap in the place of one with a NaN, for which `std::min` depends on the order.
inline Box comparable(const Box& b) {
  const double none = std::numeric_limits<double>::infinity();
  return b.x1 != b.x1 || b.y1 != b.y1 || b.x2 != b.x2 || b.y2 != b.y2 ? Box{none, none, -none, -none} : b;
}

// Elements of a tensor as numbers.
inline std::vector<double> numbers(const TensorView& v, int64_t from, int64_t count) {
  std::vector<double> out(static_cast<size_t>(count));
  if (count > 0) load_row(v.type, v.data, from, 1, count, out.data());
  return out;
}
inline std::vector<double> numbers(const TensorView& v) { return numbers(v, 0, v.size); }

inline bool present(const StepContext& ctx, size_t i) { return i < ctx.in.size() && !ctx.in[i].absent && ctx.in[i].size > 0; }

// The first element of an input that may be absent.
inline double number_or(const StepContext& ctx, size_t i, double otherwise) {
  return present(ctx, i) ? numbers(ctx.in[i], 0, 1)[0] : otherwise;
}

// Numbers of an integer input, at least `count` of them.
inline Status read_integers(const TensorView& v, int64_t count, const char* what, std::vector<int64_t>& to) {
  if (v.size < count) return Status::fail("SHAPE_MISMATCH", std::string(what) + " has " + std::to_string(v.size) + " numbers, not " + std::to_string(count));
  to.resize(static_cast<size_t>(v.size));
  if (v.size > 0) load_row(v.type, v.data, 0, 1, v.size, to.data());
  return {};
}

// Whether the score at place a comes before that at b: the higher one, then the earlier one; NaN last.
inline bool ranks_before(double sa, int64_t a, double sb, int64_t b) {
  if (sa != sa || sb != sb) return sa != sa && sb != sb ? a < b : sb != sb;
  return sa != sb ? sa > sb : a < b;
}

// Puts the first `top` of the places in order of falling score and drops the others.
inline void rank_places(const double* scores, std::vector<int64_t>& places, int64_t top) {
  const auto before = [&](int64_t a, int64_t b) { return ranks_before(scores[a], a, scores[b], b); };
  const size_t keep = static_cast<size_t>(std::clamp<int64_t>(top, 0, static_cast<int64_t>(places.size())));
  if (keep * 8 < places.size()) {
    std::partial_sort(places.begin(), places.begin() + static_cast<std::ptrdiff_t>(keep), places.end(), before);
  } else {
    if (keep > 0 && keep < places.size()) std::nth_element(places.begin(), places.begin() + static_cast<std::ptrdiff_t>(keep) - 1, places.end(), before);
    std::sort(places.begin(), places.begin() + static_cast<std::ptrdiff_t>(keep), before);
  }
  places.resize(keep);
}

// The kept boxes of a greedy choice, against which the next ones are compared: their coordinates in blocks, since most boxes do not
// touch, which a block says at once.
class Kept {
 public:
  explicit Kept(double edge) : edge_(edge) {}
  // Whether some kept box overlaps this one by more than the threshold, or by as much as it with `from`.
  bool covers(const Box& box, double threshold, bool from = false) const {
    const Box own = comparable(box);
    const double own_area = area(own, edge_);
    // Without an overlap, too, where the threshold says so.
    const bool always = from ? 0 >= threshold : 0 > threshold;
    for (size_t b = 0; b < blocks_.size(); ++b) {
      const Block& block = blocks_[b];
      if (!always && !touches(own, block)) continue;
      for (size_t i = 0; i < std::min(width, size_ - b * width); ++i) {
        const double iou = overlap(own, own_area, {block.x1[i], block.y1[i], block.x2[i], block.y2[i]}, block.areas[i], edge_);
        if (from ? iou >= threshold : iou > threshold) return true;
      }
    }
    return false;
  }
  double overlap_with(const Box& box, size_t i) const {
    const Box own = comparable(box);
    const Block& block = blocks_[i / width];
    i %= width;
    return overlap(own, area(own, edge_), {block.x1[i], block.y1[i], block.x2[i], block.y2[i]}, block.areas[i], edge_);
  }
  void add(const Box& box) {
    const size_t i = size_++ % width;
    if (i == 0) blocks_.emplace_back();
    Block& block = blocks_.back();
    const Box own = comparable(box);
    block.x1[i] = own.x1, block.y1[i] = own.y1, block.x2[i] = own.x2, block.y2[i] = own.y2, block.areas[i] = area(own, edge_);
  }
  size_t size() const { return size_; }

 private:
  static constexpr size_t width = 8;
  // Places not yet taken hold a box that touches none.
  struct Block {
    double x1[width], y1[width], x2[width], y2[width], areas[width];
    Block() {
      const double none = std::numeric_limits<double>::infinity();
      for (size_t i = 0; i < width; ++i) x1[i] = y1[i] = none, x2[i] = y2[i] = -none, areas[i] = 0;
    }
  };

  bool touches(const Box& own, const Block& b) const {
    int64_t any = 0;
    for (size_t i = 0; i < width; ++i) {
      const double right = own.x2 < b.x2[i] ? own.x2 : b.x2[i], left = own.x1 > b.x1[i] ? own.x1 : b.x1[i];
      const double bottom = own.y2 < b.y2[i] ? own.y2 : b.y2[i], top = own.y1 > b.y1[i] ? own.y1 : b.y1[i];
      any |= (right - left + edge_ > 0 ? int64_t{-1} : 0) & (bottom - top + edge_ > 0 ? int64_t{-1} : 0);
    }
    return any != 0;
  }

  double edge_;
  size_t size_ = 0;
  std::vector<Block> blocks_;
};

// Of the places in order, at most `limit` that no earlier one covers; a threshold above one half shrinks by `eta` with each.
template <class At>
std::vector<int64_t> suppress(const std::vector<int64_t>& places, At&& box_at, double threshold, double edge, int64_t limit, double eta = 1, bool from = false) {
  std::vector<int64_t> out;
  Kept kept(edge);
  for (const int64_t p : places) {
    if (static_cast<int64_t>(out.size()) >= limit) break;
    const Box box = box_at(p);
    if (kept.covers(box, threshold, from)) continue;
    kept.add(box);
    out.push_back(p);
    if (eta < 1 && threshold > 0.5) threshold *= eta;
  }
  return out;
}

// How a box is refined: (dx, dy) in sizes of the box, (dw, dh) as logarithms up to `max_log`.
struct Refinement {
  double edge = 0, max_log = std::numeric_limits<double>::infinity();
  double divisors[4] = {1, 1, 1, 1};
};

inline Box refined(const Box& b, const double* d, const Refinement& r) {
  const double w = b.x2 - b.x1 + r.edge, h = b.y2 - b.y1 + r.edge;
  const double cx = b.x1 + w / 2 + d[0] / r.divisors[0] * w, cy = b.y1 + h / 2 + d[1] / r.divisors[1] * h;
  const double half_w = std::exp(least(d[2] / r.divisors[2], r.max_log)) * w / 2, half_h = std::exp(least(d[3] / r.divisors[3], r.max_log)) * h / 2;
  return {cx - half_w, cy - half_h, cx + half_w - r.edge, cy + half_h - r.edge};
}

inline Box clipped(const Box& b, double right, double bottom) {
  return {limited(b.x1, 0, right), limited(b.y1, 0, bottom), limited(b.x2, 0, right), limited(b.y2, 0, bottom)};
}

// Rows of four numbers.
inline Box box_at(const double* rows, int64_t i) { return {rows[i * 4], rows[i * 4 + 1], rows[i * 4 + 2], rows[i * 4 + 3]}; }

inline void put_box(double* to, const Box& b) { to[0] = b.x1, to[1] = b.y1, to[2] = b.x2, to[3] = b.y2; }

// Writes numbers from `index` on, when anybody wants the output.
template <class T>
void put(TensorView& out, const std::vector<T>& values, int64_t index = 0) {
  const int64_t count = std::min<int64_t>(static_cast<int64_t>(values.size()), out.size - index);
  if (!out.absent && count > 0) store_row(out.type, out.data, index, count, values.data());
}

}  // namespace cuvee
