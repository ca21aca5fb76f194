// Family `proposals`: boxes refined by regressed deltas, the best of them after suppression. All images of a batch in parallel.
//   generate   sizes of the images [batch, 3 or 4] (or, of one image, [3 or 4]), anchors [.., 4], deltas [batch, kinds * 4, h, w], scores
//              [batch, kinds, h, w]; args: least size, overlap threshold, boxes before and after suppression, decay, 1 where
//              coordinates are fractions. Smaller boxes are left out. Outputs, the first two dynamic: boxes [m, 4], scores [m], boxes of each image
//   single     as generate for one image, smaller boxes scored 0, outputs filled up with zeros: [n, 4], [n]
//   anchors    scores [batch, 2 * kinds, h, w], deltas, image [height, width, scale (one, or one per axis)]; args as below.
//              Outputs: [batch * n, 5] of image and corners, [batch * n]
//   detectron  regions [n, 4], deltas [n, classes * 4], scores [n, classes], image [height, width, ..]: detections of one image.
//              Outputs: boxes [m, 4], classes [m], scores [m], zeros behind the last
#include <cstring>

#include "kernels/detect/boxes.h"

namespace cuvee {
namespace {

struct Proposed {
  std::vector<double> boxes, scores;
};

// ---- generate and single

struct Generate {
  double least_size, threshold, eta, edge;
  bool leave_out;  // smaller boxes are left out of the best; else they score 0
  int64_t before, after;
};

const double max_log_ratio = std::log(1000.0 / 16);

Proposed propose(const double* info, int64_t per_info, const std::vector<double>& anchors, const TensorView& deltas, const TensorView& scores, int64_t image, int64_t kinds, int64_t places, const Generate& g) {
  const std::vector<double> moves = numbers(deltas, image * kinds * 4 * places, kinds * 4 * places), rates = numbers(scores, image * kinds * places, kinds * places);
  // A single image's least size is one of pixels, whatever the scale; its overlaps count lengths.
  const double least_h = g.least_size * (g.leave_out ? info[2] : 1), least_w = g.least_size * (g.leave_out ? info[per_info > 3 ? 3 : 2] : 1);
  std::vector<double> boxes(static_cast<size_t>(kinds * places * 4)), rated(static_cast<size_t>(kinds * places));
  std::vector<bool> large(rated.size());
  const Refinement refinement{g.edge, max_log_ratio, {1, 1, 1, 1}};
  for (int64_t p = 0; p < places; ++p)
    for (int64_t k = 0; k < kinds; ++k) {
      const int64_t i = p * kinds + k;
      double d[4];
      for (int64_t j = 0; j < 4; ++j) d[j] = moves[static_cast<size_t>((k * 4 + j) * places + p)];
      const Box box = clipped(refined(box_at(anchors.data(), i), d, refinement), info[1] - g.edge, info[0] - g.edge);
      put_box(&boxes[static_cast<size_t>(i * 4)], box);
      const bool fits = box.x2 - box.x1 + g.edge >= least_w && box.y2 - box.y1 + g.edge >= least_h;
      large[static_cast<size_t>(i)] = fits || !g.leave_out;
      rated[static_cast<size_t>(i)] = fits || g.leave_out ? rates[static_cast<size_t>(k * places + p)] : 0;
    }
  std::vector<int64_t> order(rated.size());
  std::iota(order.begin(), order.end(), int64_t{0});
  rank_places(rated.data(), order, g.before);
  std::erase_if(order, [&](int64_t i) { return !large[static_cast<size_t>(i)]; });
  Proposed out;
  for (const int64_t i : suppress(order, [&](int64_t p) { return box_at(boxes.data(), p); }, g.threshold, g.leave_out ? g.edge : 0, g.after, g.eta)) {
    out.boxes.insert(out.boxes.end(), &boxes[static_cast<size_t>(i * 4)], &boxes[static_cast<size_t>(i * 4)] + 4);
    out.scores.push_back(rated[static_cast<size_t>(i)]);
  }
  return out;
}

Status generate(StepContext& ctx) {
  const bool single = ctx.action == "single";
  const TensorView &info = ctx.in[0], &deltas = ctx.in[2], &scores = ctx.in[3];
  const int rank = single ? 3 : 4;
  if (scores.rank != rank || deltas.rank != rank || info.size < 3) return Status::fail("SHAPE_MISMATCH", "scores and deltas are not of rank " + std::to_string(rank));
  const int64_t batch = single ? 1 : scores.dim(0), kinds = scores.dim(rank - 3), places = scores.dim(rank - 2) * scores.dim(rank - 1);
  const int64_t per_info = single ? info.size : info.dim(info.rank - 1);
  if (ctx.in[1].size != kinds * places * 4 || deltas.size != batch * kinds * places * 4 || per_info < 3 || info.size < batch * per_info)
    return Status::fail("SHAPE_MISMATCH", "anchors, deltas or sizes of the images do not fit " + std::to_string(kinds) + " anchors at " + std::to_string(places) + " places");
  const Generate g{ctx.args[0].f, ctx.args[1].f, ctx.args[4].f, ctx.args[5].i != 0 ? 0.0 : 1.0, !single, std::max<int64_t>(ctx.args[2].i, 0), std::max<int64_t>(ctx.args[3].i, 0)};
  const std::vector<double> anchors = numbers(ctx.in[1]), sizes = numbers(info);
  std::vector<Proposed> found(static_cast<size_t>(batch));
  parallel_for(*ctx.pool, static_cast<int>(batch), [&](int image, int) {
    if (!ctx.cancelled()) found[static_cast<size_t>(image)] = propose(&sizes[static_cast<size_t>(image * per_info)], per_info, anchors, deltas, scores, image, kinds, places, g);
  });
  Proposed all;
  std::vector<int64_t> rows;
  for (const Proposed& p : found) {
    all.boxes.insert(all.boxes.end(), p.boxes.begin(), p.boxes.end());
    all.scores.insert(all.scores.end(), p.scores.begin(), p.scores.end());
    rows.push_back(static_cast<int64_t>(p.scores.size()));
  }
  if (single) {
    all.boxes.resize(static_cast<size_t>(ctx.out[0].size));
    all.scores.resize(static_cast<size_t>(ctx.out[1].size));
  } else {
    const int64_t total = static_cast<int64_t>(all.scores.size()), dims[] = {total, 4};
    if (!ctx.allocate(0, dims) || !ctx.allocate(1, {dims, 1})) return Status::fail("OUT_OF_MEMORY", std::to_string(total) + " proposals");
    put(ctx.out[2], rows);
  }
  put(ctx.out[0], all.boxes);
  put(ctx.out[1], all.scores);
  return {};
}

// ---- anchors. args: base size, boxes before and after suppression, stride, least size, clip before, clip after, normalize,
// 1 for TensorFlow's way, numbers of ratios and of scales, overlap threshold, divisors of sizes and of places, ratios, scales

struct Anchors {
  int64_t base, before, after, stride, least_size;
  bool clip_before, clip_after, normalize, tensorflow;
  double threshold, size_divisor, place_divisor;
  std::vector<Box> at_origin;
};

Anchors anchors_of(std::span<const ArgValue> a) {
  Anchors s{a[0].i, a[1].i, a[2].i, a[3].i, a[4].i, a[5].i != 0, a[6].i != 0, a[7].i != 0, a[8].i != 0, a[11].f, a[12].f, a[13].f, {}};
  const int64_t ratios = a[9].i, scales = a[10].i;
  const double base = static_cast<double>(s.base), edge = s.tensorflow ? 0 : 1, middle = s.tensorflow ? 0 : 0.5 * (base - 1);
  for (int64_t r = 0; r < ratios; ++r) {
    const double ratio = a[static_cast<size_t>(14 + r)].f, side = std::sqrt(base * base / ratio);
    const double w = s.tensorflow ? side : std::floor(side + 0.5), h = s.tensorflow ? w * ratio : std::floor(w * ratio + 0.5);
    for (int64_t k = 0; k < scales; ++k) {
      const double scale = a[static_cast<size_t>(14 + ratios + k)].f, half_w = 0.5 * (w * scale - edge), half_h = 0.5 * (h * scale - edge);
      s.at_origin.push_back({middle - half_w, middle - half_h, middle + half_w, middle + half_h});
    }
  }
  return s;
}

Status from_anchors(StepContext& ctx) {
  const TensorView &probs = ctx.in[0], &deltas = ctx.in[1];
  const Anchors s = anchors_of(ctx.args);
  const int64_t kinds = static_cast<int64_t>(s.at_origin.size());
  if (probs.rank != 4 || deltas.rank != 4 || ctx.in[2].size < 3) return Status::fail("SHAPE_MISMATCH", "scores, deltas or the image's size have a wrong shape");
  const int64_t images = probs.dim(0), rows = probs.dim(2), columns = probs.dim(3), places = rows * columns;
  if (probs.dim(1) != 2 * kinds || deltas.dim(1) != 4 * kinds || deltas.dim(0) != images || deltas.dim(2) != rows || deltas.dim(3) != columns)
    return Status::fail("SHAPE_MISMATCH", "scores and deltas do not fit " + std::to_string(kinds) + " anchors at each place");
  const std::vector<double> info = numbers(ctx.in[2]);
  const double height = info[s.tensorflow ? 1 : 0], width = info[s.tensorflow ? 0 : 1], scale_h = info[2], scale_w = info.size() > 3 ? info[3] : info[2], edge = s.tensorflow ? 0 : 1;
  const double least_w = static_cast<double>(s.least_size) * scale_w, least_h = static_cast<double>(s.least_size) * scale_h;
  const Refinement refinement{edge, std::numeric_limits<double>::infinity(), {s.place_divisor, s.place_divisor, s.size_divisor, s.size_divisor}};
  TensorView& regions = ctx.out[0];
  for (TensorView& out : ctx.out)
    if (!out.absent) std::memset(out.data, 0, static_cast<size_t>(out.bytes));
  parallel_for(*ctx.pool, static_cast<int>(images), [&](int image, int) {
    if (ctx.cancelled()) return;
    const std::vector<double> moves = numbers(deltas, image * kinds * 4 * places, kinds * 4 * places), rates = numbers(probs, (image * 2 + 1) * kinds * places, kinds * places);
    std::vector<double> boxes(static_cast<size_t>(kinds * places * 4)), rated(static_cast<size_t>(kinds * places));
    for (int64_t place = 0; place < places; ++place) {
      const double row = static_cast<double>(place / columns * s.stride), column = static_cast<double>(place % columns * s.stride);
      const double x = s.tensorflow ? row : column, y = s.tensorflow ? column : row;
      for (int64_t k = 0; k < kinds; ++k) {
        const Box& origin = s.at_origin[static_cast<size_t>(k)];
        Box box{origin.x1 + x, origin.y1 + y, origin.x2 + x, origin.y2 + y};
        if (s.tensorflow) box = clipped(box, width, height);
        double d[4];
        for (int64_t j = 0; j < 4; ++j) d[j] = moves[static_cast<size_t>((k * 4 + j) * places + place)];
        // The end of the moved box counts whole, so that the edge comes back.
        box = refined(box, d, refinement);
        box.x2 += edge, box.y2 += edge;
        if (s.clip_before) box = clipped(box, width - edge, height - edge);
        const int64_t i = place * kinds + k;
        put_box(&boxes[static_cast<size_t>(i * 4)], box);
        rated[static_cast<size_t>(i)] = box.x2 - box.x1 + edge >= least_w && box.y2 - box.y1 + edge >= least_h ? rates[static_cast<size_t>(k * places + place)] : 0;
      }
    }
    std::vector<int64_t> order(rated.size());
    std::iota(order.begin(), order.end(), int64_t{0});
    rank_places(rated.data(), order, s.before);
    const std::vector<int64_t> kept = suppress(order, [&](int64_t p) { return box_at(boxes.data(), p); }, s.threshold, edge, s.after);
    std::vector<double> out(kept.size() * 5), scores(kept.size());
    for (size_t i = 0; i < kept.size(); ++i) {
      Box box = box_at(boxes.data(), kept[i]);
      if (s.clip_after) box = clipped(box, width, height);
      if (s.normalize) box = {box.x1 / width, box.y1 / height, box.x2 / width, box.y2 / height};
      out[i * 5] = image;
      put_box(&out[i * 5 + 1], box);
      scores[i] = rated[static_cast<size_t>(kept[i])];
    }
    if (static_cast<int64_t>(kept.size()) < s.after) out.push_back(-1);
    put(regions, out, image * s.after * 5);
    if (ctx.out.size() > 1) put(ctx.out[1], scores, image * s.after);
  });
  return {};
}

// ---- detectron. args: classes, boxes of a class, detections, 1 where deltas are of no class, score threshold, overlap threshold,
// limit of the logarithms, four divisors

Status detectron(StepContext& ctx) {
  const TensorView &regions = ctx.in[0], &deltas = ctx.in[1], &scores = ctx.in[2];
  const int64_t classes = ctx.args[0].i, limit = std::max<int64_t>(ctx.args[1].i, 0), agnostic = ctx.args[3].i;
  if (regions.rank != 2 || deltas.rank != 2 || scores.rank != 2 || ctx.in[3].size < 2) return Status::fail("SHAPE_MISMATCH", "regions, deltas or scores are not lists");
  const int64_t n = regions.dim(0), columns = deltas.dim(1);
  if (regions.dim(1) != 4 || deltas.dim(0) != n || scores.dim(0) != n || scores.dim(1) != classes || columns < 4 * (agnostic ? 2 : classes))
    return Status::fail("SHAPE_MISMATCH", "deltas and scores do not fit " + std::to_string(n) + " regions of " + std::to_string(classes) + " classes");
  const double threshold = ctx.args[4].f, bound = ctx.args[5].f;
  const Refinement refinement{1, ctx.args[6].f, {ctx.args[7].f, ctx.args[8].f, ctx.args[9].f, ctx.args[10].f}};
  const double open = std::numeric_limits<double>::infinity();  // corners beyond the image stay
  const std::vector<double> corners = numbers(regions), moves = numbers(deltas), rates = numbers(scores);
  struct Found {
    int64_t cls;
    double score;
    Box box;
  };
  std::vector<std::vector<Found>> found(static_cast<size_t>(std::max<int64_t>(classes, 0)));
  parallel_for(*ctx.pool, static_cast<int>(found.size()), [&](int cls, int) {
    if (cls == 0 || ctx.cancelled()) return;
    std::vector<double> boxes(static_cast<size_t>(n * 4)), own(static_cast<size_t>(n));
    std::vector<int64_t> places;
    for (int64_t i = 0; i < n; ++i) {
      own[static_cast<size_t>(i)] = rates[static_cast<size_t>(i * classes + cls)];
      if (!(own[static_cast<size_t>(i)] > threshold)) continue;
      places.push_back(i);
      put_box(&boxes[static_cast<size_t>(i * 4)], clipped(refined(box_at(corners.data(), i), &moves[static_cast<size_t>(i * columns + 4 * (agnostic ? 1 : cls))], refinement), open, open));
    }
    rank_places(own.data(), places, n);
    for (const int64_t i : suppress(places, [&](int64_t p) { return box_at(boxes.data(), p); }, bound, 1, limit))
      found[static_cast<size_t>(cls)].push_back({cls, own[static_cast<size_t>(i)], box_at(boxes.data(), i)});
  });
  std::vector<Found> all;
  for (const auto& part : found) all.insert(all.end(), part.begin(), part.end());
  const size_t count = static_cast<size_t>(std::max<int64_t>(ctx.args[2].i, 0));
  if (all.size() > count) {
    std::stable_sort(all.begin(), all.end(), [](const Found& a, const Found& b) { return a.score > b.score; });
    all.resize(count);
  }
  std::vector<double> boxes(count * 4), values(count);
  std::vector<int64_t> names(count);
  for (size_t i = 0; i < all.size(); ++i) put_box(&boxes[i * 4], all[i].box), names[i] = all[i].cls, values[i] = all[i].score;
  put(ctx.out[0], boxes);
  put(ctx.out[1], names);
  put(ctx.out[2], values);
  return {};
}

Status run(StepContext& ctx) {
  if (ctx.action == "anchors") return from_anchors(ctx);
  return ctx.action == "detectron" ? detectron(ctx) : generate(ctx);
}

}  // namespace

extern const Family proposals_family;
const Family proposals_family{"proposals", nullptr, run};

}  // namespace cuvee
