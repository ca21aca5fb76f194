#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/system.h"

namespace cuvee {

int process_id() { return static_cast<int>(getpid()); }

void at_fork(void (*child)()) { pthread_atfork(nullptr, nullptr, child); }

bool permit_tiles() {
#if defined(__x86_64__)
  constexpr long request = 0x1023, tile_data = 18;  // ARCH_REQ_XCOMP_PERM
  return syscall(SYS_arch_prctl, request, tile_data) == 0;
#else
  return false;
#endif
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

void stand_back() {
  constexpr int less = 10, least = 19;
  // Linux counts niceness by threads; 0 is this one.
  setpriority(PRIO_PROCESS, 0, std::min(least, getpriority(PRIO_PROCESS, 0) + less));
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
