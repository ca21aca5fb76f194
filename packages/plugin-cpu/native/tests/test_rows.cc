// Kernels that take rows: reductions, softmax, normalisation, pooling, resampling; each against plain loops in double precision.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "kernels/mvn/mvn.h"
#include "kernels/pool/pool.h"
#include "kernels/reduce/reduce.h"
#include "kernels/resize/resize.h"
#include "kernels/softmax/softmax.h"
#include "kernels/table.h"
#include "tests/check.h"

using namespace cuvee;
using namespace cuvee::test;

namespace {

constexpr Reduction reductions[] = {Reduction::sum, Reduction::mean, Reduction::max, Reduction::min, Reduction::prod, Reduction::l1, Reduction::l2, Reduction::sum_square};

double reduced(Reduction kind, const float* x, std::ptrdiff_t step, int n) {
  double sum = 0, product = 1, absolute = 0, squares = 0, most = -HUGE_VAL, least = HUGE_VAL;
  bool nan = false;
  for (int i = 0; i < n; ++i) {
    const double v = x[i * step];
    sum += v, product *= v, absolute += std::fabs(v), squares += v * v, most = std::max(most, v), least = std::min(least, v), nan = nan || v != v;
  }
  if (nan) return NAN;
  switch (kind) {
    case Reduction::sum: return sum;
    case Reduction::mean: return sum;
    case Reduction::max: return most;
    case Reduction::min: return least;
    case Reduction::prod: return product;
    case Reduction::l1: return absolute;
    case Reduction::l2: return squares;
    case Reduction::sum_square: return squares;
  }
  return NAN;
}

// As near as sums of n numbers below `scale` are.
bool near(double got, double want, double scale) { return want != want ? got != got : got == want || std::fabs(got - want) <= 3e-6 * (std::fabs(want) + scale); }

// Taps of a resampling along an axis: output place o is made of up to three input places, place 3 of none.
struct Taps {
  std::vector<std::int32_t> start{0}, at;
  std::vector<float> weight;
  Taps(int out, int in, Random& random, bool moves) {
    for (int o = 0; o < out; ++o) {
      for (int k = o == 3 ? 0 : moves ? 1 : 1 + o % 3; k > 0; --k) at.push_back(random.below(in)), weight.push_back(moves ? 1 : random.value());
      start.push_back(static_cast<std::int32_t>(at.size()));
    }
  }
};

}  // namespace

TEST(reduce_rows_and_columns) {
  for (Isa isa : isas()) {
    const ReduceKernels& k = reduce_kernels(isa);
    for (const Reduction kind : reductions)
      for (const int n : {1, 5, 16, 31, 64, 100, 1000})
        for (const bool odd : {false, true}) {
          Guarded x(n);
          Random(n).fill(x);
          if (odd) x[n / 2] = NAN;
          const double want = reduced(kind, x.data(), 1, n), got = k.row(kind, x.data(), n);
          CHECK(near(got, want, kind <= Reduction::mean ? std::sqrt(n) : 0.1), "%s reduction %d of %d%s: %.9g, not %.9g", isa_name(isa), int(kind), n, odd ? " with NaN" : "", got, want);
        }
    for (const Reduction kind : reductions)
      for (const int n : {1, 7, 16, 33, 100})
        for (const int rows : {1, 2, 9, 64}) {
          const int stride = n + 3;
          Guarded x(std::size_t(rows) * stride), y(n, 9);
          Random(n * 100 + rows).fill(x);
          k.columns(kind, y.data(), x.data(), stride, rows, n);
          for (int i = 0; i < n; ++i) {
            const double want = reduced(kind, x.data() + i, stride, rows);
            CHECK(near(y[i], want, kind <= Reduction::mean ? std::sqrt(rows) : 0.1), "%s reduction %d of %d rows, column %d of %d: %.9g, not %.9g", isa_name(isa), int(kind), rows, i, n,
                  double(y[i]), want);
          }
        }
  }
}

