/// The processor's cores as threads see them, and which of them a team takes. What the operating system knows is read in
/// cores_linux.cc, cores_darwin.cc and cores_windows.cc; the choice is the same everywhere.
#pragma once

#include <span>
#include <vector>

namespace cuvee {

struct LogicalCpu {
  int id = 0;     // the operating system's number
  int core = 0;   // the same for threads of one core
  int speed = 0;  // in any unit; the larger, the faster
  bool operator==(const LogicalCpu&) const = default;
};

/// What this process may use.
struct Machine {
  std::vector<LogicalCpu> cpus;  // by ascending number
  double quota = 0;              // processors' worth of time that its control group gets; 0: no limit
};

/// As it is now: affinity and quota may change while a process runs.
Machine machine_of_process();

enum class CoreType : int { any = 0, performance = 1, efficient = 2 };

struct CoreChoice {
  CoreType type = CoreType::any;
  bool siblings = true;  // all threads of a core, or one
  bool operator==(const CoreChoice&) const = default;
};

struct Placement {
  std::vector<int> cpus;  // in the order in which threads should take them: faster cores first, second threads of cores last
  int threads = 1;        // as many as there are, and no more than the quota rounded up
  bool whole = false;     // they are all processors that the process may use, and no quota keeps it from using them
  bool limited = false;   // the quota is less than the processors: who spins takes time from its own work
};

/// Cores from 70 % of the fastest one's speed on count as performance cores: turbo bins of equal cores differ by less, the slower kind by
/// more. A choice that leaves nothing is ignored.
Placement place(const Machine& machine, const CoreChoice& choice);

/// From now on the calling thread runs on these processors only. False where the system has no such thing or refuses.
bool run_on(std::span<const int> cpus);

/// Where one of `taken` is the processor that the calling thread is on, it goes to `place`, if it may, and is as free as before. Without effect
/// where the system has no such thing.
void step_aside(std::span<const int> taken, int place);

}  // namespace cuvee
