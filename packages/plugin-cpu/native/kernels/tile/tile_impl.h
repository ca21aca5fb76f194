/// Implementation of tile.h for the instruction set of the including file.
#pragma once

#include "kernels/simd/finish.h"

namespace cuvee {
namespace {

/// Bias-initialised sums of one tile. Explicit bases every four pixels keep the addressing in few registers.
template <int MR, int NV>
void tile(const TileArgs& t) {
  constexpr int bases = (MR + 3) / 4;
  V acc[NV][MR];
#pragma GCC unroll 4
  for (int n = 0; n < NV; ++n) {
    const V start = t.bias ? load(t.bias + n * B) : zero();
#pragma GCC unroll 16
    for (int m = 0; m < MR; ++m) acc[n][m] = start;
  }
  const std::ptrdiff_t step = t.a_step, step3 = 3 * step;
  const std::ptrdiff_t w_step = t.w_step;
  const float* w = t.w;
  const TileEntry* const end = t.entries + t.entry_count;
  for (const TileEntry* e = t.entries; e != end; ++e) {
    const float* p[bases];
    p[0] = e->a + t.a_offset;
#pragma GCC unroll 4
    for (int i = 1; i < bases; ++i) p[i] = p[i - 1] + 4 * step;
    const float* const stop = p[0] + e->count;
#pragma GCC unroll 1
    while (p[0] != stop) {
      V b[NV];
#pragma GCC unroll 4
      for (int n = 0; n < NV; ++n) b[n] = load(w + n * B);
      w += w_step;
#pragma GCC unroll 16
      for (int m = 0; m < MR; ++m) {
        const float* q = p[m / 4];
        const V x = set1(m % 4 == 0 ? *q : m % 4 == 1 ? q[step] : m % 4 == 2 ? q[2 * step] : q[step3]);
#pragma GCC unroll 4
        for (int n = 0; n < NV; ++n) acc[n][m] = fma(x, b[n], acc[n][m]);
      }
#pragma GCC unroll 4
      for (int i = 0; i < bases; ++i) ++p[i];
    }
  }
  finish<MR, NV>(t, acc);
}

void activate_run(float* y, const float* x, std::ptrdiff_t count, Act act, float a, float b) {
  std::ptrdiff_t i = 0;
  for (; i + B <= count; i += B) store(y + i, activate(load(x + i), act, a, b));
  if (i < count) store_n(y + i, activate(load_n(x + i, int(count - i)), act, a, b), int(count - i));
}

/// Fills row NV of a table with tile<1..MR, NV>.
template <int NV, int MR>
constexpr void fill_row(TileKernels& table) {
  table.kernel[NV - 1][MR - 1] = tile<MR, NV>;
  if constexpr (MR > 1) fill_row<NV, MR - 1>(table);
}

/// A table with the given largest MR for each NV (0: no such NV).
template <int MR1, int MR2, int MR3, int MR4>
constexpr TileKernels make_tile_kernels() {
  TileKernels table{};
  table.block = B;
  table.vectors = MR4 ? 4 : MR3 ? 3 : MR2 ? 2 : 1;
  table.pixels[1] = MR1;
  table.pixels[2] = MR2;
  table.pixels[3] = MR3;
  table.pixels[4] = MR4;
  fill_row<1, MR1>(table);
  if constexpr (MR2 > 0) fill_row<2, MR2>(table);
  if constexpr (MR3 > 0) fill_row<3, MR3>(table);
  if constexpr (MR4 > 0) fill_row<4, MR4>(table);
  table.activate = activate_run;
  return table;
}

}  // namespace
}  // namespace cuvee
