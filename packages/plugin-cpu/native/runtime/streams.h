// Teams of threads for inferences, shared by all models of the process with the same options, and the threads that start
// asynchronous inferences.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/cores.h"
#include "runtime/pool.h"

namespace cuvee {

// Where threads run: wherever the system likes, on the chosen cores, or each on one of them.
enum class Binding : int { none = 0, cores = 1, pinned = 2 };

struct TeamOptions {
  int threads = 0;  // of all teams together; 0: one for each place that `cores` gives
  int streams = 1;  // teams; each gets its share of the threads, the first ones one more where it does not come out even
  int spin_microseconds = 100;
  bool flush_denormals = false;
  CoreChoice cores = {};
  Binding binding = Binding::none;
  Standing standing = Standing::normal;
  bool operator==(const TeamOptions&) const = default;
};

class Streams {
 public:
  // The teams for these options, made when there are none.
  static std::shared_ptr<Streams> get(TeamOptions options);
  // Ends the threads; no inference may be running. The last owner may be a job on one of them.
  ~Streams();

  int threads() const { return options_.threads; }
  // Of the largest team.
  int most_threads() const { return core_->teams.front()->threads(); }
  int streams() const { return static_cast<int>(core_->teams.size()); }

 private:
  // What the threads hold on to.
  struct Core {
    std::vector<std::unique_ptr<Pool>> teams;
    std::mutex mutex;
    std::condition_variable turn, work;
    std::vector<size_t> free;
    uint64_t next_ticket = 0, serving = 0;
    std::deque<std::function<void(Pool&)>> jobs;  // the urgent ones in front
    size_t urgent = 0;                            // how many of them are
    size_t idle = 0;  // threads that wait for a job
    bool stop = false;
  };

 public:
  // A team for one inference on the calling thread; waits its turn, first come, first served.
  class Lease {
   public:
    explicit Lease(Streams& streams) : Lease(streams.core_) {}
    ~Lease();
    Lease(const Lease&) = delete;
    Pool& pool() { return *core_->teams[team_]; }

   private:
    friend class Streams;
    explicit Lease(std::shared_ptr<Core> core);
    std::shared_ptr<Core> core_;
    size_t team_;
  };

  // Runs `job` on a thread made for this, when a team is free; jobs start in order, urgent ones before others. False after fork(): the
  // threads are gone.
  bool post(std::function<void(Pool&)> job, bool urgent = false);

  Streams(const TeamOptions& options, const Placement& placement);

 private:
  static void dispatch(std::shared_ptr<Core> core, bool flush_denormals, Standing standing);

  const TeamOptions options_;
  const int process_;
  std::shared_ptr<Core> core_;
  std::vector<std::thread> dispatchers_;
};

}  // namespace cuvee
