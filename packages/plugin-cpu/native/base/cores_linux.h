/// Linux: cores by /sys/devices, quotas by /sys/fs/cgroup.
#pragma once

#include <string>
#include <vector>

#include "base/cores.h"

namespace cuvee {

/// Those of `allowed` that are there (all, when it is empty), as the files below `root` describe them: thread_siblings_list, and for their
/// speed the lists of Intel's hybrid processors, else cpu_capacity, else the highest frequency. One of each thread is the core's number.
std::vector<LogicalCpu> cpus_below(const std::string& root, const std::vector<int>& allowed);

/// The least quota of this process's control group and of those above it, version 2 (cpu.max) and 1 (cpu.cfs_quota_us); 0: no limit.
double quota_below(const std::string& root);

}  // namespace cuvee
