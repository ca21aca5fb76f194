#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <memory>
#include <thread>
#include <vector>

#include "base/memory.h"
#include "runtime/buffer.h"
#include "runtime/pool.h"
#include "runtime/slab.h"
#include "tests/check.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace cuvee;

TEST(base_isa_override_is_honoured) {
  setenv("CUVEE_ISA", "scalar", 1);
  CHECK(default_isa() == Isa::scalar, "CUVEE_ISA=scalar gave %s", isa_name(default_isa()));
  CHECK(isa_override_problem() == nullptr, "scalar was refused");
  setenv("CUVEE_ISA", "sse9", 1);
  CHECK(isa_override_problem() != nullptr, "an unknown word was taken");
  unsetenv("CUVEE_ISA");
  CHECK(isa_available(default_isa()), "the default is not available");
}

TEST(base_memory_is_aligned) {
  for (std::size_t n : {1, 15, 16, 1000}) {
    AlignedFloats floats(n);
    CHECK(reinterpret_cast<std::uintptr_t>(floats.data()) % alignment == 0, "%zu floats are not aligned", n);
  }
}

TEST(buffer_without_huge_pages_takes_them_one_by_one) {
  const auto budget = std::make_shared<Budget>(uint64_t{100} << 20);
  constexpr std::size_t bytes = 16 << 20, page = 4096;
  Buffer buffer;
  CHECK(buffer.ensure(bytes, budget, false), "no memory");
  buffer.data()[bytes / 2] = 7;
  std::vector<unsigned char> there(bytes / page);
  CHECK(mincore(buffer.data(), bytes, there.data()) == 0, "mincore");
  const auto count = std::count_if(there.begin(), there.end(), [](unsigned char c) { return (c & 1) != 0; });
  CHECK(count >= 1 && count < 512, "%td pages for one byte", count);
  buffer.join();
  CHECK(buffer.data()[bytes / 2] == 7 && buffer.data()[0] == 0, "contents");
}

TEST(slab_runs_are_apart_and_counted) {
  const auto budget = std::make_shared<Budget>(uint64_t{100} << 20);
  constexpr std::size_t sizes[] = {1, 100, 5000, 3 << 20, 40 << 20};
  SlabRun runs[std::size(sizes)];
  for (std::size_t i = 0; i < std::size(sizes); ++i) {
    CHECK(runs[i].ensure(sizes[i], budget), "no %zu bytes", sizes[i]);
    CHECK(reinterpret_cast<std::uintptr_t>(runs[i].data()) % alignment == 0, "%zu bytes are not aligned", sizes[i]);
    std::memset(runs[i].data(), int(i + 1), sizes[i]);
  }
  {
    SlabRun between;  // its pages go back, its neighbours' stay
    CHECK(between.ensure(1 << 20, budget), "no further run");
    std::memset(between.data(), 99, 1 << 20);
    SlabRun refused;
    CHECK(!refused.ensure(uint64_t{90} << 20, budget) && !refused.data(), "the budget was passed");
  }
  for (std::size_t i = 0; i < std::size(sizes); ++i)
    CHECK(runs[i].data()[0] == char(i + 1) && runs[i].data()[sizes[i] - 1] == char(i + 1), "run %zu was written over", i);
  CHECK(budget->used() > (43u << 20) && budget->used() < (44u << 20), "%llu bytes counted", static_cast<unsigned long long>(budget->used()));
  const uint64_t before = budget->used();
  auto gone = std::make_unique<SlabRun>();
  CHECK(gone->ensure(1000, budget) && budget->used() > before, "nothing was counted");
  gone.reset();
  CHECK(budget->used() == before, "the count did not go back");
}

