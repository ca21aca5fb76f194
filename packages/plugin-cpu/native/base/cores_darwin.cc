#include <sys/sysctl.h>

#include <cstddef>
#include <string>
#include <thread>

#include "base/cores.h"

namespace cuvee {
namespace {

/// A number that the kernel keeps under `name`; 0 when it has none.
int kernel_value(const std::string& name) {
  int value = 0;
  std::size_t size = sizeof value;
  return sysctlbyname(name.c_str(), &value, &size, nullptr, 0) == 0 ? value : 0;
}

}  // namespace

/// Performance levels from the fastest on; macOS has no affinity, so numbers mean nothing but order.
Machine machine_of_process() {
  Machine out;
  const int levels = kernel_value("hw.nperflevels");
  for (int level = 0; level < levels; ++level) {
    const std::string prefix = "hw.perflevel" + std::to_string(level) + ".";
    const int cores = kernel_value(prefix + "physicalcpu"), threads = kernel_value(prefix + "logicalcpu"), first = static_cast<int>(out.cpus.size());
    for (int i = 0; i < threads && cores > 0; ++i) out.cpus.push_back({first + i, first + i % cores, 1 << (levels - level)});
  }
  if (out.cpus.empty()) {
    const int all = static_cast<int>(std::thread::hardware_concurrency()), cores = kernel_value("hw.physicalcpu");
    for (int i = 0; i < all; ++i) out.cpus.push_back({i, cores > 0 ? i % cores : i, 0});
  }
  return out;
}

bool run_on(std::span<const int>) { return false; }

void step_aside(std::span<const int>, int) {}

}  // namespace cuvee
