/// What this machine can do at most, measured now: the roofs that `explain` and the bench hold kernels against.
#pragma once

#include <cstddef>
#include <vector>

#include "base/cpu.h"
#include "base/parallel.h"

namespace cuvee {

/// What is read again and again from so many bytes comes at this rate.
struct ReadRate {
  double bytes = 0;
  double gigabytes = 0;  // a second, all threads together
};

struct Peaks {
  double gflops = 0;            // multiply-adds of f32, all threads of the pool together, operands in the first cache
  std::vector<ReadRate> rates;  // from what the threads' second-level caches hold to 128 MiB, each four times as much as the one before
};

/// About a fifth of a second and 128 MiB, which are given back.
Peaks measure_peaks(Isa isa, Parallel& pool);

/// 10^9 bytes a second that the pool's threads read together, again and again, from `bytes` bytes: beyond a cache's size, the next one's rate.
double read_gigabytes(Isa isa, Parallel& pool, std::size_t bytes);

/// Multiply-add peak of one thread in GFLOP/s: the best of several passes within `seconds`.
double peak_gflops(Isa isa, double seconds);

}  // namespace cuvee
