// Implementation of pool.h for the instruction set of the including file.
#include "kernels/pool/pool.h"
#include "kernels/simd/vec.h"

namespace cuvee {
namespace {

template <bool average>
CUVEE_INLINE V window(const float* p, std::ptrdiff_t row, int rows, int columns, std::ptrdiff_t step) {
  V v = load(p);
  for (int y = 0; y < rows; ++y, p += row) {
    const float* q = p;
    for (int x = 0; x < columns; ++x, q += step) {
      if (average) v = x + y == 0 ? v : add(v, load(q));
      else v = max(load(q), v);
    }
  }
  return v;
}

template <bool average>
CUVEE_INLINE void row_of(const PoolRow& r) {
  for (int o = 0; o < r.width; ++o) {
    const int columns = r.count[o], places = r.rows * columns;
    float* to = r.to + std::ptrdiff_t{o} * B;
    const float* p = r.from + std::ptrdiff_t{r.begin[o]} * B;
    V v;
    if (places == 0) {
      v = set1(average ? 0.0f : -__builtin_inff());
    } else {
      v = window<average>(p, r.row, r.rows, columns, std::ptrdiff_t{r.step} * B);
      if (average) v = div(v, set1(float(r.exclude_pad ? places : r.padded_rows * r.padded[o])));
    }
    store(to, r.lanes < B ? keep_n(v, r.lanes) : v);
  }
}

void row(const PoolRow& r) {
  if (r.average) row_of<true>(r);
  else row_of<false>(r);
}

}  // namespace
}  // namespace cuvee
