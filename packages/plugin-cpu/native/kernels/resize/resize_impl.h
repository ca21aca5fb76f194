// Implementation of resize.h for the instruction set of the including file.
#include "kernels/resize/resize.h"
#include "kernels/simd/vec.h"

namespace cuvee {
namespace {

void combine(float* to, const float* const* rows, const float* weights, int taps, std::ptrdiff_t n) {
  std::ptrdiff_t i = 0;
  for (; i + B <= n; i += B) {
    V sum = taps > 0 ? mul(load(rows[0] + i), set1(weights[0])) : zero();
    for (int k = 1; k < taps; ++k) sum = fma(load(rows[k] + i), set1(weights[k]), sum);
    store(to + i, sum);
  }
  if (i == n) return;
  const int rest = static_cast<int>(n - i);
  V sum = zero();
  for (int k = 0; k < taps; ++k) sum = fma(load_n(rows[k] + i, rest), set1(weights[k]), sum);
  store_n(to + i, sum, rest);
}

void columns(float* to, const float* row, const int32_t* start, const int32_t* at, const float* weight, std::ptrdiff_t width) {
  for (std::ptrdiff_t x = 0; x < width; ++x, to += B) {
    V sum = zero();
    for (int k = start[x]; k < start[x + 1]; ++k) sum = fma(load(row + std::ptrdiff_t{at[k]} * B), set1(weight[k]), sum);
    store(to, sum);
  }
}

void moves(float* to, const float* row, const int32_t* start, const int32_t* at, std::ptrdiff_t width) {
  for (std::ptrdiff_t x = 0; x < width; ++x, to += B) store(to, start[x] < start[x + 1] ? load(row + std::ptrdiff_t{at[start[x]]} * B) : zero());
}

}  // namespace
}  // namespace cuvee
