/// A team of threads for one inference at a time: spinning fork-join inside an inference, sleep between inferences.
///
/// A region's chunks are split into one contiguous range per thread, so that successive layers give the same pixels to
/// the same core; a thread that has finished its range steals single chunks from the tails of others. The join counts
/// finished chunks, never threads: the caller is thread 0 and can finish everything alone, so a worker that the scheduler
/// took away delays at most the one chunk that it holds. Every range is one 64-bit word (generation, begin, end) taken
/// by compare-exchange, so a late worker cannot touch the next region.
///
/// After fork() the child has no workers; its `run` does everything on the caller. No object with static storage needs
/// destruction. Only acquire/release atomics are used.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/parallel.h"

namespace cuvee {

// How threads compete for processors: as all do; for a small share; as all do, but resting most of the time while other teams compute.
enum class Standing : int { normal = 0, low = 1, behind = 2 };

struct PoolOptions {
  int threads = 1;             // the calling thread included
  int spin_microseconds = 100;  // how long a worker spins and yields after the last region before it sleeps
  bool flush_denormals = false;  // flush-to-zero and denormals-are-zero in the workers (the caller sets its own)
  std::vector<int> cpus = {};    // where the workers may run; empty: anywhere
  bool pin = false;              // thread t runs on cpus[t] alone
  Standing standing = Standing::normal;  // `behind` is for teams of one thread
};

class Pool final : public Parallel {
 public:
  explicit Pool(const PoolOptions& options);
  ~Pool() override;  // joins the workers; no region may be running
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  int threads() const override { return threads_; }
  Standing standing() const { return options_.standing; }
  /// Makes the calling thread run where thread `thread` of this team does, if that is said.
  void place(int thread) const;
  /// Runs `function(context, chunk, thread)` for chunk in [0, chunks), chunks < 2^20; one caller at a time.
  void run(int chunks, ChunkFunction function, void* context) override;
  /// Work behind leaves the processor to other teams when it has had its bite.
  void breathe() override {
    if (options_.standing == Standing::behind) rest();
  }

  /// Brackets an inference: wakes the workers at once and keeps them spinning until `leave`. May be nested.
  void enter();
  void leave();

 private:
  struct alignas(64) Range {
    std::atomic<std::uint64_t> word{0};  // generation << 40 | begin << 20 | end
  };
  struct alignas(64) Region {
    std::atomic<ChunkFunction> function{nullptr};
    std::atomic<void*> context{nullptr};
    std::atomic<int> done{0};
  };

  void worker(int thread);
  void drain(int thread);
  bool take(int from, bool front, std::uint64_t& generation, int& chunk);
  void wake();
  void rest();

  int threads_;
  PoolOptions options_;
  int fork_epoch_;
  std::int64_t rested_ = 0;  // when work behind began its present bite
  std::unique_ptr<Range[]> ranges_;
  Region regions_[2];
  alignas(64) std::atomic<std::uint64_t> generation_{0};
  alignas(64) std::atomic<int> active_{0};
  std::atomic<int> sleepers_{0};
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::condition_variable sleep_;
  std::vector<std::thread> workers_;
};

}  // namespace cuvee
