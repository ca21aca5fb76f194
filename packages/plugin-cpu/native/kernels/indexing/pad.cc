// Families that read along an axis by a rule.
//   pad               data, pad value or -1; action constant, edge, reflect, symmetric; args: for each axis the places before and behind
//   reverse_sequence  data, lengths; args: batch axis, sequence axis
#include "kernels/indexing/indices.h"

namespace cuvee {
namespace {

struct PadState final : StepState {
  std::vector<std::vector<int64_t>> sources;  // for each axis and output place the input place, -1: the pad value
  int64_t first = 0, count = 0, from = 0;     // of the last axis: the part that is copied as it is
};

// The input place at p; -1 the pad value, -2 out of reach.
int64_t mirrored(int64_t p, int64_t n, std::string_view mode) {
  if (p >= 0 && p < n) return p;
  if (mode == "constant") return -1;
  if (n == 0) return -2;
  if (mode == "edge") return p < 0 ? 0 : n - 1;
  const bool reflect = mode == "reflect";
  const int64_t beyond = p < 0 ? -p : p - n + 1;
  if (beyond > (reflect ? n - 1 : n)) return -2;
  if (reflect) return p < 0 ? beyond : n - 1 - beyond;
  return p < 0 ? beyond - 1 : n - beyond;
}

Status bind_pad(StepContext& ctx) {
  const TensorView &x = ctx.in[0], &y = ctx.out[0];
  auto state = std::make_unique<PadState>();
  for (int i = 0; i < x.rank; ++i) {
    const int64_t before = ctx.args[static_cast<size_t>(2 * i)].i, behind = ctx.args[static_cast<size_t>(2 * i + 1)].i;
    if (x.dim(i) + before + behind != y.dim(i)) return Status::fail("ARGUMENT_INVALID", "pads " + std::to_string(before) + " and " + std::to_string(behind) + " cut more than axis " + std::to_string(i) + " has");
    std::vector<int64_t> places(static_cast<size_t>(y.dim(i)));
    for (int64_t p = 0; p < y.dim(i); ++p)
      if ((places[static_cast<size_t>(p)] = mirrored(p - before, x.dim(i), ctx.action)) < -1)
        return Status::fail("ARGUMENT_INVALID", std::string(ctx.action) + " padding of axis " + std::to_string(i) + " reaches further than its length " + std::to_string(x.dim(i)));
    state->sources.push_back(std::move(places));
    if (i == x.rank - 1) {
      state->first = std::clamp<int64_t>(before, 0, y.dim(i));
      state->from = std::max<int64_t>(0, -before);
      state->count = std::max<int64_t>(0, std::min(y.dim(i), before + x.dim(i)) - state->first);
    }
  }
  *ctx.state = std::move(state);
  return {};
}

Status run_pad(StepContext& ctx) {
  const auto& state = static_cast<const PadState&>(**ctx.state);
  const TensorView& x = ctx.in[0];
  TensorView& y = ctx.out[0];
  const int64_t bytes = static_cast<int64_t>(element_bytes(x));
  char value[16] = {};
  if (!ctx.in[1].absent) std::memcpy(value, ctx.in[1].data, static_cast<size_t>(bytes));
  if (x.rank == 0) {
    std::memcpy(y.data, x.data, static_cast<size_t>(bytes));
    return {};
  }
  const std::vector<int64_t> strides = row_major_strides(x.dims, x.rank);
  const int last = x.rank - 1;
  const int64_t width = y.dim(last), rows = y.size / width;
  const std::vector<int64_t>& along = state.sources[static_cast<size_t>(last)];
  const int jobs = jobs_for(y.bytes, rows);
  parallel_for(*ctx.pool, jobs, [&](int job, int) {
    for (int64_t r = rows * job / jobs; r < rows * (job + 1) / jobs; ++r) {
      int64_t base = 0, rest = r;
      for (int i = last - 1; i >= 0; --i) {
        const int64_t source = state.sources[static_cast<size_t>(i)][static_cast<size_t>(rest % y.dim(i))];
        base = base < 0 || source < 0 ? -1 : base + source * strides[static_cast<size_t>(i)];
        rest /= y.dim(i);
      }
      char* to = y.as<char>() + r * width * bytes;
      const auto place = [&](int64_t begin, int64_t end) {
        for (int64_t p = begin; p < end; ++p) {
          const int64_t source = base < 0 ? -1 : along[static_cast<size_t>(p)];
          copy_bytes(to + p * bytes, source < 0 ? value : x.as<char>() + (base + source) * bytes, static_cast<size_t>(bytes));
        }
      };
      if (base < 0 || state.count == 0) {
        place(0, width);
        continue;
      }
      place(0, state.first);
      std::memcpy(to + state.first * bytes, x.as<char>() + (base + state.from) * bytes, static_cast<size_t>(state.count * bytes));
      place(state.first + state.count, width);
    }
  });
  return {};
}

Status run_reverse(StepContext& ctx) {
  const TensorView &x = ctx.in[0], &lengths = ctx.in[1];
  TensorView& y = ctx.out[0];
  const int batch = static_cast<int>(ctx.args[0].i), along = static_cast<int>(ctx.args[1].i);
  std::vector<int64_t> reversed(static_cast<size_t>(lengths.size));
  load_row(lengths.type, lengths.data, 0, 1, lengths.size, reversed.data());
  if (lengths.size != x.dim(batch)) return Status::fail("SHAPE_MISMATCH", "there are not as many lengths as batches");
  for (const int64_t n : reversed)
    if (n < 0 || n > x.dim(along)) return Status::fail("ARGUMENT_INVALID", "length " + std::to_string(n) + " is outside axis " + std::to_string(along) + " of length " + std::to_string(x.dim(along)));
  // Rows behind the later of both axes move as one; one axis may be both.
  const int inner_from = std::max(batch, along) + 1;
  const int64_t bytes = static_cast<int64_t>(element_bytes(x)), inner = count_of(x.dims, inner_from, x.rank) * bytes, rows = count_of(x.dims, 0, inner_from);
  const int64_t batch_run = count_of(x.dims, batch + 1, inner_from), along_run = count_of(x.dims, along + 1, inner_from);
  const int jobs = jobs_for(y.bytes, rows);
  parallel_for(*ctx.pool, jobs, [&](int job, int) {
    for (int64_t r = rows * job / jobs; r < rows * (job + 1) / jobs; ++r) {
      const int64_t n = reversed[static_cast<size_t>(r / batch_run % x.dim(batch))], p = r / along_run % x.dim(along);
      const int64_t from = p < n ? r + (n - 1 - 2 * p) * along_run : r;
      copy_bytes(y.as<char>() + r * inner, x.as<char>() + from * inner, static_cast<size_t>(inner));
    }
  });
  return {};
}

}  // namespace

extern const Family pad_family, reverse_sequence_family;
const Family pad_family{"pad", bind_pad, run_pad};
const Family reverse_sequence_family{"reverse_sequence", nullptr, run_reverse};

}  // namespace cuvee
