#include "base/cores.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace cuvee {

Placement place(const Machine& machine, const CoreChoice& choice) {
  int fastest = 0;
  for (const LogicalCpu& cpu : machine.cpus) fastest = std::max(fastest, cpu.speed);
  const auto fast = [&](const LogicalCpu& cpu) { return cpu.speed * 10.0 >= fastest * 7.0; };

  struct Candidate {
    bool second, slow;
    int id;
  };
  std::vector<Candidate> chosen;
  std::set<int> cores;
  const auto collect = [&](CoreType type) {
    for (const LogicalCpu& cpu : machine.cpus) {
      if (type != CoreType::any && fast(cpu) != (type == CoreType::performance)) continue;
      const bool second = !cores.insert(cpu.core).second;
      if (!second || choice.siblings) chosen.push_back({second, !fast(cpu), cpu.id});
    }
  };
  collect(choice.type);
  if (chosen.empty()) collect(CoreType::any);
  std::stable_sort(chosen.begin(), chosen.end(), [](const Candidate& a, const Candidate& b) {
    return a.second != b.second ? b.second : a.slow != b.slow && b.slow;
  });

  Placement out;
  for (const Candidate& c : chosen) out.cpus.push_back(c.id);
  out.threads = std::max(1, static_cast<int>(out.cpus.size()));
  if (machine.quota > 0) {
    out.threads = std::min(out.threads, std::max(1, static_cast<int>(std::ceil(machine.quota))));
    out.limited = machine.quota < static_cast<double>(machine.cpus.size());
  }
  out.whole = !out.limited && !chosen.empty() && chosen.size() == machine.cpus.size();
  return out;
}

}  // namespace cuvee
