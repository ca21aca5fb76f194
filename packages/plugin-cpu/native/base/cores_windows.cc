#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>

#include <algorithm>
#include <thread>

#include "base/cores.h"

namespace cuvee {

/// Of the process's processor group: what its affinity mask speaks of.
Machine machine_of_process() {
  Machine out;
  DWORD_PTR own = 0, all = 0;
  if (!GetProcessAffinityMask(GetCurrentProcess(), &own, &all)) own = 0;
  DWORD bytes = 0;
  GetLogicalProcessorInformationEx(RelationProcessorCore, nullptr, &bytes);
  std::vector<char> facts(bytes);
  if (bytes && GetLogicalProcessorInformationEx(RelationProcessorCore, reinterpret_cast<SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX*>(facts.data()), &bytes))
    for (DWORD at = 0; at < bytes;) {
      const auto& fact = *reinterpret_cast<const SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX*>(facts.data() + at);
      const GROUP_AFFINITY& group = fact.Processor.GroupMask[0];
      for (int cpu = 0, core = -1; cpu < static_cast<int>(sizeof(KAFFINITY) * 8); ++cpu)
        if (group.Group == 0 && (group.Mask >> cpu & 1)) {
          if (core < 0) core = cpu;
          // Classes count from 0, the least efficient ones being the fastest: 1, 4, 16 are far enough apart for `place`.
          if (own == 0 || (own >> cpu & 1)) out.cpus.push_back({cpu, core, 1 << 2 * std::min<int>(fact.Processor.EfficiencyClass, 8)});
        }
      at += fact.Size;
    }
  std::sort(out.cpus.begin(), out.cpus.end(), [](const LogicalCpu& a, const LogicalCpu& b) { return a.id < b.id; });
  if (out.cpus.empty())
    for (int i = 0; i < static_cast<int>(std::thread::hardware_concurrency()); ++i) out.cpus.push_back({i, i, 0});
  return out;
}

bool run_on(std::span<const int> cpus) {
  DWORD_PTR mask = 0;
  for (int cpu : cpus)
    if (cpu >= 0 && cpu < static_cast<int>(sizeof(DWORD_PTR) * 8)) mask |= DWORD_PTR{1} << cpu;
  return mask != 0 && SetThreadAffinityMask(GetCurrentThread(), mask) != 0;
}

void step_aside(std::span<const int>, int) {}

}  // namespace cuvee
