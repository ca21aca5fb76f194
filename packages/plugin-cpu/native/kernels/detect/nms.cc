// Family `nms`: non-maximum suppression of each class of each batch. Inputs: boxes [batch, n, 4 or 5], scores [batch, classes, n],
// then, each may be absent, the most boxes of a class, overlap threshold, score threshold and sigma of the soft form. Outputs, the
// first two dynamic: [m, 3] of batch, class, box; [m, 3] of batch, class, score; m.
//   plain    args: 1 to sort over everything, 1 for centre and size instead of two corners
//   rotated  centre, size, angle in radians; args: 1 to sort over everything, 1 for clockwise
#include <queue>

#include "kernels/detect/boxes.h"

namespace cuvee {
namespace {

struct Chosen {
  int64_t batch, cls, box;
  double score;
};

Box corners_of(const double* x, bool centered) {
  if (centered) return {x[0] - x[2] / 2, x[1] - x[3] / 2, x[0] + x[2] / 2, x[1] + x[3] / 2};
  return {least(x[0], x[2]), least(x[1], x[3]), most(x[0], x[2]), most(x[1], x[3])};
}

// Rectangles at an angle: four corners, in order around them.
struct Point {
  double x, y;
};
struct Quad {
  Point p[4];
  double twice_area;
};

double twice_signed(const Point* p, int n) {
  double sum = 0;
  for (int i = 0; i < n; ++i) {
    const Point &a = p[i], &b = p[i + 1 == n ? 0 : i + 1];
    sum += a.x * b.y - b.x * a.y;
  }
  return sum;
}

Quad quad_of(const double* x, bool clockwise) {
  const double angle = clockwise ? x[4] : -x[4], c = std::cos(angle) / 2, s = std::sin(angle) / 2;
  const double wx = x[2] * c, wy = x[2] * s, hx = -x[3] * s, hy = x[3] * c;
  Quad q{{{x[0] + wx + hx, x[1] + wy + hy}, {x[0] + wx - hx, x[1] + wy - hy}, {x[0] - wx - hx, x[1] - wy - hy}, {x[0] - wx + hx, x[1] - wy + hy}}, 0};
  q.twice_area = twice_signed(q.p, 4);
  return q;
}

// The polygon a is cut by each edge of b in turn; each cut adds one corner at most.
double overlap_of(const Quad& a, const Quad& b) {
  const double sa = std::fabs(a.twice_area), sb = std::fabs(b.twice_area);
  if (sa == 0 || sb == 0) return 0;
  Point now[16], next[16];
  int n = 4;
  std::copy(a.p, a.p + 4, now);
  const double turn = b.twice_area < 0 ? -1 : 1;
  for (int e = 0; e < 4 && n > 0; ++e) {
    const Point &from = b.p[e], &to = b.p[(e + 1) % 4];
    const auto side = [&](const Point& p) { return turn * ((to.x - from.x) * (p.y - from.y) - (to.y - from.y) * (p.x - from.x)); };
    int m = 0;
    for (int i = 0; i < n && m < 15; ++i) {
      const Point &p = now[i], &q = now[i + 1 == n ? 0 : i + 1];
      const double u = side(p), v = side(q);
      if (u >= 0) next[m++] = p;
      if (u * v < 0) next[m++] = {p.x + (q.x - p.x) * u / (u - v), p.y + (q.y - p.y) * u / (u - v)};
    }
    n = m;
    std::copy(next, next + n, now);
  }
  const double shared = std::fabs(twice_signed(now, n));
  return shared / (sa + sb - shared);
}

struct Limits {
  int64_t count = 0;
  double iou = 0, score = 0, sigma = 0;
};

// Scores shrink by the overlap with what is chosen, and no overlap is too large; so the order is that of a queue.
void choose_soft(const std::vector<Box>& boxes, const std::vector<double>& scores, const std::vector<int64_t>& places, const Limits& l, std::vector<std::pair<int64_t, double>>& out) {
  struct Candidate {
    int64_t box;
    double score;
    size_t compared;
  };
  const auto later = [](const Candidate& a, const Candidate& b) { return ranks_before(b.score, b.box, a.score, a.box); };
  std::priority_queue<Candidate, std::vector<Candidate>, decltype(later)> queue(later);
  for (const int64_t p : places) queue.push({p, scores[static_cast<size_t>(p)], 0});
  Kept kept(0);
  while (static_cast<int64_t>(out.size()) < l.count && !queue.empty()) {
    Candidate next = queue.top();
    queue.pop();
    const double before = next.score;
    for (size_t j = kept.size(); j-- > next.compared;) {
      const double iou = kept.overlap_with(boxes[static_cast<size_t>(next.box)], j);
      next.score = static_cast<float>(next.score * std::exp(-0.5 / l.sigma * iou * iou));
    }
    if (!(next.score > l.score)) continue;
    next.compared = kept.size();
    if (next.score == before) {
      kept.add(boxes[static_cast<size_t>(next.box)]);
      out.push_back({next.box, before});
    } else {
      queue.push(next);
    }
  }
}

// The greedy choice. Candidates are sorted as far as they are looked at.
void choose_straight(const Box* boxes, const std::vector<double>& scores, const std::vector<int64_t>& places, const Limits& l, std::vector<std::pair<int64_t, double>>& out) {
  std::vector<std::pair<double, int64_t>> candidates;
  candidates.reserve(places.size());
  for (const int64_t p : places) candidates.push_back({-scores[static_cast<size_t>(p)], p});
  Kept kept(0);
  auto at = candidates.begin();
  for (std::ptrdiff_t part = 2 * l.count; at != candidates.end(); part *= 2) {
    const auto end = candidates.end() - at > part ? at + part : candidates.end();
    if (end != candidates.end()) std::nth_element(at, end, candidates.end());
    std::sort(at, end);
    for (; at != end; ++at) {
      if (static_cast<int64_t>(out.size()) >= l.count) return;
      const Box& box = boxes[at->second];
      if (kept.covers(box, l.iou)) continue;
      kept.add(box);
      out.push_back({at->second, -at->first});
    }
  }
}

void choose_rotated(const std::vector<Quad>& quads, const std::vector<double>& scores, const std::vector<int64_t>& places, const Limits& l, std::vector<std::pair<int64_t, double>>& out) {
  for (const int64_t p : places) {
    if (static_cast<int64_t>(out.size()) >= l.count) break;
    const Quad& own = quads[static_cast<size_t>(p)];
    bool covered = false;
    for (size_t i = 0; i < out.size() && !covered; ++i) covered = !(overlap_of(own, quads[static_cast<size_t>(out[i].first)]) <= l.iou);
    if (!covered) out.push_back({p, scores[static_cast<size_t>(p)]});
  }
}

Status run(StepContext& ctx) {
  const TensorView &boxes = ctx.in[0], &scores = ctx.in[1];
  const bool rotated = ctx.action == "rotated", sorted = ctx.args[0].i != 0, other = ctx.args[1].i != 0;
  const int64_t width = rotated ? 5 : 4;
  if (boxes.rank != 3 || scores.rank != 3 || boxes.dim(2) != width || boxes.dim(0) != scores.dim(0) || boxes.dim(1) != scores.dim(2))
    return Status::fail("SHAPE_MISMATCH", "boxes are not [batch, boxes, " + std::to_string(width) + "] or scores not [batch, classes, boxes]");
  const int64_t batches = boxes.dim(0), n = boxes.dim(1), classes = scores.dim(1);
  Limits l;
  std::vector<int64_t> most_boxes{0};
  if (present(ctx, 2)) {
    if (Status s = read_integers(ctx.in[2], 1, "the most boxes of a class", most_boxes); !s.ok()) return s;
  }
  l.count = std::clamp<int64_t>(most_boxes[0], 0, n);
  l.iou = number_or(ctx, 3, 0), l.score = number_or(ctx, 4, 0), l.sigma = number_or(ctx, 5, 0);

  std::vector<Box> straight(rotated ? 0 : static_cast<size_t>(batches * n));
  std::vector<Quad> quads(rotated ? static_cast<size_t>(batches * n) : 0);
  const std::vector<double> coordinates = numbers(boxes);
  for (size_t i = 0; i < straight.size(); ++i) straight[i] = corners_of(&coordinates[i * 4], other);
  for (size_t i = 0; i < quads.size(); ++i) quads[i] = quad_of(&coordinates[i * 5], other);

  std::vector<std::vector<std::pair<int64_t, double>>> found(static_cast<size_t>(batches * classes));
  if (l.count > 0)
    parallel_for(*ctx.pool, static_cast<int>(batches * classes), [&](int job, int) {
      if (ctx.cancelled()) return;
      const std::vector<double> own = numbers(scores, job * n, n);
      std::vector<int64_t> places;
      for (int64_t i = 0; i < n; ++i)
        if (own[static_cast<size_t>(i)] > l.score) places.push_back(i);
      const std::ptrdiff_t first = job / classes * n;
      auto& out = found[static_cast<size_t>(job)];
      if (!rotated && !(l.sigma > 0)) return choose_straight(straight.data() + first, own, places, l, out);
      rank_places(own.data(), places, n);
      if (rotated) choose_rotated({quads.begin() + first, quads.begin() + first + n}, own, places, l, out);
      else choose_soft({straight.begin() + first, straight.begin() + first + n}, own, places, l, out);
    });

  std::vector<Chosen> all;
  for (int64_t job = 0; job < batches * classes; ++job)
    for (const auto& [box, score] : found[static_cast<size_t>(job)]) all.push_back({job / classes, job % classes, box, score});
  if (sorted)
    std::stable_sort(all.begin(), all.end(), [](const Chosen& a, const Chosen& b) {
      if (a.score != b.score) return a.score > b.score;
      return a.batch != b.batch ? a.batch < b.batch : a.cls != b.cls ? a.cls < b.cls : a.box < b.box;
    });
  const int64_t total = static_cast<int64_t>(all.size()), dims[] = {total, 3};
  for (int i = 0; i < 2; ++i)
    if (!ctx.allocate(i, dims)) return Status::fail("OUT_OF_MEMORY", std::to_string(total) + " chosen boxes");
  std::vector<int64_t> indices;
  std::vector<double> rows;
  for (const Chosen& c : all) {
    indices.insert(indices.end(), {c.batch, c.cls, c.box});
    rows.insert(rows.end(), {static_cast<double>(c.batch), static_cast<double>(c.cls), c.score});
  }
  put(ctx.out[0], indices);
  put(ctx.out[1], rows);
  put(ctx.out[2], std::vector<int64_t>{total});
  return {};
}

}  // namespace

extern const Family nms_family;
const Family nms_family{"nms", nullptr, run};

}  // namespace cuvee
