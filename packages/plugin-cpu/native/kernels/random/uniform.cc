// Family `random_uniform`: numbers in [min, max). Inputs: sizes, min, max. Args: global seed, op seed, 1 for the Mersenne twister
// instead of Philox. The output may be dynamic. The position in Philox's sequence goes on from run to run while the sizes stay.
#include "kernels/indexing/indices.h"
#include "kernels/random/philox.h"

namespace cuvee {
namespace {

constexpr int64_t row = 512;  // a multiple of 4

struct Position : StepState {
  uint64_t next = 0;
};

double one(const TensorView& v) {
  double value = 0;
  load_row(v.type, v.data, 0, 1, 1, &value);
  return value;
}

bool is_float(Type type) { return type == Type::f16 || type == Type::bf16 || type == Type::f32 || type == Type::f64; }
bool is_wide(Type type) { return type == Type::f64 || type == Type::i64 || type == Type::u64; }

// A part of [0, 1) as a number of the range; rounding must not reach its end.
double scaled(Type type, double part, double low, double span) {
  if (type == Type::f64) {
    const double value = part * span + low;
    return value >= low + span ? low : value;
  }
  const float product = static_cast<float>(part) * static_cast<float>(span), value = product + static_cast<float>(low);
  return value >= low + span ? low : value;
}

// Bits of the mantissa that a random pattern fills.
uint32_t mantissa(Type type) { return type == Type::f16 ? 10 : type == Type::bf16 ? 7 : 23; }

int64_t whole(uint64_t bits, double low, double span) { return static_cast<int64_t>(low) + static_cast<int64_t>(bits % static_cast<uint64_t>(span)); }

// Elements [at, at + n) from one or two of 32-bit numbers each, which `pair` gives.
template <class Pair>
void fill(TensorView& y, int64_t at, int64_t n, double low, double span, Pair&& pair) {
  if (is_float(y.type)) {
    double part[row];
    for (int64_t i = 0; i < n; ++i) part[i] = scaled(y.type, pair(at + i).first, low, span);
    store_row(y.type, y.data, at, n, part);
  } else {
    int64_t part[row];
    for (int64_t i = 0; i < n; ++i) part[i] = whole(pair(at + i).second, low, span);
    store_row(y.type, y.data, at, n, part);
  }
}

void by_twister(TensorView& y, uint32_t seed, double low, double span) {
  std::mt19937 next(seed);
  for (int64_t at = 0; at < y.size; at += row)
    fill(y, at, std::min(row, y.size - at), low, span, [&](int64_t) {
      const uint64_t first = next();
      if (is_float(y.type)) return std::pair{static_cast<double>(first & 0xffffff) / 0x1p24, uint64_t{0}};
      return std::pair{0.0, is_wide(y.type) ? first << 32 | next() : first};
    });
}

void by_philox(StepContext& ctx, uint64_t key, uint64_t seed, double low, double span) {
  TensorView& y = ctx.out[0];
  auto* position = static_cast<Position*>(ctx.state->get());
  const uint64_t start = position->next;
  const bool wide = is_wide(y.type);
  const int64_t each = wide ? 2 : 4;
  const uint32_t mask = (1u << mantissa(y.type)) - 1;
  const int64_t rows = (y.size + row - 1) / row, jobs = jobs_for(y.size * 32, rows);
  parallel_for(*ctx.pool, static_cast<int>(jobs), [&](int job, int) {
    for (int64_t r = rows * job / jobs; r < rows * (job + 1) / jobs; ++r) {
      std::array<uint32_t, 4> block{};
      fill(y, r * row, std::min(row, y.size - r * row), low, span, [&](int64_t i) {
        const int64_t k = i % each;
        if (k == 0) block = philox(key, start + static_cast<uint64_t>(i / each), seed);
        const uint32_t x = block[static_cast<size_t>(wide ? 2 * k : k)];
        if (!wide) return std::pair{static_cast<double>(x & mask) / (mask + 1.0), uint64_t{x}};
        const uint64_t upper = block[static_cast<size_t>(2 * k + 1)];
        return std::pair{static_cast<double>((upper & 0xfffff) << 32 | x) / 0x1p52, upper << 32 | x};
      });
    }
  });
  position->next += static_cast<uint64_t>((y.size + each - 1) / each);
}

Status bind(StepContext& ctx) {
  *ctx.state = std::make_unique<Position>();
  return {};
}

Status run(StepContext& ctx) {
  const double low = one(ctx.in[1]), span = one(ctx.in[2]) - low;
  if (!(span > 0)) return Status::fail("ARGUMENT_INVALID", "the range from " + std::to_string(low) + " to " + std::to_string(low + span) + " is empty");
  if (ctx.out[0].absent) {
    std::vector<int64_t> dims(static_cast<size_t>(ctx.in[0].size));
    load_row(ctx.in[0].type, ctx.in[0].data, 0, 1, ctx.in[0].size, dims.data());
    for (int64_t d : dims)
      if (d < 0) return Status::fail("ARGUMENT_INVALID", "a size of " + std::to_string(d));
    if (!ctx.allocate(0, dims)) return Status::fail("OUT_OF_MEMORY", "random numbers");
  }
  if (ctx.out[0].size == 0) return {};
  const uint64_t key = key_of(ctx.args[0].i, ctx.args[1].i);
  if (ctx.args[2].i != 0) by_twister(ctx.out[0], static_cast<uint32_t>(key), low, span);
  else by_philox(ctx, key, static_cast<uint64_t>(ctx.args[1].i), low, span);
  return {};
}

}  // namespace

extern const Family random_uniform_family;
const Family random_uniform_family{"random_uniform", bind, run};

}  // namespace cuvee