TEST(softmax_rows) {
  for (Isa isa : isas())
    for (const int n : {1, 3, 15, 16, 17, 40, 100, 1000})
      for (const bool log : {false, true})
        for (const int kind : {0, 1, 2, 3}) {  // plain; far apart; some of -inf; with a NaN
          Guarded x(n), y(n, 9);
          Random random(n + kind);
          for (int i = 0; i < n; ++i) x[i] = random.value() * (kind == 1 ? 200 : 5);
          if (kind == 2) for (int i = 1; i < n; i += 3) x[i] = -INFINITY;
          if (kind == 3) x[n / 2] = NAN;
          double most = -HUGE_VAL, sum = 0;
          for (int i = 0; i < n; ++i) most = std::max<double>(most, x[i]);
          for (int i = 0; i < n; ++i) sum += std::exp(double(x[i]) - most);
          softmax_kernels(isa).row(x.data(), y.data(), n, log);
          for (int i = 0; i < n; ++i) {
            const double want = kind == 3 ? NAN : log ? x[i] - most - std::log(sum) : std::exp(x[i] - most) / sum;
            CHECK(near(y[i], want, log ? 1 : 0.01), "%s%s softmax of %d, kind %d, at %d: %.9g, not %.9g", isa_name(isa), log ? " log" : "", n, kind, i, double(y[i]), want);
          }
        }
}

TEST(mvn_rows) {
  for (Isa isa : isas())
    for (const int n : {1, 7, 16, 33, 120, 768})
      for (const int kind : {0, 1, 2, 3, 4}) {  // mean; within the root; beside it; scaled; scaled and shifted
        Guarded x(n), y(n, 9), scale(n), shift(n);
        Random random(n * 10 + kind);
        random.fill(x), random.fill(scale), random.fill(shift);
        for (int i = 0; i < n; ++i) x[i] += 3;
        const double eps = 1e-3;
        double mean = 0, variance = 0;
        for (int i = 0; i < n; ++i) mean += x[i];
        mean /= n;
        for (int i = 0; i < n; ++i) variance += (x[i] - mean) * (x[i] - mean);
        variance /= n;
        const double by = kind == 0 ? 1 : kind == 2 ? std::sqrt(variance) + eps : std::sqrt(variance + eps);
        mvn_row(isa)({kind > 0, kind != 2, float(eps), kind >= 3 ? scale.data() : nullptr, kind == 4 ? shift.data() : nullptr}, x.data(), y.data(), n);
        for (int i = 0; i < n; ++i) {
          const double want = (x[i] - mean) / by * (kind >= 3 ? scale[i] : 1) + (kind == 4 ? shift[i] : 0);
          CHECK(near(y[i], want, 3 / std::min(by, 1.0)), "%s mvn of %d, kind %d, at %d: %.9g, not %.9g", isa_name(isa), n, kind, i, double(y[i]), want);
        }
      }
}

TEST(pool_rows) {
  for (Isa isa : isas()) {
    const int block = kernel_table(isa).block;
    for (const int width : {1, 5, 16})
      for (const int size : {1, 2, 3})
        for (const int dilation : {1, 2})
          for (const bool average : {false, true})
            for (const bool exclude : {false, true}) {
              const int in = width * 2 + 4, lanes = width == 5 ? block - 1 : block, rows = size;
              Guarded x(std::size_t(in) * rows * block), y(std::size_t(width) * block, 9);
              Random(width * 10 + size).fill(x);
              PoolAxis columns;
              for (int o = 0; o < width; ++o) {
                const int begin = 2 * o, count = o == 2 ? 0 : std::min(size, (in - begin + dilation - 1) / dilation);
                columns.begin.push_back(begin), columns.count.push_back(count), columns.padded.push_back(size);
              }
              pool_row(isa)({y.data(), x.data(), std::ptrdiff_t(in) * block, rows, rows + 1, columns.begin.data(), columns.count.data(), columns.padded.data(), dilation, width, average, exclude, lanes});
              for (int o = 0; o < width; ++o)
                for (int lane = 0; lane < block; ++lane) {
                  double sum = 0, most = -HUGE_VAL;
                  for (int r = 0; r < rows; ++r)
                    for (int k = 0; k < columns.count[o]; ++k) {
                      const double v = x[(std::size_t(r) * in + columns.begin[o] + k * dilation) * block + lane];
                      sum += v, most = std::max(most, v);
                    }
                  const int places = rows * columns.count[o];
                  const double want = lane >= lanes ? 0 : !average ? most : places == 0 ? 0 : sum / (exclude ? places : (rows + 1) * size);
                  const double got = y[std::size_t(o) * block + lane];
                  CHECK(near(got, want, average ? 0.5 : 0), "%s pool %d of %d by %d%s%s at %d, lane %d: %g, not %g", isa_name(isa), size, width, dilation, average ? " mean" : "", exclude ? " inside" : "", o,
                        lane, got, want);
                }
            }
  }
}

