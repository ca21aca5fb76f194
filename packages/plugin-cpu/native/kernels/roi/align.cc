// Family `roi_align`: means or maxima of bilinear samples of each part of a region; out [regions, channels, h, w]. Samples up to one
// pixel outside count as on the border, others as 0. args: samples along an axis (0: as many as a part is long), then
//   avg, max  data [N, C, H, W], regions [n, 4], images [n]; args: scale of the coordinates, alignment: 0 none, 1 half a pixel back,
//             2 half a pixel forth before the scale and back behind it
//   rotated   regions [n, 5] of centre, size, angle; args: scale, 1 for clockwise
//   pyramid   regions [n, 4], then a map [1, C, H, W] for each level; args: 1 for half a pixel back, scale of each level
#include "kernels/roi/roi.h"

namespace cuvee {
namespace {

constexpr double most_samples = 1 << 14, most_pairs = 1 << 11;  // along an axis: one alone, or each with all of the other

// Pixels of an axis and how much each counts in a part.
struct Taps {
  std::vector<int64_t> at;
  std::vector<double> weight;
  void add(int64_t pixel, double w) {
    if (w == 0) return;
    if (!at.empty() && at.back() == pixel) {
      weight.back() += w;
      return;
    }
    if (at.size() > 1 && at[at.size() - 2] == pixel) {
      weight[at.size() - 2] += w;
      return;
    }
    at.push_back(pixel), weight.push_back(w);
  }
};

// Samples of a part spread over [from, from + length) as weights of pixels.
Taps taps_of(double from, double length, double count, int64_t n) {
  const SampleRange range(from, length, count, -1, static_cast<double>(n), most_samples);
  Taps taps;
  for (double i = range.begin; i < range.end; i += range.step) {
    const double v = range.at(i), times = std::min(range.step, range.end - i);
    if (v < -1 || v > static_cast<double>(n)) continue;
    const Between place(inside(v, n), n);
    taps.add(place.low, (1 - place.part) * times);
    taps.add(place.high, place.part * times);
  }
  return taps;
}

// Places of the samples of a part.
std::vector<Between> places_of(double from, double length, double count, int64_t n) {
  const SampleRange range(from, length, count, -1, static_cast<double>(n), most_pairs);
  std::vector<Between> out;
  for (double i = range.begin; i < range.end; i += range.step) {
    const double v = range.at(i);
    if (v >= -1 && v <= static_cast<double>(n)) out.emplace_back(inside(v, n), n);
  }
  return out;
}

// A straight region in pixels of the map.
struct Region {
  double x, y, width, height;
};

struct Grid {
  int64_t channels, height, width, rows, columns;  // of the map, and of the output
};

// Means: the samples of a part are all pairs of places along both axes, so pixels count by the product of their weights.
template <class S>
void average(const StepContext& ctx, const S* image, const Grid& g, const Region& r, double ratio, bool zero, int64_t c0, int64_t c1, S* out) {
  const double part_h = r.height / static_cast<double>(g.rows), part_w = r.width / static_cast<double>(g.columns);
  const double ny = ratio > 0 ? ratio : std::max(0.0, std::ceil(part_h)), nx = ratio > 0 ? ratio : std::max(0.0, std::ceil(part_w));
  const double total = zero ? std::max(1.0, ny * nx) : ny * nx;
  std::vector<Taps> across(static_cast<size_t>(g.columns));
  int64_t first = g.width, last = -1;
  for (int64_t i = 0; i < g.columns; ++i) {
    across[static_cast<size_t>(i)] = taps_of(r.x + static_cast<double>(i) * part_w, part_w, nx, g.width);
    for (const int64_t p : across[static_cast<size_t>(i)].at) first = std::min(first, p), last = std::max(last, p);
  }
  const int64_t span = std::max<int64_t>(last - first + 1, 0);
  std::vector<S> line(static_cast<size_t>(span));
  for (int64_t row = 0; row < g.rows && !ctx.cancelled(); ++row) {
    const Taps down = taps_of(r.y + static_cast<double>(row) * part_h, part_h, ny, g.height);
    for (int64_t c = c0; c < c1; ++c) {
      const S* plane = image + c * g.height * g.width;
      std::fill(line.begin(), line.end(), S(0));
      for (size_t k = 0; k < down.at.size(); ++k) {
        const S* from = plane + down.at[k] * g.width + (span > 0 ? first : 0);
        const S weight = static_cast<S>(down.weight[k] / total);
        for (int64_t i = 0; i < span; ++i) line[static_cast<size_t>(i)] += from[i] * weight;
      }
      S* to = out + (c * g.rows + row) * g.columns;
      for (int64_t i = 0; i < g.columns; ++i) {
        const Taps& taps = across[static_cast<size_t>(i)];
        S sum = 0;
        for (size_t k = 0; k < taps.at.size(); ++k) sum += line[static_cast<size_t>(taps.at[k] - first)] * static_cast<S>(taps.weight[k]);
        to[i] = total > 0 ? sum : std::numeric_limits<S>::quiet_NaN();
      }
    }
  }
}

template <class S>
void largest(const StepContext& ctx, const S* image, const Grid& g, const Region& r, double ratio, int64_t c0, int64_t c1, S* out) {
  const double part_h = r.height / static_cast<double>(g.rows), part_w = r.width / static_cast<double>(g.columns);
  const double ny = ratio > 0 ? ratio : std::ceil(part_h), nx = ratio > 0 ? ratio : std::ceil(part_w);
  std::vector<std::vector<Between>> across;
  for (int64_t i = 0; i < g.columns; ++i) across.push_back(places_of(r.x + static_cast<double>(i) * part_w, part_w, nx, g.width));
  for (int64_t row = 0; row < g.rows; ++row) {
    const std::vector<Between> down = places_of(r.y + static_cast<double>(row) * part_h, part_h, ny, g.height);
    for (int64_t c = c0; c < c1; ++c)
      for (int64_t i = 0; i < g.columns; ++i) {
        S best = 0;
        for (const Between& y : down) {
          if (ctx.cancelled()) return;
          for (const Between& x : across[static_cast<size_t>(i)]) {
            const S v = sample(image + c * g.height * g.width, g.width, y, x);
            best = v > best || v != v ? v : best;
          }
        }
        out[(c * g.rows + row) * g.columns + i] = best;
      }
  }
}

// A turned region: centre, size and angle in pixels of the map.
template <class S>
void turned(const StepContext& ctx, const S* image, const Grid& g, const double* region, double ratio, int64_t c0, int64_t c1, S* out) {
  const double cx = region[0] - 0.5, cy = region[1] - 0.5, w = region[2], h = region[3], sine = std::sin(region[4]), cosine = std::cos(region[4]);
  const double height = static_cast<double>(g.height), width = static_cast<double>(g.width);
  const double part_h = h / static_cast<double>(g.rows), part_w = w / static_cast<double>(g.columns);
  const double ny = ratio > 0 ? ratio : std::max(0.0, std::ceil(part_h)), nx = ratio > 0 ? ratio : std::max(0.0, std::ceil(part_w));
  // The map with its border of one pixel, in the region's own axes.
  double low_y = std::numeric_limits<double>::infinity(), high_y = -low_y, low_x = low_y, high_x = -low_y;
  for (const double y : {-1.0, height})
    for (const double x : {-1.0, width}) {
      const double own_y = (y - cy) * cosine + (x - cx) * sine, own_x = (x - cx) * cosine - (y - cy) * sine;
      low_y = std::min(low_y, own_y), high_y = std::max(high_y, own_y), low_x = std::min(low_x, own_x), high_x = std::max(high_x, own_x);
    }
  const size_t channels = static_cast<size_t>(c1 - c0);
  std::vector<double> sums(channels);
  std::vector<std::pair<Between, Between>> places;
  const auto flush = [&] {
    for (size_t c = 0; c < channels; ++c) {
      const S* plane = image + (c0 + static_cast<int64_t>(c)) * g.height * g.width;
      double sum = 0;
      for (const auto& [y, x] : places) sum += static_cast<double>(sample(plane, g.width, y, x));
      sums[c] += sum;
    }
    places.clear();
  };
  for (int64_t row = 0; row < g.rows; ++row)
    for (int64_t column = 0; column < g.columns; ++column) {
      const SampleRange down((static_cast<double>(row) / static_cast<double>(g.rows) - 0.5) * h, part_h, ny, low_y, high_y, most_pairs);
      const SampleRange across((static_cast<double>(column) / static_cast<double>(g.columns) - 0.5) * w, part_w, nx, low_x, high_x, most_pairs);
      std::fill(sums.begin(), sums.end(), 0.0);
      for (double i = down.begin; i < down.end && !ctx.cancelled(); i += down.step)
        for (double j = across.begin; j < across.end; j += across.step) {
          const double y = down.at(i), x = across.at(j);
          const double py = y * cosine - x * sine + cy, px = y * sine + x * cosine + cx;
          if (!(py >= -1 && px >= -1 && py <= height && px <= width)) continue;
          places.emplace_back(Between(inside(py, g.height), g.height), Between(inside(px, g.width), g.width));
          if (places.size() == 4096) flush();
        }
      flush();
      const double total = std::max(1.0, ny * nx) / (down.step * across.step);
      for (size_t c = 0; c < channels; ++c) out[((c0 + static_cast<int64_t>(c)) * g.rows + row) * g.columns + column] = static_cast<S>(sums[c] / total);
    }
}

// The level of the pyramid for a region: 2 for the canonical size 224, one more for every doubling; -1 without an area.
int64_t level_of(const double* r, int64_t levels) {
  const double size = (r[2] - r[0]) * (r[3] - r[1]);
  if (!(size > 0)) return -1;
  return static_cast<int64_t>(std::clamp(std::floor(2 + std::log2(std::sqrt(size) / 224 + 1e-6)), 0.0, static_cast<double>(levels - 1)));
}

template <class S>
Status run_as(StepContext& ctx) {
  const bool pyramid = ctx.action == "pyramid", rotated = ctx.action == "rotated", maxima = ctx.action == "max";
  TensorView& out = ctx.out[0];
  const TensorView& regions = ctx.in[pyramid ? 0 : 1];
  const int64_t width = rotated ? 5 : 4, count = out.dim(0), channels = out.dim(1), parts = out.dim(2) * out.dim(3);
  if (regions.rank != 2 || regions.dim(0) != count || regions.dim(1) != width || (!pyramid && ctx.in[2].size != count)) return Status::fail("SHAPE_MISMATCH", "regions and images are not " + std::to_string(count));
  std::vector<Pixels<S>> maps;
  for (size_t i = pyramid ? 1 : 0; i < (pyramid ? ctx.in.size() : 1); ++i) {
    const TensorView& map = ctx.in[i];
    if (map.rank != 4 || map.dim(1) != channels) return Status::fail("SHAPE_MISMATCH", "a map of features is not [N, " + std::to_string(channels) + ", H, W]");
    maps.emplace_back(map);
  }
  std::vector<double> images(static_cast<size_t>(count), 0.0);
  if (!pyramid) load_row(ctx.in[2].type, ctx.in[2].data, 0, 1, count, images.data());
  const double ratio = static_cast<double>(ctx.args[0].i);
  const bool direct = out.type == (sizeof(S) == 8 ? Type::f64 : Type::f32);
  Images in_range(ctx.in[pyramid ? 1 : 0].dim(0));
  const int64_t shares = std::clamp<int64_t>(32 / std::max<int64_t>(count, 1), 1, channels);
  parallel_for(*ctx.pool, static_cast<int>(count * shares), [&](int job, int) {
    if (ctx.cancelled()) return;
    const int64_t r = job / shares, c0 = channels * (job % shares) / shares, c1 = channels * (job % shares + 1) / shares;
    const int64_t image = in_range(images[static_cast<size_t>(r)]);
    if (image < 0) return;
    double box[5];
    std::vector<S> converted(direct ? 0 : static_cast<size_t>(channels * parts));
    S* to = direct ? out.as<S>() + r * channels * parts : converted.data();
    const bool good = region_at(regions, r, width, box);
    const int64_t level = pyramid ? level_of(box, static_cast<int64_t>(maps.size())) : 0;
    if (!good || level < 0) {
      std::fill(to + c0 * parts, to + c1 * parts, good ? S(0) : std::numeric_limits<S>::quiet_NaN());
    } else {
      const TensorView& map = ctx.in[static_cast<size_t>(pyramid ? 1 + level : 0)];
      const Grid g{channels, map.dim(2), map.dim(3), out.dim(2), out.dim(3)};
      const S* plane = maps[static_cast<size_t>(level)].at(image * channels * g.height * g.width);
      if (g.height == 0 || g.width == 0) {
        std::fill(to + c0 * parts, to + c1 * parts, S(0));
      } else if (rotated) {
        for (int i = 0; i < 4; ++i) box[i] *= ctx.args[1].f;
        if (ctx.args[2].i != 0) box[4] = -box[4];
        turned(ctx, plane, g, box, ratio, c0, c1, to);
      } else {
        const int64_t alignment = pyramid ? ctx.args[1].i : ctx.args[2].i;
        const double scale = pyramid ? 1 / ctx.args[static_cast<size_t>(2 + level)].f : ctx.args[1].f;
        for (int i = 0; i < 4; ++i) box[i] = (box[i] + (alignment == 2 ? 0.5 : 0)) * scale - (alignment != 0 ? 0.5 : 0);
        const auto length = [&](double d) { return alignment == 0 ? std::max(d, 1.0) : d; };
        const Region region{box[0], box[1], length(box[2] - box[0]), length(box[3] - box[1])};
        if (maxima) largest(ctx, plane, g, region, ratio, c0, c1, to);
        else average(ctx, plane, g, region, ratio, pyramid, c0, c1, to);
      }
    }
    if (!direct) store_row(out.type, out.data, (r * channels + c0) * parts, (c1 - c0) * parts, converted.data() + c0 * parts);
  });
  return in_range.status();
}

Status run(StepContext& ctx) { return compute_type(ctx.out[0].type) == 'd' ? run_as<double>(ctx) : run_as<float>(ctx); }

}  // namespace

extern const Family roi_align_family;
const Family roi_align_family{"roi_align", nullptr, run};

}  // namespace cuvee