TEST(pool_runs_every_chunk_once) {
  for (int threads : {1, 2, 3, 5}) {
    Pool pool({threads, 50, false});
    std::vector<std::atomic<int>> hits(1000);
    for (int round = 0; round < 300; ++round) {
      const int chunks = 1 + round * 7 % 1000;
      for (auto& hit : hits) hit.store(0, std::memory_order_relaxed);
      std::atomic<bool> strange{false};
      parallel_for(pool, chunks, [&](int chunk, int thread) {
        if (thread < 0 || thread >= threads) strange = true;
        hits[chunk].fetch_add(1, std::memory_order_relaxed);
      });
      int wrong = 0;
      for (int i = 0; i < 1000; ++i) wrong += hits[i].load() != (i < chunks);
      CHECK(wrong == 0 && !strange, "%d threads, %d chunks: %d wrong", threads, chunks, wrong);
      if (round % 100 == 50) std::this_thread::sleep_for(std::chrono::milliseconds(2));  // workers fall asleep
    }
  }
}

TEST(pool_publishes_what_chunks_wrote) {
  Pool pool({3, 20, false});
  std::vector<int> values(64), sums(64);
  pool.enter();
  for (int round = 1; round <= 200; ++round) {
    parallel_for(pool, 64, [&](int chunk, int) { values[chunk] = round + chunk; });
    parallel_for(pool, 64, [&](int chunk, int) { sums[chunk] = values[63 - chunk] + values[chunk]; });
    for (int i = 0; i < 64; ++i) CHECK(sums[i] == 2 * round + 63, "round %d: %d", round, sums[i]);
  }
  pool.leave();
}

TEST(pool_behind_rests_while_others_compute) {
  PoolOptions options{1, 0, false};
  options.standing = Standing::behind;
  Pool behind(options), other({2, 0, false});
  const auto milliseconds = [&] {
    const auto begin = std::chrono::steady_clock::now();
    parallel_for(behind, 10, [](int, int) {
      for (const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(1); std::chrono::steady_clock::now() < until;) {
      }
    });
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
  };
  behind.enter();
  const double alone = std::min({milliseconds(), milliseconds(), milliseconds()});
  other.enter();
  const double beside = milliseconds();
  other.leave();
  behind.leave();
  CHECK(alone < 60, "alone %.1f ms", alone);
  CHECK(beside > 100, "beside another team %.1f ms", beside);
}

TEST(pool_survives_fork) {
  Pool pool({2, 20, false});
  int sum = 0;
  const pid_t child = fork();
  if (child == 0) {
    parallel_for(pool, 10, [&](int chunk, int) { sum += chunk; });
    _exit(sum == 45 ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  CHECK(status == 0, "the child ended with %d", status);
}

// Two threads beside a process that never sleeps: at worst one core is lost, never the time for which the scheduler takes a worker away,
// region by region. Generous, and one good round of several is enough, as this machine may have other work, too.
TEST(pool_beside_a_busy_process) {
  const pid_t busy = fork();
  if (busy == 0) {
    const pid_t parent = getppid();
    while (getppid() == parent) {
    }
    _exit(0);
  }
  const auto seconds = [](int threads) {
    Pool pool({threads, 50, false});
    std::vector<double> sums(8 * 16);
    pool.enter();
    const auto begin = std::chrono::steady_clock::now();
    for (int region = 0; region < 300; ++region)
      parallel_for(pool, 8, [&](int chunk, int) {
        for (int i = 0; i < 3000; ++i) sums[chunk * 16] += 1.0 / (i + region + 1);
      });
    pool.leave();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  };
  double least = 1e30;
  for (int round = 0; round < 20 && least > 2.5; ++round) {
    const double one = seconds(1);
    least = std::min(least, seconds(2) / one);
  }
  kill(busy, SIGKILL);
  waitpid(busy, nullptr, 0);
  CHECK(least <= 2.5, "beside a busy process two threads take %.1f times as long as one", least);
}
TEST(pages_of_others_keep_what_they_hold) {
  const size_t size = 9 << 20;
  std::vector<uint8_t> bytes(size, 7);
  for (const auto& [from, length] : {std::pair<size_t, size_t>{100, size - 200}, {0, size}, {4095, 1}, {4095, 4097}, {1, 4094}, {0, 0}}) join_pages(bytes.data() + from, length);
  CHECK(std::count(bytes.begin(), bytes.end(), 7) == static_cast<std::ptrdiff_t>(size), "bytes changed");
}

