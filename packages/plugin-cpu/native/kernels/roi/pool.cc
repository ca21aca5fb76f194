// Family `roi_pool`: data [N, C, H, W] pooled over regions [n, 5] of image and corners; out [n, channels, h, w]. A region of image -1
// ends the list; what follows is 0.
//   max            corners times a scale, rounded, both included: the largest element of each part. args: scale
//   bilinear       corners as fractions of the image: one sample for each part
//   ps_average     each part reads channels of its own: mean of the part. args: scale
//   ps_bilinear    as ps_average, means of one sample in each bin, each bin of channels of its own. args: scale, bins along x and y
//   ps_deformable  parts moved by the third input, offsets [n, 2 * classes, part, part]; means of bilinear samples. args: scale,
//                  bins along x and y, unit of the offsets in sizes of the region, part
#include "kernels/roi/roi.h"

namespace cuvee {
namespace {

struct Grid {
  int64_t channels, height, width;
  int64_t outputs, rows, columns;
};

double rounded(double v) { return std::floor(v + 0.5); }
int64_t within(double v, int64_t n) { return static_cast<int64_t>(std::clamp(v, 0.0, static_cast<double>(n))); }

// Part [begin, end) of an axis.
struct Span {
  int64_t begin, end;
};

template <class S>
S largest(const S* plane, int64_t width, Span y, Span x) {
  if (y.begin >= y.end || x.begin >= x.end) return 0;
  S best = -std::numeric_limits<S>::infinity();
  for (int64_t i = y.begin; i < y.end; ++i)
    for (int64_t j = x.begin; j < x.end; ++j) {
      const S v = plane[i * width + j];
      best = v > best || v != v ? v : best;
      if (best != best) return best;
    }
  return best == -std::numeric_limits<S>::infinity() ? S(0) : best;
}

template <class S>
S mean(const S* plane, int64_t width, Span y, Span x) {
  if (y.begin >= y.end || x.begin >= x.end) return 0;
  double sum = 0;
  for (int64_t i = y.begin; i < y.end; ++i)
    for (int64_t j = x.begin; j < x.end; ++j) sum += static_cast<double>(plane[i * width + j]);
  return static_cast<S>(sum / static_cast<double>((y.end - y.begin) * (x.end - x.begin)));
}

// The sample at a place, 0 where that is outside.
template <class S>
S sample_or_zero(const S* plane, const Grid& g, double y, double x) {
  if (!(y >= 0 && x >= 0 && y <= static_cast<double>(g.height - 1) && x <= static_cast<double>(g.width - 1))) return 0;
  return sample(plane, g.width, Between(y, g.height), Between(x, g.width));
}

// One region: `image` its pixels, `box` its corners, `out` its [outputs, rows, columns].
template <class S>
void pool_max(const S* image, const Grid& g, const double* box, double scale, S* out) {
  const double x = rounded(box[0] * scale), y = rounded(box[1] * scale);
  const double w = std::max(rounded(box[2] * scale) - x + 1, 1.0), h = std::max(rounded(box[3] * scale) - y + 1, 1.0);
  const auto span = [](int64_t i, int64_t parts, double length, double from, int64_t n) -> Span {
    const double p = static_cast<double>(parts);
    return {within(std::floor(static_cast<double>(i) / p * length) + from, n), within(std::ceil(static_cast<double>(i + 1) / p * length) + from, n)};
  };
  for (int64_t row = 0; row < g.rows; ++row)
    for (int64_t column = 0; column < g.columns; ++column) {
      const Span down = span(row, g.rows, h, y, g.height), across = span(column, g.columns, w, x, g.width);
      for (int64_t c = 0; c < g.outputs; ++c) out[(c * g.rows + row) * g.columns + column] = largest(image + c * g.height * g.width, g.width, down, across);
    }
}

template <class S>
void pool_bilinear(const S* image, const Grid& g, const double* box, S* out) {
  const auto place = [](double from, double to, int64_t i, int64_t parts, int64_t n) {
    const double last = static_cast<double>(n - 1);
    return parts > 1 ? (from + (to - from) * static_cast<double>(i) / static_cast<double>(parts - 1)) * last : 0.5 * (from + to) * last;
  };
  for (int64_t row = 0; row < g.rows; ++row)
    for (int64_t column = 0; column < g.columns; ++column) {
      const double y = place(box[1], box[3], row, g.rows, g.height), x = place(box[0], box[2], column, g.columns, g.width);
      for (int64_t c = 0; c < g.outputs; ++c) out[(c * g.rows + row) * g.columns + column] = sample_or_zero(image + c * g.height * g.width, g, y, x);
    }
}

template <class S>
void average_by_place(const S* image, const Grid& g, const double* box, double scale, S* out) {
  const double x1 = rounded(box[0]) * scale, y1 = rounded(box[1]) * scale, x2 = (rounded(box[2]) + 1) * scale, y2 = (rounded(box[3]) + 1) * scale;
  const auto span = [](double from, double to, int64_t i, int64_t parts, int64_t n) -> Span {
    const double part = std::max(to - from, 0.1) / static_cast<double>(parts);
    return {within(std::floor(static_cast<double>(i) * part + from), n), within(std::ceil(static_cast<double>(i + 1) * part + from), n)};
  };
  for (int64_t row = 0; row < g.rows; ++row)
    for (int64_t column = 0; column < g.columns; ++column) {
      const Span down = span(y1, y2, row, g.rows, g.height), across = span(x1, x2, column, g.columns, g.width);
      for (int64_t c = 0; c < g.outputs; ++c) {
        const int64_t at = (c * g.rows + row) * g.columns + column;
        out[at] = mean(image + at * g.height * g.width, g.width, down, across);
      }
    }
}

template <class S>
void bilinear_by_place(const S* image, const Grid& g, const double* box, double scale, int64_t bins_x, int64_t bins_y, S* out) {
  const auto place = [](double from, double to, int64_t bin, int64_t bins, int64_t i, int64_t parts, int64_t n) {
    const double part = (to - from) / static_cast<double>(bins);
    return (from + part * (static_cast<double>(bin) + (parts > 1 ? static_cast<double>(i) / static_cast<double>(parts - 1) : 0.5))) * static_cast<double>(n - 1);
  };
  for (int64_t row = 0; row < g.rows; ++row)
    for (int64_t column = 0; column < g.columns; ++column)
      for (int64_t c = 0; c < g.outputs; ++c) {
        double sum = 0;
        for (int64_t by = 0; by < bins_y; ++by)
          for (int64_t bx = 0; bx < bins_x; ++bx) {
            const double y = place(box[1] * scale, box[3] * scale, by, bins_y, row, g.rows, g.height), x = place(box[0] * scale, box[2] * scale, bx, bins_x, column, g.columns, g.width);
            sum += static_cast<double>(sample_or_zero(image + ((by * bins_x + bx) * g.outputs + c) * g.height * g.width, g, y, x));
          }
        out[(c * g.rows + row) * g.columns + column] = static_cast<S>(sum / static_cast<double>(bins_x * bins_y));
      }
}

// `offsets`: those of the region, [classes, 2, part, part], or null.
template <class S>
void deformed(const StepContext& ctx, const S* image, const Grid& g, const double* box, const double* offsets, int64_t classes, S* out) {
  const double scale = ctx.args[0].f, unit = ctx.args[3].f, n = static_cast<double>(g.rows);
  const int64_t bins_x = ctx.args[1].i, bins_y = ctx.args[2].i, part = ctx.args[4].i;
  const double x1 = rounded(box[0]) * scale - 0.5, y1 = rounded(box[1]) * scale - 0.5;
  const double w = std::max((rounded(box[2]) + 1) * scale - 0.5 - x1, 0.1), h = std::max((rounded(box[3]) + 1) * scale - 0.5 - y1, 0.1);
  const auto cell = [&](int64_t i) { return std::min(static_cast<int64_t>(static_cast<double>(i) / n * static_cast<double>(part)), part - 1); };
  for (int64_t c = 0; c < g.outputs && !ctx.cancelled(); ++c) {
    const int64_t label = std::min(static_cast<int64_t>(static_cast<double>(c) / (static_cast<double>(g.outputs) / static_cast<double>(classes))), classes - 1);
    for (int64_t row = 0; row < g.rows; ++row)
      for (int64_t column = 0; column < g.columns; ++column) {
        const auto move = [&](int64_t axis) { return offsets ? offsets[((label * 2 + axis) * part + cell(row)) * part + cell(column)] * unit : 0; };
        const double left = static_cast<double>(column) * w / n + x1 + move(0) * w, top = static_cast<double>(row) * h / n + y1 + move(1) * h;
        const int64_t at = (c * g.rows + row) * g.columns + column;
        const S* plane = image + at * g.height * g.width;
        double sum = 0, count = 0;
        for (int64_t i = 0; i < bins_y; ++i)
          for (int64_t j = 0; j < bins_x; ++j) {
            const double y = top + static_cast<double>(i) * h / n / static_cast<double>(bins_y), x = left + static_cast<double>(j) * w / n / static_cast<double>(bins_x);
            if (!(x >= -0.5 && y >= -0.5 && x <= static_cast<double>(g.width) - 0.5 && y <= static_cast<double>(g.height) - 0.5)) continue;
            ++count;
            sum += static_cast<double>(sample(plane, g.width, Between(inside(y, g.height), g.height), Between(inside(x, g.width), g.width)));
          }
        out[at] = count == 0 ? S(0) : static_cast<S>(sum / count);
      }
  }
}

template <class S>
Status run_as(StepContext& ctx) {
  const TensorView &data = ctx.in[0], &regions = ctx.in[1];
  TensorView& out = ctx.out[0];
  if (data.rank != 4 || regions.rank != 2 || regions.dim(1) != 5 || regions.dim(0) != out.dim(0)) return Status::fail("SHAPE_MISMATCH", "data are not [N, C, H, W] or regions not [n, 5]");
  const Grid g{data.dim(1), data.dim(2), data.dim(3), out.dim(1), out.dim(2), out.dim(3)};
  const bool maxima = ctx.action == "max", plain = ctx.action == "bilinear", averages = ctx.action == "ps_average", bins = ctx.action == "ps_bilinear";
  const double needed = static_cast<double>(g.outputs) * (maxima || plain ? 1 : bins ? static_cast<double>(ctx.args[1].i) * static_cast<double>(ctx.args[2].i) : static_cast<double>(g.rows * g.columns));
  if (static_cast<double>(g.channels) < needed) return Status::fail("SHAPE_MISMATCH", "data have " + std::to_string(g.channels) + " channels, which are not enough for the parts");
  std::vector<double> offsets;
  int64_t classes = 1, per_region = 0;
  if (ctx.action == "ps_deformable") {
    if (static_cast<double>(ctx.args[1].i) * static_cast<double>(ctx.args[2].i) > 1 << 24) return Status::fail("ARGUMENT_INVALID", "more than 16 million samples of a part");
    if (ctx.in.size() > 2 && !ctx.in[2].absent) {
      const TensorView& v = ctx.in[2];
      classes = v.rank == 4 ? v.dim(1) / 2 : 0, per_region = classes * 2 * ctx.args[4].i * ctx.args[4].i;
      if (classes < 1 || v.dim(0) < out.dim(0) || v.dim(2) != ctx.args[4].i || v.dim(3) != ctx.args[4].i) return Status::fail("SHAPE_MISMATCH", "offsets are not [regions, 2 * classes, part, part]");
      offsets.resize(static_cast<size_t>(v.size));
      load_row(v.type, v.data, 0, 1, v.size, offsets.data());
    }
  }
  const Pixels<S> pixels(data);
  const int64_t count = out.dim(0), each = g.outputs * g.rows * g.columns;
  int64_t listed = 0;
  double box[5];
  for (; listed < count; ++listed) {
    load_row(regions.type, regions.data, listed * 5, 1, 1, box);
    if (box[0] == -1) break;
  }
  const bool direct = out.type == (sizeof(S) == 8 ? Type::f64 : Type::f32);
  Images in_range(data.dim(0));
  parallel_for(*ctx.pool, static_cast<int>(count), [&](int r, int) {
    if (ctx.cancelled()) return;
    std::vector<S> converted(direct ? 0 : static_cast<size_t>(each));
    S* to = direct ? out.as<S>() + r * each : converted.data();
    double own[5];
    const bool good = region_at(regions, r, 5, own);
    const int64_t image = r >= listed || !good ? 0 : in_range(own[0]);
    if (image < 0) return;
    const S* from = pixels.at(image * g.channels * g.height * g.width);
    if (r >= listed || g.height == 0 || g.width == 0) std::fill(to, to + each, S(0));
    else if (!good) std::fill(to, to + each, std::numeric_limits<S>::quiet_NaN());
    else if (maxima) pool_max(from, g, own + 1, ctx.args[0].f, to);
    else if (plain) pool_bilinear(from, g, own + 1, to);
    else if (averages) average_by_place(from, g, own + 1, ctx.args[0].f, to);
    else if (bins) bilinear_by_place(from, g, own + 1, ctx.args[0].f, ctx.args[1].i, ctx.args[2].i, to);
    else deformed(ctx, from, g, own + 1, offsets.empty() ? nullptr : &offsets[static_cast<size_t>(r * per_region)], classes, to);
    if (!direct) store_row(out.type, out.data, r * each, each, converted.data());
  });
  return in_range.status();
}

Status run(StepContext& ctx) { return compute_type(ctx.out[0].type) == 'd' ? run_as<double>(ctx) : run_as<float>(ctx); }

}  // namespace

extern const Family roi_pool_family;
const Family roi_pool_family{"roi_pool", nullptr, run};

}  // namespace cuvee