TEST(resize_rows) {
  for (Isa isa : isas()) {
    const ResizeKernels& k = resize_kernels(isa);
    const int block = kernel_table(isa).block;
    for (const int out : {1, 4, 17, 40}) {
      const int in = 13;
      Random random(out);
      const Taps taps(out, in, random, false), moves(out, in, random, true);
      Guarded row(std::size_t(in) * block), to(std::size_t(out) * block, 9);
      random.fill(row);
      const auto check = [&](const char* what, const Taps& t, int lanes, const Guarded& from) {
        for (int o = 0; o < out; ++o)
          for (int lane = 0; lane < lanes; ++lane) {
            double want = 0;
            for (int i = t.start[o]; i < t.start[o + 1]; ++i) want += double(t.weight[i]) * from[std::size_t(t.at[i]) * lanes + lane];
            const double got = to[std::size_t(o) * lanes + lane];
            CHECK(near(got, want, 1), "%s resize %s to %d, %d lanes, at %d: %g, not %g", isa_name(isa), what, out, lanes, o, got, want);
          }
      };
      k.columns(to.data(), row.data(), taps.start.data(), taps.at.data(), taps.weight.data(), out);
      check("columns", taps, block, row);
      k.moves(to.data(), row.data(), moves.start.data(), moves.at.data(), out);
      check("moves", moves, block, row);
      for (const int inner : {1, 2, 3, 4}) {
        k.pixels(to.data(), row.data(), taps.start.data(), taps.at.data(), taps.weight.data(), out, inner);
        check("pixels", taps, inner, row);
      }
    }
    for (const int n : {1, 7, 16, 33, 100})
      for (const int taps : {0, 1, 2, 5}) {
        std::vector<Guarded> rows;
        std::vector<std::vector<std::uint8_t>> bytes;
        std::vector<const float*> floats;
        std::vector<const std::uint8_t*> pointers;
        std::vector<float> weights;
        Random random(n * 10 + taps);
        for (int t = 0; t < taps; ++t) {
          rows.emplace_back(n);
          random.fill(rows.back());
          bytes.emplace_back(n);
          for (std::uint8_t& b : bytes.back()) b = static_cast<std::uint8_t>(random.below(256));
          weights.push_back(random.value());
        }
        for (int t = 0; t < taps; ++t) floats.push_back(rows[t].data()), pointers.push_back(bytes[t].data());
        Guarded to(n, 9), of_bytes(n, 9);
        k.combine(to.data(), floats.data(), weights.data(), taps, n);
        k.combine_bytes(of_bytes.data(), pointers.data(), weights.data(), taps, n);
        for (int i = 0; i < n; ++i) {
          double want = 0, want_bytes = 0;
          for (int t = 0; t < taps; ++t) want += double(weights[t]) * rows[t][i], want_bytes += double(weights[t]) * bytes[t][i];
          CHECK(near(to[i], want, 1) && near(of_bytes[i], want_bytes, 256), "%s resize of %d rows of %d at %d: %g, not %g; %g, not %g", isa_name(isa), taps, n, i, double(to[i]), want, double(of_bytes[i]), want_bytes);
        }
        std::vector<std::uint8_t> rounded(n);
        for (int i = 0; i < n; ++i) to[i] = i % 5 == 0 ? 0.5f + float(i) : 400 * random.value();
        k.bytes(rounded.data(), to.data(), n);
        for (int i = 0; i < n; ++i)
          CHECK(rounded[i] == std::nearbyint(std::clamp(to[i], 0.0f, 255.0f)), "%s bytes: %g became %d", isa_name(isa), double(to[i]), rounded[i]);
      }
  }
}
