#include "runtime/pool.h"

#include <algorithm>
#include <chrono>

#include "base/cores.h"
#include "base/cpu.h"
#include "base/system.h"

#if defined(__x86_64__) || defined(_M_X64)
#include <immintrin.h>
#endif

namespace cuvee {
namespace {

constexpr std::uint64_t field = (1u << 20) - 1;
constexpr int spins_before_yield = 1000;

std::atomic<int> fork_epoch{0};  // grows in every forked child

void watch_forks() {
  static std::atomic<bool> watched{false};
  if (!watched.exchange(true)) at_fork([] { fork_epoch.fetch_add(1, std::memory_order_relaxed); });
}

inline void pause() {
#if defined(__x86_64__) || defined(_M_X64)
  _mm_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

std::atomic<int> teams_at_work{0};  // in this process, without those behind

constexpr std::int64_t bite = 500'000;  // nanoseconds that work behind takes at once
constexpr std::int64_t rests = 11;        // how many times as long it rests then
constexpr std::int64_t longest_rest = 50'000'000;

std::int64_t nanoseconds() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

inline void wait_step(int& spins) {
  if (++spins < spins_before_yield) pause();
  else std::this_thread::yield();
}

constexpr std::uint64_t pack(std::uint64_t generation, std::uint64_t begin, std::uint64_t end) {
  return (generation << 40) | (begin << 20) | end;
}

}  // namespace

Pool::Pool(const PoolOptions& options)
    : threads_(options.threads < 1 ? 1 : options.threads), options_(options), ranges_(new Range[threads_]) {
  watch_forks();
  fork_epoch_ = fork_epoch.load(std::memory_order_relaxed);
  workers_.reserve(threads_ - 1);
  for (int thread = 1; thread < threads_; ++thread) workers_.emplace_back([this, thread] { worker(thread); });
}

Pool::~Pool() {
  if (fork_epoch_ != fork_epoch.load(std::memory_order_relaxed)) {
    for (std::thread& thread : workers_) thread.detach();  // a forked child: these threads do not exist here
    return;
  }
  stop_.store(true, std::memory_order_seq_cst);
  wake();
  for (std::thread& thread : workers_) thread.join();
}

void Pool::wake() {
  if (sleepers_.load(std::memory_order_seq_cst) == 0) return;
  { std::lock_guard<std::mutex> lock(mutex_); }
  sleep_.notify_all();
}

void Pool::enter() {
  if (options_.standing != Standing::behind) teams_at_work.fetch_add(1, std::memory_order_relaxed);
  if (threads_ == 1) return;
  // A worker cannot leave its processor: until the system moved the caller from there, some milliseconds later, both would share it.
  if (options_.pin && !options_.cpus.empty()) step_aside(std::span(options_.cpus).subspan(1), options_.cpus.front());
  active_.fetch_add(1, std::memory_order_seq_cst);
  if (fork_epoch_ == fork_epoch.load(std::memory_order_relaxed)) wake();
}

void Pool::leave() {
  if (options_.standing != Standing::behind) teams_at_work.fetch_sub(1, std::memory_order_relaxed);
  if (threads_ > 1) active_.fetch_sub(1, std::memory_order_release);
}

bool Pool::take(int from, bool front, std::uint64_t& generation, int& chunk) {
  std::atomic<std::uint64_t>& word = ranges_[from].word;
  std::uint64_t seen = word.load(std::memory_order_acquire);
  for (;;) {
    const std::uint64_t begin = (seen >> 20) & field, end = seen & field;
    if (begin >= end) return false;
    const std::uint64_t next = front ? seen + (std::uint64_t{1} << 20) : seen - 1;
    if (word.compare_exchange_weak(seen, next, std::memory_order_acq_rel, std::memory_order_acquire)) {
      generation = seen >> 40;
      chunk = static_cast<int>(front ? begin : end - 1);
      return true;
    }
  }
}

void Pool::drain(int thread) {
  for (int offset = 0; offset < threads_;) {
    std::uint64_t generation = 0;
    int chunk = 0;
    const int from = thread + offset < threads_ ? thread + offset : thread + offset - threads_;
    if (!take(from, offset == 0, generation, chunk)) {
      ++offset;
      continue;
    }
    // Holding a chunk of this generation keeps its region alive: it ends only when every chunk is done.
    Region& region = regions_[generation & 1];
    region.function.load(std::memory_order_relaxed)(region.context.load(std::memory_order_relaxed), chunk, thread);
    region.done.fetch_add(1, std::memory_order_release);
  }
}

void Pool::run(int chunks, ChunkFunction function, void* context) {
  if (chunks <= 0) return;
  if (threads_ == 1 || chunks == 1 || fork_epoch_ != fork_epoch.load(std::memory_order_relaxed)) {
    for (int chunk = 0; chunk < chunks; ++chunk) {
      function(context, chunk, 0);
      breathe();
    }
    return;
  }
  const std::uint64_t generation = generation_.load(std::memory_order_relaxed) + 1;
  Region& region = regions_[generation & 1];
  region.function.store(function, std::memory_order_relaxed);
  region.context.store(context, std::memory_order_relaxed);
  region.done.store(0, std::memory_order_relaxed);
  const std::uint64_t stamp = generation & ((1u << 24) - 1);
  for (int thread = 0; thread < threads_; ++thread) {
    const auto begin = static_cast<std::uint64_t>(chunks) * thread / threads_;
    const auto end = static_cast<std::uint64_t>(chunks) * (thread + 1) / threads_;
    ranges_[thread].word.store(pack(stamp, begin, end), std::memory_order_release);
  }
  generation_.store(generation, std::memory_order_seq_cst);
  wake();
  drain(0);
  int spins = 0;
  while (region.done.load(std::memory_order_acquire) != chunks) wait_step(spins);
}

// Between chunks of work behind: leaves the processor to other teams, which then get eleven parts of twelve.
void Pool::rest() {
  const std::int64_t took = nanoseconds() - rested_;
  if (took < bite) return;
  if (teams_at_work.load(std::memory_order_relaxed) > 0) std::this_thread::sleep_for(std::chrono::nanoseconds(std::min(took * rests, longest_rest)));
  rested_ = nanoseconds();
}

void Pool::place(int thread) const {
  const std::span<const int> cpus = options_.cpus;
  if (cpus.empty()) return;
  run_on(options_.pin ? cpus.subspan(static_cast<size_t>(thread) % cpus.size(), 1) : cpus);
}

void Pool::worker(int thread) {
  place(thread);
  if (options_.standing == Standing::low) stand_back();
  if (options_.flush_denormals) set_flush_denormals(true);
  using Clock = std::chrono::steady_clock;
  std::uint64_t last = 0;
  while (!stop_.load(std::memory_order_relaxed)) {
    const std::uint64_t now = generation_.load(std::memory_order_acquire);
    if (now != last) {
      last = now;
      drain(thread);
      continue;
    }
    int spins = 0;
    Clock::time_point idle_since{};
    while (generation_.load(std::memory_order_acquire) == last && !stop_.load(std::memory_order_relaxed)) {
      wait_step(spins);
      if ((spins & 63) != 0 || active_.load(std::memory_order_acquire) > 0) {
        if (active_.load(std::memory_order_relaxed) > 0) idle_since = {};
        continue;
      }
      const Clock::time_point time = Clock::now();
      if (idle_since == Clock::time_point{}) idle_since = time;
      if (time - idle_since < std::chrono::microseconds(options_.spin_microseconds)) continue;
      std::unique_lock<std::mutex> lock(mutex_);
      sleepers_.fetch_add(1, std::memory_order_seq_cst);
      sleep_.wait(lock, [&] {
        return generation_.load(std::memory_order_seq_cst) != last || active_.load(std::memory_order_seq_cst) > 0 ||
               stop_.load(std::memory_order_seq_cst);
      });
      sleepers_.fetch_sub(1, std::memory_order_seq_cst);
      idle_since = {};
      spins = 0;
    }
  }
}

}  // namespace cuvee
