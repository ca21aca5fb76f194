// Family `detections`: suppression of each class of each batch, then the best of each batch, in an order. Inputs: boxes
// [batch, n, 4] and scores [batch, classes, n]; or, with the number of boxes of each batch as third input, boxes [classes, all, 4]
// and scores [classes, all]. Outputs, the first two dynamic: [m, 6] of class, score, corners; [m, 1] of box; [batch] of rows.
// args: order (0 none, 1 score, 2 class), 1 to order across batches, most boxes of a class, most of a batch (negative: all),
// background class, 1 where coordinates are fractions, score threshold, and
//   multiclass  overlap threshold, its decay
//   matrix      1 for the gaussian decay, sigma, threshold of the decayed score
#include "kernels/detect/boxes.h"

namespace cuvee {
namespace {

struct Found {
  int64_t batch, cls, index;
  double score;
  Box box;
};

// Boxes and scores of one class of one batch.
struct Own {
  std::vector<double> corners, scores;
  int64_t first, step;  // index of box i is first + i * step
  Box box(int64_t i) const { return box_at(corners.data(), i); }
};

bool by_score(const Found& a, const Found& b) {
  if (a.score != b.score) return ranks_before(a.score, 0, b.score, 1);
  return a.batch != b.batch ? a.batch < b.batch : a.cls != b.cls ? a.cls < b.cls : a.index < b.index;
}
bool by_class(const Found& a, const Found& b) {
  if (a.cls != b.cls) return a.cls < b.cls;
  if (a.batch != b.batch) return a.batch < b.batch;
  return a.score != b.score ? ranks_before(a.score, 0, b.score, 1) : a.index < b.index;
}

bool touching(const Box& a, const Box& b) { return a.x1 <= b.x2 && b.x1 <= a.x2 && a.y1 <= b.y2 && b.y1 <= a.y2; }

// Soft suppression in one pass: each score times the least decay that a better box causes, itself weakened by what covers that box.
void matrix(StepContext& ctx, const Own& own, const std::vector<int64_t>& places, double edge, std::vector<std::pair<int64_t, double>>& out) {
  const bool gaussian = ctx.args[7].i != 0;
  const double sigma = ctx.args[8].f, bound = ctx.args[9].f;
  std::vector<double> covered;
  std::vector<Box> boxes;
  for (size_t i = 0; i < places.size() && !ctx.cancelled(); ++i) {
    const Box box = own.box(places[i]);
    const double size = area(box, edge);
    double most_covered = 0, decay = 1;
    for (size_t j = 0; j < i; ++j) {
      const double iou = touching(box, boxes[j]) ? overlap(box, size, boxes[j], area(boxes[j], edge), edge) : 0;
      most_covered = std::max(most_covered, iou);
      decay = std::min(decay, gaussian ? std::exp((covered[j] * covered[j] - iou * iou) * sigma) : (1 - iou) / (1 - covered[j] + 1e-10));
    }
    boxes.push_back(box);
    covered.push_back(most_covered);
    const double score = own.scores[static_cast<size_t>(places[i])] * decay;
    if (score > bound) out.push_back({places[i], score});
  }
}

Status run(StepContext& ctx) {
  const TensorView &boxes = ctx.in[0], &scores = ctx.in[1];
  const bool soft = ctx.action == "matrix", shared = ctx.in.size() < 3 || ctx.in[2].absent;
  const int64_t order = ctx.args[0].i, top = ctx.args[2].i, keep = ctx.args[3].i, background = ctx.args[4].i;
  const bool across = ctx.args[1].i != 0;
  const double edge = ctx.args[5].i != 0 ? 0 : 1, threshold = ctx.args[6].f;

  std::vector<int64_t> counts;  // boxes of each batch
  int64_t batches, classes, all = 0;
  if (boxes.rank != 3 || boxes.dim(2) != 4 || scores.rank != (shared ? 3 : 2)) return Status::fail("SHAPE_MISMATCH", "boxes are not [.., n, 4] with scores to match");
  if (shared) {
    batches = boxes.dim(0), classes = scores.dim(1);
    if (scores.dim(0) != batches || scores.dim(2) != boxes.dim(1)) return Status::fail("SHAPE_MISMATCH", "batches or numbers of boxes and scores differ");
    counts.assign(static_cast<size_t>(batches), boxes.dim(1));
  } else {
    classes = boxes.dim(0), all = boxes.dim(1), batches = ctx.in[2].size;
    if (scores.dim(0) != classes || scores.dim(1) != all) return Status::fail("SHAPE_MISMATCH", "classes or numbers of boxes and scores differ");
    if (Status s = read_integers(ctx.in[2], batches, "roisnum", counts); !s.ok()) return s;
    int64_t sum = 0;
    for (const int64_t c : counts) {
      if (c < 0 || c > all - sum) return Status::fail("ARGUMENT_INVALID", "the numbers of boxes of the batches exceed the " + std::to_string(all) + " boxes");
      sum += c;
    }
  }
  std::vector<int64_t> starts(counts.size() + 1, 0);
  std::partial_sum(counts.begin(), counts.end(), starts.begin() + 1);

  std::vector<std::vector<Found>> found(static_cast<size_t>(batches * classes));
  parallel_for(*ctx.pool, static_cast<int>(batches * classes), [&](int job, int) {
    const int64_t batch = job / classes, cls = job % classes, n = counts[static_cast<size_t>(batch)], start = starts[static_cast<size_t>(batch)];
    if (cls == background || n == 0 || ctx.cancelled()) return;
    const Own own = shared ? Own{numbers(boxes, batch * n * 4, n * 4), numbers(scores, job * n, n), batch * n, 1}
                           : Own{numbers(boxes, (cls * all + start) * 4, n * 4), numbers(scores, cls * all + start, n), start * classes + cls, classes};
    std::vector<int64_t> places;
    for (int64_t i = 0; i < n; ++i) {
      const double score = own.scores[static_cast<size_t>(i)];
      if (soft ? score > threshold : score >= threshold) places.push_back(i);
    }
    rank_places(own.scores.data(), places, top >= 0 ? top : n);
    std::vector<std::pair<int64_t, double>> chosen;
    if (soft) matrix(ctx, own, places, edge, chosen);
    else
      for (const int64_t p : suppress(places, [&](int64_t i) { return own.box(i); }, ctx.args[7].f, edge, n, ctx.args[8].f, true)) chosen.push_back({p, own.scores[static_cast<size_t>(p)]});
    for (const auto& [p, score] : chosen) found[static_cast<size_t>(job)].push_back({batch, cls, own.first + p * own.step, score, own.box(p)});
  });

  std::vector<Found> out;
  std::vector<int64_t> rows(static_cast<size_t>(batches));
  for (int64_t batch = 0; batch < batches; ++batch) {
    std::vector<Found> own;
    for (int64_t cls = 0; cls < classes; ++cls) {
      const auto& part = found[static_cast<size_t>(batch * classes + cls)];
      own.insert(own.end(), part.begin(), part.end());
    }
    std::sort(own.begin(), own.end(), by_score);
    if (keep >= 0 && keep < static_cast<int64_t>(own.size())) own.resize(static_cast<size_t>(keep));
    if (order == 2 && !across) std::sort(own.begin(), own.end(), by_class);
    rows[static_cast<size_t>(batch)] = static_cast<int64_t>(own.size());
    out.insert(out.end(), own.begin(), own.end());
  }
  if (across && order != 0) std::sort(out.begin(), out.end(), order == 2 ? by_class : by_score);

  const int64_t total = static_cast<int64_t>(out.size()), wide[] = {total, 6}, narrow[] = {total, 1};
  if (!ctx.allocate(0, wide) || !ctx.allocate(1, narrow)) return Status::fail("OUT_OF_MEMORY", std::to_string(total) + " detections");
  std::vector<double> values;
  std::vector<int64_t> indices;
  for (const Found& f : out) {
    values.insert(values.end(), {static_cast<double>(f.cls), f.score, f.box.x1, f.box.y1, f.box.x2, f.box.y2});
    indices.push_back(f.index);
  }
  put(ctx.out[0], values);
  put(ctx.out[1], indices);
  put(ctx.out[2], rows);
  return {};
}

}  // namespace

extern const Family detections_family;
const Family detections_family{"detections", nullptr, run};

}  // namespace cuvee
