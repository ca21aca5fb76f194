#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <thread>

#include "base/system.h"

namespace cuvee {
namespace {

/// Cores allowed by a cgroup quota rounded up; 0 when there is no limit.
int cgroup_cores() {
  if (std::FILE* file = std::fopen("/sys/fs/cgroup/cpu.max", "r")) {
    long long quota = 0, period = 0;
    const int read = std::fscanf(file, "%lld %lld", &quota, &period);
    std::fclose(file);
    return read == 2 && quota > 0 && period > 0 ? static_cast<int>((quota + period - 1) / period) : 0;
  }
  long long values[2] = {0, 0};
  const char* paths[2] = {"/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "/sys/fs/cgroup/cpu/cpu.cfs_period_us"};
  for (int i = 0; i < 2; ++i) {
    std::FILE* file = std::fopen(paths[i], "r");
    if (!file) return 0;
    if (std::fscanf(file, "%lld", &values[i]) != 1) values[i] = 0;
    std::fclose(file);
  }
  return values[0] > 0 && values[1] > 0 ? static_cast<int>((values[0] + values[1] - 1) / values[1]) : 0;
}

}  // namespace

int process_id() { return static_cast<int>(getpid()); }

void at_fork(void (*child)()) { pthread_atfork(nullptr, nullptr, child); }

int allowed_cores() {
  int cores = static_cast<int>(std::thread::hardware_concurrency());
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) cores = CPU_COUNT(&set);
  if (const int limit = cgroup_cores()) cores = std::min(cores, limit);
  return cores;
}

std::uint64_t usable_memory() {
  std::uint64_t total = std::uint64_t{1} << 40;
  const long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGE_SIZE);
  if (pages > 0 && size > 0) total = static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(size);
  for (const char* path : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    std::FILE* file = std::fopen(path, "r");
    if (!file) continue;
    unsigned long long limit = 0;
    if (std::fscanf(file, "%llu", &limit) == 1 && limit > 0) total = std::min<std::uint64_t>(total, limit);
    std::fclose(file);
  }
  return total;
}

void stay_loaded() {}  // the linker marked the library so (-z nodelete)

std::uint64_t second_level_cache() {
#if defined(_SC_LEVEL2_CACHE_SIZE)  // glibc
  if (const long bytes = sysconf(_SC_LEVEL2_CACHE_SIZE); bytes > 0) return static_cast<std::uint64_t>(bytes);
#endif
  unsigned long long kib = 0;
  if (std::FILE* file = std::fopen("/sys/devices/system/cpu/cpu0/cache/index2/size", "r")) {
    if (std::fscanf(file, "%lluK", &kib) != 1) kib = 0;
    std::fclose(file);
  }
  return kib * 1024;
}

}  // namespace cuvee
