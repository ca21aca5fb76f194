// Family `multinomial`: classes drawn from each row of probabilities. Inputs: probabilities [rows, classes], how many samples.
// Args: 1 for drawing with replacement, 1 for logarithms, global seed, op seed. The output [rows, samples] may be dynamic.
#include <cmath>

#include "kernels/indexing/indices.h"
#include "kernels/random/philox.h"

namespace cuvee {
namespace {

// The class in whose part of the total the fraction u lies.
int64_t draw(const std::vector<double>& left, double u) {
  double total = 0, sum = 0;
  for (double w : left) total += w;
  for (size_t c = 0; c < left.size(); ++c) {
    sum += left[c];
    if (sum > u * total) return static_cast<int64_t>(c);
  }
  for (size_t c = left.size(); c > 0; --c)
    if (left[c - 1] > 0) return static_cast<int64_t>(c - 1);
  return -1;
}

Status sample(StepContext& ctx) {
  const TensorView& probs = ctx.in[0];
  const int64_t rows = probs.dim(0), classes = probs.dim(1), count = integer(ctx.in[1]);
  const bool replace = ctx.args[0].i != 0, logs = ctx.args[1].i != 0;
  if (count < 0) return Status::fail("ARGUMENT_INVALID", std::to_string(count) + " samples");
  if (!replace && count > classes) return Status::fail("ARGUMENT_INVALID", std::to_string(count) + " different samples out of " + std::to_string(classes) + " classes");
  const int64_t dims[] = {rows, count};
  if (ctx.out[0].absent && !ctx.allocate(0, dims)) return Status::fail("OUT_OF_MEMORY", std::to_string(count) + " samples");
  const uint64_t key = key_of(ctx.args[2].i, ctx.args[3].i), seed = static_cast<uint64_t>(ctx.args[3].i);
  uint64_t n = 0;
  std::vector<double> left(static_cast<size_t>(classes));
  for (int64_t r = 0; r < rows; ++r) {
    load_row(probs.type, probs.data, r * classes, 1, classes, left.data());
    if (logs)
      for (double& w : left) w = std::exp(w);
    for (int64_t s = 0; s < count; ++s) {
      if (ctx.cancelled()) return {};
      const int64_t chosen = draw(left, ((philox(key, n++, seed)[0] & 0x7fffff) + 0.5) / 0x1p23);
      store_row(ctx.out[0].type, ctx.out[0].data, r * count + s, 1, &chosen);
      if (!replace && chosen >= 0) left[static_cast<size_t>(chosen)] = 0;
    }
  }
  return {};
}

Status run(StepContext& ctx) {
  return guarded([&] { return sample(ctx); });
}

}  // namespace

extern const Family multinomial_family;
const Family multinomial_family{"multinomial", nullptr, run};

}  // namespace cuvee
