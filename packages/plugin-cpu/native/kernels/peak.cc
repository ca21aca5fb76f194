#include "kernels/peak.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include "base/memory.h"
#include "base/system.h"
#include "kernels/reduce/reduce.h"
#include "kernels/table.h"
#include "kernels/tile/tile.h"

namespace cuvee {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

}  // namespace

double peak_gflops(Isa isa, double seconds) {
  // The microkernel on operands that stay in the first cache is the densest multiply-add loop of the binary.
  const KernelTable& table = kernel_table(isa);
  const TileKernels& tile = *table.tile;
  const int vectors = std::min(tile.vectors, 2), pixels = tile.pixels[vectors], depth = 128, calls = 1000;
  AlignedFloats a(static_cast<std::size_t>(depth) * pixels), w(static_cast<std::size_t>(depth) * vectors * tile.block), c(static_cast<std::size_t>(pixels) * vectors * tile.block);
  if (!a.data() || !w.data() || !c.data()) return 0;
  std::fill_n(a.data(), a.size(), 0.5f);
  std::fill_n(w.data(), w.size(), 0.5f);
  const TileEntry entry{a.data(), depth};
  TileArgs t{};
  t.entries = &entry, t.entry_count = 1, t.a_step = depth, t.w = w.data(), t.w_step = static_cast<std::ptrdiff_t>(vectors) * tile.block, t.c = c.data();
  t.c_step = tile.block, t.c_block = static_cast<std::ptrdiff_t>(pixels) * tile.block, t.lanes = vectors * tile.block;
  double best = 1e30;
  for (const Clock::time_point start = Clock::now(); seconds_since(start) < seconds;) {
    const Clock::time_point pass = Clock::now();
    for (int i = 0; i < calls; ++i) tile.kernel[vectors - 1][pixels - 1](t);
    best = std::min(best, seconds_since(pass));
  }
  return 2e-9 * calls * depth * pixels * vectors * tile.block / best;
}

double read_gigabytes(Isa isa, Parallel& pool, std::size_t bytes) {
  // The widest loads of the binary: those of the kernel that sums rows.
  constexpr std::size_t row = 4096;
  const auto sum = reduce_kernels(isa).row;
  const int threads = pool.threads();
  const std::size_t share = bytes / static_cast<std::size_t>(threads) / 4096 * 4096;
  char* memory = static_cast<char*>(map_pages(bytes));
  if (!memory) return 0;
  std::vector<float> sums(static_cast<std::size_t>(threads));
  const auto part = [&](int thread) { return reinterpret_cast<float*>(memory + static_cast<std::size_t>(thread) * share); };
  parallel_for(pool, threads, [&](int chunk, int) { std::fill_n(part(chunk), share / sizeof(float), 1.0f); });
  const std::size_t times = std::max<std::size_t>(1, (std::size_t{32} << 20) / std::max<std::size_t>(bytes, 1));  // the fork takes as long as a megabyte
  double best = 1e30;
  for (int pass = 0; pass < 4; ++pass) {
    const Clock::time_point start = Clock::now();
    parallel_for(pool, threads, [&](int chunk, int) {
      for (std::size_t time = 0; time < times; ++time)
        for (std::size_t at = 0; at + row <= share / sizeof(float); at += row) sums[static_cast<std::size_t>(chunk)] += sum(Reduction::sum, part(chunk) + at, row);
    });
    best = std::min(best, seconds_since(start));
  }
  unmap_pages(memory, bytes);
  return sums[0] == 0 ? 0 : 1e-9 * static_cast<double>(share * times) * threads / best;  // the sums are used: no compiler leaves the loops out
}

Peaks measure_peaks(Isa isa, Parallel& pool) {
  const int threads = pool.threads();
  Peaks peaks;
  std::vector<double> each(static_cast<std::size_t>(threads));
  parallel_for(pool, threads, [&](int chunk, int) { each[static_cast<std::size_t>(chunk)] = peak_gflops(isa, 0.03); });
  for (const double g : each) peaks.gflops += g;
  // Half of the second-level caches: the other half is everybody else's.
  constexpr std::size_t most = std::size_t{128} << 20;
  const std::size_t second = std::max<std::size_t>(second_level_cache(), 256 * 1024) / 2 * static_cast<std::size_t>(threads);
  for (std::size_t bytes = std::min(second, most);; bytes = std::min(4 * bytes, most)) {
    peaks.rates.push_back({static_cast<double>(bytes), read_gigabytes(isa, pool, bytes)});
    if (bytes == most) break;
  }
  return peaks;
}

}  // namespace cuvee
