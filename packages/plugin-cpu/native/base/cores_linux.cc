#include "base/cores_linux.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <thread>

namespace cuvee {
namespace {

/// The lines of a small file; none when there is no such file.
std::vector<std::string> lines_of(const std::string& path) {
  std::vector<std::string> out;
  char line[4096];
  std::FILE* file = std::fopen(path.c_str(), "r");
  if (!file) return out;
  while (std::fgets(line, sizeof line, file)) {
    std::string& text = out.emplace_back(line);
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  }
  std::fclose(file);
  return out;
}

/// The first line, or nothing.
std::string line_of(const std::string& path) {
  const std::vector<std::string> lines = lines_of(path);
  return lines.empty() ? std::string() : lines.front();
}

/// "0-3,8,10-11"
std::vector<int> list_of(const std::string& text) {
  constexpr int most = 1 << 16;
  std::vector<int> out;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(',', at), text.size());
    int from = 0, to = 0;
    const int read = std::sscanf(text.substr(at, end - at).c_str(), "%d-%d", &from, &to);
    at = end + 1;
    if (read < 1 || from < 0) continue;
    for (int cpu = from; cpu <= (read == 2 ? std::min(to, most) : from); ++cpu) out.push_back(cpu);
  }
  return out;
}

int number_of(const std::string& path) {
  int value = 0;
  return std::sscanf(line_of(path).c_str(), "%d", &value) == 1 ? value : 0;
}

bool has(const std::vector<int>& list, int value) { return std::find(list.begin(), list.end(), value) != list.end(); }

/// Quota of one group; 0: none.
double quota_of(const std::string& group, bool second_version) {
  long long quota = 0, period = 0;
  if (second_version) {
    if (std::sscanf(line_of(group + "/cpu.max").c_str(), "%lld %lld", &quota, &period) != 2) return 0;
  } else {
    quota = number_of(group + "/cpu.cfs_quota_us"), period = number_of(group + "/cpu.cfs_period_us");
  }
  return quota > 0 && period > 0 ? static_cast<double>(quota) / static_cast<double>(period) : 0;
}

}  // namespace

std::vector<LogicalCpu> cpus_below(const std::string& root, const std::vector<int>& allowed) {
  const std::string devices = root + "/sys/devices/", folder = devices + "system/cpu/";
  std::vector<int> online = list_of(line_of(folder + "online"));
  if (online.empty()) online = allowed;
  const std::vector<int> fast = list_of(line_of(devices + "cpu_core/cpus")), slow = list_of(line_of(devices + "cpu_atom/cpus"));
  const bool hybrid = !fast.empty() && !slow.empty();
  const bool threaded = line_of(folder + "smt/active") != "0";
  std::vector<LogicalCpu> out;
  for (int id : online) {
    if (!allowed.empty() && !has(allowed, id)) continue;
    const std::string own = folder + "cpu" + std::to_string(id) + "/";
    LogicalCpu cpu{id, id, 0};
    if (threaded)
      for (int sibling : list_of(line_of(own + "topology/thread_siblings_list"))) cpu.core = std::min(cpu.core, sibling);
    if (hybrid) cpu.speed = has(fast, id) ? 2 : 1;
    else if (cpu.speed = number_of(own + "cpu_capacity"); cpu.speed == 0) cpu.speed = number_of(own + "cpufreq/cpuinfo_max_freq");
    out.push_back(cpu);
  }
  return out;
}

double quota_below(const std::string& root) {
  double least = 0;
  // Within a container the path may be the host's: what is mounted begins somewhere on it, and every group above counts.
  const auto walk = [&](const std::string& mount, std::string path, bool second_version) {
    for (;;) {
      if (path == "/") path.clear();
      if (const double quota = quota_of(mount + path, second_version); quota > 0) least = least > 0 ? std::min(least, quota) : quota;
      if (path.empty()) return;
      path.resize(path.rfind('/') == std::string::npos ? 0 : path.rfind('/'));
    }
  };
  const std::string mounts = root + "/sys/fs/cgroup";
  for (const std::string& line : lines_of(root + "/proc/self/cgroup")) {  // number:controllers:path
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1), path = line.substr(second + 1);
    if (controllers.empty()) walk(mounts, path, true), walk(mounts + "/unified", path, true);
    else if (("," + controllers + ",").find(",cpu,") != std::string::npos) {
      walk(mounts + "/" + controllers, path, false);
      if (controllers != "cpu") walk(mounts + "/cpu", path, false);
    }
  }
  return least;
}

Machine machine_of_process() {
  static const std::vector<LogicalCpu>* const all = new std::vector(cpus_below("", {}));
  std::vector<int> allowed;
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0)
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
      if (CPU_ISSET(cpu, &set)) allowed.push_back(cpu);
  Machine out;
  for (const LogicalCpu& cpu : *all)
    if (allowed.empty() || has(allowed, cpu.id)) out.cpus.push_back(cpu);
  if (out.cpus.empty())  // no /sys
    for (int i = 0; i < std::max(static_cast<int>(allowed.size()), static_cast<int>(std::thread::hardware_concurrency())); ++i)
      out.cpus.push_back({allowed.empty() ? i : allowed[static_cast<size_t>(i) % allowed.size()], i, 0});
  out.quota = quota_below("");
  return out;
}

bool run_on(std::span<const int> cpus) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (int cpu : cpus)
    if (cpu >= 0 && cpu < CPU_SETSIZE) CPU_SET(cpu, &set);
  return CPU_COUNT(&set) > 0 && sched_setaffinity(0, sizeof set, &set) == 0;
}

void step_aside(std::span<const int> taken, int place) {
  const int here = sched_getcpu();
  if (here == place || std::find(taken.begin(), taken.end(), here) == taken.end()) return;
  cpu_set_t before;
  if (sched_getaffinity(0, sizeof before, &before) != 0 || place < 0 || place >= CPU_SETSIZE || !CPU_ISSET(place, &before)) return;
  if (run_on({&place, 1})) sched_setaffinity(0, sizeof before, &before);
}

}  // namespace cuvee
