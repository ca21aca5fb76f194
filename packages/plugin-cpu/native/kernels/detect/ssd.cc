// Family `ssd`: boxes decoded against priors, suppressed label by label, the best listed: [1, 1, rows, 7] of image, label, score,
// corners; a row of image -1 behind the last, then zeros. Inputs: boxes [images, priors * locations * 4], scores
// [images, priors * labels], priors [1 or images, 1 or 2, priors * width], and, to refine, objectness [images, priors * 2] and
// corrections like the boxes. args: background label, most priors of a label, most of an image (negative: all), 1 where: variances are
// in the boxes, centres and sizes are coded, labels share boxes, clip after, clip before, the best label of each prior, priors are
// fractions; height, width; thresholds of overlap, of scores, of objectness.
#include <cstring>
#include <optional>

#include "kernels/detect/boxes.h"

namespace cuvee {
namespace {

struct Settings {
  int64_t background, top, keep;
  bool variance_in_boxes, centers, shared, clip_after, clip_before, one_label, fractions;
  double height, width, overlap, score, objectness;
};

Settings settings_of(std::span<const ArgValue> a) {
  return {a[0].i, a[1].i, a[2].i, a[3].i != 0, a[4].i != 0, a[5].i != 0, a[6].i != 0, a[7].i != 0, a[8].i != 0, a[9].i != 0, a[10].f, a[11].f, a[12].f, a[13].f, a[14].f};
}

struct Found {
  int64_t label, prior;
  double score;
  Box box;
};

Box moved(const Box& prior, const double* variance, const double* by, bool centers) {
  const double d[] = {by[0] * variance[0], by[1] * variance[1], by[2] * variance[2], by[3] * variance[3]};
  if (!centers) return {prior.x1 + d[0], prior.y1 + d[1], prior.x2 + d[2], prior.y2 + d[3]};
  const double w = prior.x2 - prior.x1, h = prior.y2 - prior.y1;
  const double x = (prior.x1 + prior.x2) / 2 + d[0] * w, y = (prior.y1 + prior.y2) / 2 + d[1] * h;
  const double half_w = std::exp(d[2]) * w / 2, half_h = std::exp(d[3]) * h / 2;
  return {x - half_w, y - half_h, x + half_w, y + half_h};
}

// The numbers of one image.
struct Image {
  const Settings& s;
  int64_t priors, labels;
  std::vector<double> boxes, scores, anchors, variances, objectness, corrections;

  double score(int64_t label, int64_t prior) const {
    if (!objectness.empty() && objectness[static_cast<size_t>(prior * 2 + 1)] < s.objectness) return label == s.background ? 1 : 0;
    return scores[static_cast<size_t>(prior * labels + label)];
  }

  Box box(int64_t label, int64_t prior) const {
    static constexpr double one[] = {1, 1, 1, 1};
    const int64_t width = s.fractions ? 4 : 5;
    const double* a = &anchors[static_cast<size_t>(prior * width + width - 4)];
    Box anchor{a[0], a[1], a[2], a[3]};
    if (!s.fractions) anchor = {a[0] / s.width, a[1] / s.height, a[2] / s.width, a[3] / s.height};
    const double* variance = s.variance_in_boxes ? one : &variances[static_cast<size_t>(prior * 4)];
    const size_t at = static_cast<size_t>((prior * (s.shared ? 1 : labels) + (s.shared ? 0 : label)) * 4);
    if (!corrections.empty()) anchor = moved(anchor, variance, &corrections[at], s.centers);
    const Box box = moved(anchor, variance, &boxes[at], s.centers);
    return s.clip_before ? clipped(box, 1, 1) : box;
  }

  // Keeps those above the threshold, the best first, as many as may be.
  void best(std::vector<Found>& list) const {
    std::erase_if(list, [&](const Found& f) { return !(f.score > s.score); });
    std::stable_sort(list.begin(), list.end(), [](const Found& a, const Found& b) { return a.score > b.score; });
    if (s.top > -1 && s.top < static_cast<int64_t>(list.size())) list.resize(static_cast<size_t>(s.top));
  }

  void suppress_into(std::vector<Found>& list, std::vector<Found>& out) const {
    Kept kept(0);
    for (Found& f : list) {
      f.box = box(f.label, f.prior);
      if (kept.covers(f.box, s.overlap)) continue;
      kept.add(f.box);
      out.push_back(f);
    }
  }

