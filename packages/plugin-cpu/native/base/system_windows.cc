#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>

#include <vector>

#include "base/system.h"

namespace cuvee {

int process_id() { return 0; }

void at_fork(void (*)()) {}

void stand_back() { SetThreadPriority(GetCurrentThread(), THREAD_PRIORITY_BELOW_NORMAL); }

void stay_loaded() {
  HMODULE self;
  GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN, reinterpret_cast<LPCWSTR>(&stay_loaded), &self);
}

bool permit_tiles() { return false; }

std::uint64_t usable_memory() {
  MEMORYSTATUSEX memory{};
  memory.dwLength = sizeof memory;
  return GlobalMemoryStatusEx(&memory) ? memory.ullTotalPhys : std::uint64_t{1} << 40;
}

std::uint64_t second_level_cache() {
  DWORD bytes = 0;
  GetLogicalProcessorInformation(nullptr, &bytes);
  std::vector<SYSTEM_LOGICAL_PROCESSOR_INFORMATION> facts(bytes / sizeof(SYSTEM_LOGICAL_PROCESSOR_INFORMATION));
  if (facts.empty() || !GetLogicalProcessorInformation(facts.data(), &bytes)) return 0;
  for (const auto& fact : facts)
    if (fact.Relationship == RelationCache && fact.Cache.Level == 2) return fact.Cache.Size;
  return 0;
}

}  // namespace cuvee
