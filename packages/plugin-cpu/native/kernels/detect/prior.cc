// Family `prior_boxes`: boxes of several sizes around each place of a feature map, as fractions of the image, and their variances:
// f32 [2, 4 * rows * columns * boxes]. Inputs: size of the map and of the image, [height, width] each.
//   plain      args: 1 to clip, flip, scale all sizes, largest size before ratios; step, offset; lengths of the seven lists; the lists:
//              least sizes, largest sizes, ratios, densities, fixed ratios, fixed sizes, variances
//   clustered  args: 1 to clip; step, step along x, step along y, offset; numbers of boxes and of variances; widths, heights, variances
#include <cstring>

#include "kernels/detect/boxes.h"

namespace cuvee {
namespace {

// One box around a place: where its centre lies from there, half its width and height, in pixels.
struct Shape {
  double dx, dy, w, h;
  bool clip;
};

using List = std::vector<double>;

List list_of(std::span<const ArgValue> args, size_t from, int64_t count) {
  List out;
  for (int64_t i = 0; i < count; ++i) out.push_back(args[from + static_cast<size_t>(i)].f);
  return out;
}

struct Plain {
  bool clip, flip, scaled, largest_first;
  double step, offset;
  List least_sizes, largest_sizes, ratios, densities, fixed_ratios, fixed_sizes, variances;
};

Plain plain_of(std::span<const ArgValue> a) {
  Plain p{a[0].i != 0, a[1].i != 0, a[2].i != 0, a[3].i != 0, a[4].f, a[5].f, {}, {}, {}, {}, {}, {}, {}};
  List* lists[] = {&p.least_sizes, &p.largest_sizes, &p.ratios, &p.densities, &p.fixed_ratios, &p.fixed_sizes, &p.variances};
  size_t at = 13;
  for (size_t i = 0; i < 7; ++i) {
    *lists[i] = list_of(a, at, a[6 + i].i);
    at += lists[i]->size();
  }
  return p;
}

bool same(double a, double b) { return std::fabs(a - b) < 1e-6; }

// Ratios other than 1, each once and, flipped, its inverse.
List other_ratios(const Plain& p) {
  List known{1};
  for (const double r : p.ratios) {
    if (std::any_of(known.begin(), known.end(), [&](double k) { return same(k, r); })) continue;
    known.push_back(r);
    if (p.flip) known.push_back(1 / r);
  }
  List out;
  for (const double r : known)
    if (!same(r, 1)) out.push_back(r);
  return out;
}

// `most`: boxes beyond it cannot reach the output.
std::vector<Shape> shapes_of(const Plain& p, double height, int64_t most_shapes) {
  std::vector<Shape> out;
  const List others = other_ratios(p);
  for (size_t i = 0; i < p.fixed_sizes.size(); ++i) {
    const double size = p.fixed_sizes[i], density = i < p.densities.size() ? p.densities[i] : 1, shift = size / density;
    const auto dense = [&](double ratio) {
      const double root = std::sqrt(ratio), first = -size / 2 + shift / 2;
      for (double k = 0; k < density * density && static_cast<int64_t>(out.size()) < most_shapes; ++k)
        out.push_back({first + std::fmod(k, density) * shift, first + std::floor(k / density) * shift, size * root / 2, size / root / 2, true});
    };
    if (!p.fixed_ratios.empty()) {
      for (const double r : p.fixed_ratios) dense(r);
      continue;
    }
    if (!p.densities.empty()) dense(1);
    for (const double r : others) dense(r);
  }
  const auto add = [&](double w, double h) { out.push_back({0, 0, w / 2, h / 2, false}); };
  const double unit = p.scaled ? 1 : height;
  for (size_t i = 0; i < p.least_sizes.size(); ++i) {
    const double size = p.least_sizes[i] * unit;
    const auto largest = [&] {
      if (i < p.largest_sizes.size()) add(std::sqrt(size * p.largest_sizes[i]), std::sqrt(size * p.largest_sizes[i]));
    };
    const auto shaped = [&] {
      if (!p.scaled && i + 1 != p.least_sizes.size()) return;
      const double base = p.scaled ? size : p.least_sizes[0] * unit;
      for (const double r : others) add(base * std::sqrt(r), base / std::sqrt(r));
    };
    add(size, size);
    if (p.largest_first) largest(), shaped();
    else shaped(), largest();
  }
  return out;
}

// The boxes of a place that the specification counts: of a fixed ratio's dense boxes all but the first of each.
int64_t counted(const Plain& p) {
  const int64_t ratios = static_cast<int64_t>(other_ratios(p).size()) + 1, least_sizes = static_cast<int64_t>(p.least_sizes.size());
  int64_t n = !p.fixed_sizes.empty() ? ratios * static_cast<int64_t>(p.fixed_sizes.size())
              : p.scaled             ? ratios * least_sizes + static_cast<int64_t>(p.largest_sizes.size())
                                     : ratios + least_sizes - 1;
  for (const double d : p.densities) {
    const int64_t side = static_cast<int64_t>(limited(d, -1e6, 1e6));
    n += (p.fixed_ratios.empty() ? ratios : static_cast<int64_t>(p.fixed_ratios.size())) * (side * side - 1);
  }
  return n;
}

// Memory for so many boxes of each place, where the size was not known before.
bool ready(StepContext& ctx, int64_t places, int64_t boxes) {
  if (!ctx.out[0].absent) return true;
  int64_t dims[] = {2, 0};
  return !__builtin_mul_overflow(places, std::max<int64_t>(boxes, 0) * 4, &dims[1]) && dims[1] < int64_t{1} << 60 && ctx.allocate(0, dims);
}

Status too_many(int64_t places) { return Status::fail("OUT_OF_MEMORY", "boxes around " + std::to_string(places) + " places"); }

// Boxes of every place, as far as they fit, and variances behind them.
template <class Centre>
void write(StepContext& ctx, const std::vector<Shape>& shapes, const List& variances, bool clip, int64_t places, double height, double width, Centre&& centre) {
  float* out = ctx.out[0].as<float>();
  const int64_t count = ctx.out[0].size / 2, each = static_cast<int64_t>(shapes.size()) * 4;
  std::memset(out, 0, static_cast<size_t>(count) * sizeof(float));
  const int jobs = static_cast<int>(std::clamp<int64_t>(count / 8192, 1, 64));
  if (each > 0)
    parallel_for(*ctx.pool, jobs, [&](int job, int) {
      for (int64_t place = places * job / jobs; place < places * (job + 1) / jobs && place * each < count; ++place) {
        double x, y;
        centre(place, x, y);
        int64_t to = place * each;
        for (const Shape& s : shapes) {
          const double box[] = {(x + s.dx - s.w) / width, (y + s.dy - s.h) / height, (x + s.dx + s.w) / width, (y + s.dy + s.h) / height};
          for (const double v : box) {
            if (to >= count) return;
            out[to++] = static_cast<float>(clip || s.clip ? limited(v, 0, 1) : v);
          }
        }
      }
    });
  for (int64_t i = 0; i < count; ++i) out[count + i] = variances.empty() ? 0.1f : static_cast<float>(variances[static_cast<size_t>(i) % variances.size()]);
}

Status run(StepContext& ctx) {
  std::vector<int64_t> map, image;
  if (Status s = read_integers(ctx.in[0], 2, "the size of the map", map); !s.ok()) return s;
  if (Status s = read_integers(ctx.in[1], 2, "the size of the image", image); !s.ok()) return s;
  const double rows = static_cast<double>(map[0]), columns = static_cast<double>(map[1]), height = static_cast<double>(image[0]), width = static_cast<double>(image[1]);
  int64_t places = 0;
  if (map[0] > 0 && map[1] > 0 && __builtin_mul_overflow(map[0], map[1], &places)) return too_many(map[0]);
  const int64_t across = std::max<int64_t>(map[1], 1);
  if (ctx.action == "clustered") {
    const std::span<const ArgValue> a = ctx.args;
    const int64_t boxes = a[5].i;
    const List widths = list_of(a, 7, boxes), heights = list_of(a, static_cast<size_t>(7 + boxes), boxes), variances = list_of(a, static_cast<size_t>(7 + 2 * boxes), a[6].i);
    const bool own = a[2].f != 0 || a[3].f != 0, one = a[1].f != 0;
    const double sx = own ? a[2].f : one ? a[1].f : width / columns, sy = own ? a[3].f : one ? a[1].f : height / rows, offset = a[4].f;
    if (!ready(ctx, places, boxes)) return too_many(places);
    std::vector<Shape> shapes;
    for (int64_t i = 0; i < boxes; ++i) shapes.push_back({0, 0, widths[static_cast<size_t>(i)] / 2, heights[static_cast<size_t>(i)] / 2, false});
    write(ctx, shapes, variances, a[0].i != 0, places, height, width, [&](int64_t p, double& x, double& y) {
      x = (static_cast<double>(p % across) + offset) * sx, y = (static_cast<double>(p / across) + offset) * sy;
    });
    return {};
  }
  const Plain p = plain_of(ctx.args);
  if (!ready(ctx, places, counted(p))) return too_many(places);
  const double step = p.scaled ? p.step : p.step == -1 ? height / rows : p.step * height;
  write(ctx, shapes_of(p, height, ctx.out[0].size), p.variances, p.clip, places, height, width, [&](int64_t at, double& x, double& y) {
    const double column = static_cast<double>(at % across), row = static_cast<double>(at / across);
    x = step == 0 ? (column + 0.5) * (width / columns) : (column + p.offset) * step;
    y = step == 0 ? (row + 0.5) * (height / rows) : (row + p.offset) * step;
  });
  return {};
}

}  // namespace

extern const Family prior_boxes_family;
const Family prior_boxes_family{"prior_boxes", nullptr, run};

}  // namespace cuvee
