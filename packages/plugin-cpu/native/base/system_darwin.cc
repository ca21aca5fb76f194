#include <dlfcn.h>
#include <pthread.h>
#include <pthread/qos.h>
#include <sys/sysctl.h>
#include <unistd.h>

#include <cstddef>

#include "base/system.h"

namespace cuvee {
namespace {

/// A number that the kernel keeps under `name`; 0 when it has none.
std::uint64_t kernel_value(const char* name) {
  std::uint64_t value = 0;
  std::size_t size = sizeof value;
  return sysctlbyname(name, &value, &size, nullptr, 0) == 0 ? value : 0;
}

}  // namespace

int process_id() { return static_cast<int>(getpid()); }

void at_fork(void (*child)()) { pthread_atfork(nullptr, nullptr, child); }

bool permit_tiles() { return false; }

std::uint64_t usable_memory() {
  const std::uint64_t bytes = kernel_value("hw.memsize");
  return bytes ? bytes : std::uint64_t{1} << 40;
}

void stand_back() { pthread_set_qos_class_self_np(QOS_CLASS_UTILITY, 0); }

void stay_loaded() {
  Dl_info self;
  if (dladdr(reinterpret_cast<const void*>(&stay_loaded), &self) && self.dli_fname) dlopen(self.dli_fname, RTLD_LAZY | RTLD_NODELETE);
}

std::uint64_t second_level_cache() {
  const std::uint64_t fast = kernel_value("hw.perflevel0.l2cachesize");  // of the faster cores, where there are two kinds
  return fast ? fast : kernel_value("hw.l2cachesize");
}

}  // namespace cuvee