  std::vector<Found> find(const StepContext& ctx) const {
    std::vector<Found> out;
    std::vector<std::vector<Found>> winners;
    if (s.one_label) {
      std::vector<Found> all;
      for (int64_t prior = 0; prior < priors; ++prior) {
        std::optional<Found> best;
        for (int64_t label = 0; label < labels; ++label) {
          const double value = score(label, prior);
          if (label != s.background && (!best || ranks_before(value, 1, best->score, 0))) best = Found{label, prior, value, {}};
        }
        if (best) all.push_back(*best);
      }
      best(all);
      winners.resize(static_cast<size_t>(labels));
      for (const Found& f : all) winners[static_cast<size_t>(f.label)].push_back(f);
    }
    for (int64_t label = 0; label < labels && !ctx.cancelled(); ++label) {
      if (label == s.background) continue;
      std::vector<Found> own;
      if (s.one_label) own = std::move(winners[static_cast<size_t>(label)]);
      else {
        for (int64_t prior = 0; prior < priors; ++prior) own.push_back({label, prior, score(label, prior), {}});
        best(own);
      }
      suppress_into(own, out);
    }
    if (s.keep > -1 && s.keep < static_cast<int64_t>(out.size())) {
      std::stable_sort(out.begin(), out.end(), [](const Found& a, const Found& b) { return a.score > b.score; });
      out.resize(static_cast<size_t>(s.keep));
    }
    std::stable_sort(out.begin(), out.end(), [](const Found& a, const Found& b) { return a.label < b.label; });
    return out;
  }
};

Status run(StepContext& ctx) {
  const TensorView &boxes = ctx.in[0], &scores = ctx.in[1], &priors = ctx.in[2];
  TensorView& out = ctx.out[0];
  const Settings s = settings_of(ctx.args);
  if (boxes.rank != 2 || scores.rank != 2 || priors.rank != 3) return Status::fail("SHAPE_MISMATCH", "boxes, scores or priors have a wrong rank");
  const int64_t images = boxes.dim(0), width = s.fractions ? 4 : 5, count = priors.dim(2) / width, labels = count > 0 ? scores.dim(1) / count : 0;
  const int64_t locations = count * (s.shared ? 1 : labels) * 4;
  const bool refined = present(ctx, 3), corrected = present(ctx, 4);
  if (scores.dim(0) != images || boxes.dim(1) < locations || (priors.dim(0) != 1 && priors.dim(0) != images) || (!s.variance_in_boxes && priors.dim(1) < 2) || priors.dim(1) < 1 ||
      (refined && ctx.in[3].size < images * count * 2) || (corrected && ctx.in[4].size < images * locations))
    return Status::fail("SHAPE_MISMATCH", "boxes, scores and refinements do not fit " + std::to_string(count) + " priors and " + std::to_string(labels) + " labels");
  std::vector<std::vector<Found>> found(static_cast<size_t>(images));
  parallel_for(*ctx.pool, static_cast<int>(images), [&](int n, int) {
    if (ctx.cancelled() || count == 0) return;
    const int64_t length = priors.dim(2), start = priors.dim(0) == 1 ? 0 : n * priors.dim(1) * length;
    const Image image{s, count, labels, numbers(boxes, n * boxes.dim(1), locations), numbers(scores, n * scores.dim(1), count * labels), numbers(priors, start, count * width),
                      s.variance_in_boxes ? std::vector<double>() : numbers(priors, start + count * width, std::min(count * 4, priors.size - start - count * width)),
                      refined ? numbers(ctx.in[3], n * count * 2, count * 2) : std::vector<double>(), corrected ? numbers(ctx.in[4], n * locations, locations) : std::vector<double>()};
    found[static_cast<size_t>(n)] = image.find(ctx);
  });
  std::memset(out.data, 0, static_cast<size_t>(out.bytes));
  const int64_t rows = out.size / 7;
  std::vector<double> values;
  int64_t row = 0;
  for (int64_t n = 0; n < images; ++n)
    for (const Found& f : found[static_cast<size_t>(n)]) {
      if (row++ >= rows) break;
      const Box box = s.clip_after ? clipped(f.box, 1, 1) : f.box;
      values.insert(values.end(), {static_cast<double>(n), static_cast<double>(f.label - (s.one_label ? 1 : 0)), f.score, box.x1, box.y1, box.x2, box.y2});
    }
  if (row < rows) values.push_back(-1);
  put(out, values);
  return {};
}

}  // namespace

extern const Family ssd_family;
const Family ssd_family{"ssd", nullptr, run};

}  // namespace cuvee
