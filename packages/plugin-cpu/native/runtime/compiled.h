// A loaded plan and the requests on it: what the addon holds.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "runtime/executor.h"
#include "runtime/streams.h"
#include "base/strings.h"

namespace cuvee {

struct CompiledOptions {
  TeamOptions team;
  uint64_t memory_limit = 0;  // bytes; 0: the default
  bool flush_denormals = false;
  bool accurate = false;
  bool tune = false;
  bool urgent = false;  // its inferences begin before those of other models that wait for the same threads
  bool profile = false;
  Strips strips = Strips::automatic;
};

// Shared by requests, worker threads and running jobs; freed with the last of them.
class Compiled {
 public:
  static Status load(std::vector<uint8_t> plan, const std::vector<std::span<const uint8_t>>& constants, const CompiledOptions& options,
                     std::shared_ptr<Compiled>& compiled);

  const Plan& plan() const { return *plan_; }
  Streams& streams() const { return *streams_; }
  // One thread that rests most of the time while others compute; made when it is first asked for.
  Streams& behind();
  const std::shared_ptr<Budget>& budget() const { return budget_; }
  const CompiledOptions& options() const { return options_; }
  Arenas& arenas() const { return *arenas_; }

 private:
  friend class Request;
  CompiledOptions options_;
  std::shared_ptr<Budget> budget_;
  std::unique_ptr<Plan> plan_;
  Program program_;
  KeptPacks packs_;
  std::unique_ptr<Arenas> arenas_;
  std::shared_ptr<Streams> streams_, behind_;
  std::once_flag behind_made_;
};

// One inference at a time; the states live here.
class Request {
 public:
  explicit Request(std::shared_ptr<Compiled> compiled);
  ~Request();

  // False when a run is pending: the caller may not start another. `end` follows `begin`.
  bool begin();
  void end() { busy_.store(false, std::memory_order_release); }
  // On the calling thread, which becomes thread 0 of a team.
  Status run(std::span<const TensorView> in, std::span<TensorView> out, Pool& pool);
  // Makes the pending run stop soon, with CANCELLED.
  void cancel() { cancel_.store(true, std::memory_order_relaxed); }

  Executor& executor() { return executor_; }
  const std::shared_ptr<Compiled>& compiled() const { return compiled_; }
  bool busy() const { return busy_.load(std::memory_order_acquire); }

 private:
  std::shared_ptr<Compiled> compiled_;
  std::atomic<bool> busy_{false}, cancel_{false};
  // A team as every team of the streams looks: bound steps count on the same number of threads, whichever team runs them.
  struct Team final : Parallel {
    Pool* pool = nullptr;
    int most = 1;
    int threads() const override { return most; }
    void run(int chunks, ChunkFunction function, void* context) override { pool->run(chunks, function, context); }
    void breathe() override { pool->breathe(); }
  };
  Team team_;
  Environment environment_;
  Strings strings_;
  Executor executor_;
};

}  // namespace cuvee
