// Family `ctc_loss`: -log of the probability of labels under connectionist temporal classification, row by row. Inputs: logits
// [batch, steps, classes], steps of each row, labels [batch, n], labels of each row, the blank (absent: the last class); out [batch].
// args: 1 to drop repeated neighbours from the labels, 1 where repetitions merge, 1 to drop all repetitions.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/convert/elements.h"
#include "runtime/step.h"

namespace cuvee {
namespace {

constexpr double none = -std::numeric_limits<double>::infinity();

double log_add(double a, double b) {
  const double top = a < b || a != a ? b : a;
  return top == none ? top : top + std::log1p(std::exp(std::min(a, b) - top));
}

// log of the sum over all alignments. Merging, the states are blank, label, blank, label, …, blank, each of which may stay; else state s
// means that s labels are out.
double log_likelihood(const double* logits, int64_t steps, int64_t classes, const std::vector<int64_t>& labels, int64_t blank, bool merge) {
  std::vector<int64_t> states;
  for (const int64_t label : labels) {
    if (merge) states.push_back(blank);
    states.push_back(label);
  }
  if (merge) states.push_back(blank);
  else states.insert(states.begin(), blank);
  std::vector<double> alpha(states.size(), none);
  alpha[0] = 0;
  for (int64_t t = 0; t < steps; ++t) {
    const double* own = logits + t * classes;
    double total = none;
    for (int64_t c = 0; c < classes; ++c) total = log_add(total, own[c]);
    for (size_t s = states.size(); s-- > 0;) {
      const double here = own[states[s]] - total;
      if (!merge) {
        alpha[s] = log_add(alpha[s] + own[blank] - total, s > 0 ? alpha[s - 1] + here : none);
      } else if (t == 0) {
        alpha[s] = s < 2 ? here : none;
      } else {
        double from = alpha[s];
        if (s > 0) from = log_add(from, alpha[s - 1]);
        if (s > 1 && states[s] != blank && states[s] != states[s - 2]) from = log_add(from, alpha[s - 2]);
        alpha[s] = from + here;
      }
    }
  }
  const double end = alpha.back();
  return merge && states.size() > 1 && steps > 0 ? log_add(end, alpha[alpha.size() - 2]) : end;
}

Status run(StepContext& ctx) {
  const TensorView &logits = ctx.in[0], &labels = ctx.in[2];
  if (logits.rank != 3 || labels.rank != 2 || labels.dim(0) != logits.dim(0) || ctx.in[1].size < logits.dim(0) || ctx.in[3].size < logits.dim(0)) return Status::fail("SHAPE_MISMATCH", "logits, labels or their lengths do not fit");
  const int64_t batch = logits.dim(0), steps = logits.dim(1), classes = logits.dim(2), width = labels.dim(1);
  const auto integers = [](const TensorView& v, int64_t from, int64_t n) {
    std::vector<int64_t> out(static_cast<size_t>(n));
    if (n > 0) load_row(v.type, v.data, from, 1, n, out.data());
    return out;
  };
  const std::vector<int64_t> lengths = integers(ctx.in[1], 0, batch), counts = integers(ctx.in[3], 0, batch);
  const int64_t blank = ctx.in.size() > 4 && !ctx.in[4].absent && ctx.in[4].size > 0 ? integers(ctx.in[4], 0, 1)[0] : classes - 1;
  if (blank < 0 || blank >= classes) return Status::fail("ARGUMENT_INVALID", "the blank " + std::to_string(blank) + " is not one of " + std::to_string(classes) + " classes");
  for (int64_t b = 0; b < batch; ++b) {
    const int64_t length = lengths[static_cast<size_t>(b)], count = counts[static_cast<size_t>(b)];
    if (length < 0 || count < 0 || length > steps || count > length || count > width)
      return Status::fail("ARGUMENT_INVALID", "row " + std::to_string(b) + " has " + std::to_string(count) + " labels and " + std::to_string(length) + " of " + std::to_string(steps) + " steps");
    for (const int64_t label : integers(labels, b * width, count))
      if (label < 0 || label >= classes) return Status::fail("ARGUMENT_INVALID", "label " + std::to_string(label) + " is not one of " + std::to_string(classes) + " classes");
  }
  std::vector<double> loss(static_cast<size_t>(batch));
  parallel_for(*ctx.pool, static_cast<int>(batch), [&](int b, int) {
    if (ctx.cancelled()) return;
    const int64_t length = lengths[static_cast<size_t>(b)];
    std::vector<int64_t> wanted;
    std::vector<bool> seen(ctx.args[2].i != 0 ? static_cast<size_t>(classes) : 0);
    const std::vector<int64_t> given = integers(labels, b * width, counts[static_cast<size_t>(b)]);
    for (size_t i = 0; i < given.size(); ++i) {
      if (ctx.args[0].i != 0 && i > 0 && given[i] == given[i - 1]) continue;
      if (!seen.empty() && seen[static_cast<size_t>(given[i])]) continue;
      if (!seen.empty()) seen[static_cast<size_t>(given[i])] = true;
      wanted.push_back(given[i]);
    }
    std::vector<double> own(static_cast<size_t>(length * classes));
    if (!own.empty()) load_row(logits.type, logits.data, b * steps * classes, 1, length * classes, own.data());
    loss[static_cast<size_t>(b)] = -log_likelihood(own.data(), length, classes, wanted, blank, ctx.args[1].i != 0);
  });
  store_row(ctx.out[0].type, ctx.out[0].data, 0, batch, loss.data());
  return {};
}

}  // namespace

extern const Family ctc_loss_family;
const Family ctc_loss_family{"ctc_loss", nullptr, run};

}  // namespace cuvee
