// Trees of files as Linux shows them on machines that this one is not.
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "base/cores_linux.h"
#include "runtime/streams.h"
#include "tests/check.h"

#include <sched.h>

using namespace cuvee;

namespace {

class Tree {
 public:
  Tree() { root_ = mkdtemp(name_); }
  ~Tree() { std::filesystem::remove_all(root_); }
  Tree& file(const std::string& path, const std::string& text) {
    const std::filesystem::path at(root_ + path);
    std::filesystem::create_directories(at.parent_path());
    std::ofstream(at) << text << "\n";
    return *this;
  }
  Tree& cpu(int id, const std::string& path, const std::string& text) { return file("/sys/devices/system/cpu/cpu" + std::to_string(id) + "/" + path, text); }
  Machine machine(const std::vector<int>& allowed = {}) const { return {cpus_below(root_, allowed), quota_below(root_)}; }

 private:
  char name_[32] = "/tmp/cuvee-cores-XXXXXX";
  std::string root_;
};

std::string text_of(const std::vector<int>& list) {
  std::string out;
  for (int i : list) out += (out.empty() ? "" : ",") + std::to_string(i);
  return out;
}

void expect(const char* what, const Placement& placed, const std::string& cpus, int threads, bool limited = false, bool whole = false) {
  CHECK(text_of(placed.cpus) == cpus, "%s: processors %s instead of %s", what, text_of(placed.cpus).c_str(), cpus.c_str());
  CHECK(placed.threads == threads && placed.limited == limited, "%s: %d threads, limited %d", what, placed.threads, placed.limited);
  CHECK(placed.whole == whole, "%s: whole %d", what, placed.whole);
}

constexpr CoreChoice everything{CoreType::any, true}, cores{CoreType::any, false}, fast{CoreType::performance, false}, slow{CoreType::efficient, true};

}  // namespace

TEST(cores_of_a_threaded_processor) {
  Tree tree;
  tree.file("/sys/devices/system/cpu/online", "0-7");
  for (int i = 0; i < 8; ++i) tree.cpu(i, "topology/thread_siblings_list", std::to_string(i % 4) + "," + std::to_string(i % 4 + 4));
  expect("all", place(tree.machine(), everything), "0,1,2,3,4,5,6,7", 8, false, true);
  expect("one of each core", place(tree.machine(), cores), "0,1,2,3", 4);
  expect("equal cores are all fast", place(tree.machine(), fast), "0,1,2,3", 4);
  expect("no slow ones: the wish is ignored", place(tree.machine(), slow), "0,1,2,3,4,5,6,7", 8, false, true);
  expect("affinity", place(tree.machine({2, 5, 6}), everything), "2,5,6", 3, false, true);
  expect("affinity to both threads of a core", place(tree.machine({2, 6}), cores), "2", 1);
  tree.file("/sys/devices/system/cpu/smt/active", "0");
  expect("threads of cores switched off", place(tree.machine(), cores), "0,1,2,3,4,5,6,7", 8, false, true);
}

TEST(cores_of_a_hybrid_processor) {
  Tree tree;  // two fast cores with two threads each, four slow ones, as Intel's lists say
  tree.file("/sys/devices/system/cpu/online", "0-7").file("/sys/devices/cpu_core/cpus", "0-3").file("/sys/devices/cpu_atom/cpus", "4-7");
  for (int i = 0; i < 8; ++i) tree.cpu(i, "topology/thread_siblings_list", i < 4 ? (i < 2 ? "0-1" : "2-3") : std::to_string(i));
  expect("fast cores", place(tree.machine(), fast), "0,2", 2);
  expect("fast cores' threads", place(tree.machine(), {CoreType::performance, true}), "0,2,1,3", 4);
  expect("slow cores", place(tree.machine(), slow), "4,5,6,7", 4);
  expect("all: fast first, second threads last", place(tree.machine(), everything), "0,2,4,5,6,7,1,3", 8, false, true);
  expect("held to slow ones", place(tree.machine({5, 6}), fast), "5,6", 2, false, true);
}

TEST(cores_by_capacity_and_frequency) {
  Tree arm;
  arm.file("/sys/devices/system/cpu/online", "0-7").file("/sys/devices/system/cpu/smt/active", "0");
  for (int i = 0; i < 8; ++i) arm.cpu(i, "cpu_capacity", i < 4 ? "325" : i < 7 ? "870" : "1024");
  expect("capacity", place(arm.machine(), fast), "4,5,6,7", 4);
  expect("slow by capacity", place(arm.machine(), slow), "0,1,2,3", 4);
  Tree turbo;
  turbo.file("/sys/devices/system/cpu/online", "0-3");
  for (int i = 0; i < 4; ++i) turbo.cpu(i, "cpufreq/cpuinfo_max_freq", i == 1 ? "5100000" : "4700000");
  expect("turbo bins are one kind", place(turbo.machine(), fast), "0,1,2,3", 4, false, true);
}

TEST(quota_of_control_groups) {
  const auto tree = [](Tree& t) -> Tree& { return t.file("/sys/devices/system/cpu/online", "0-7"); };
  Tree second;
  tree(second).file("/proc/self/cgroup", "0::/app.slice/job.scope").file("/sys/fs/cgroup/app.slice/job.scope/cpu.max", "max 100000");
  expect("no limit", place(second.machine(), everything), "0,1,2,3,4,5,6,7", 8, false, true);
  second.file("/sys/fs/cgroup/app.slice/cpu.max", "250000 100000");
  expect("a group above", place(second.machine(), everything), "0,1,2,3,4,5,6,7", 3, true);
  second.file("/sys/fs/cgroup/app.slice/job.scope/cpu.max", "50000 100000");
  expect("half a processor", place(second.machine(), everything), "0,1,2,3,4,5,6,7", 1, true);
  Tree inside;  // a container that sees the host's path, and its own group as the root of the mount
  tree(inside).file("/proc/self/cgroup", "0::/docker/4f1").file("/sys/fs/cgroup/cpu.max", "400000 100000");
  expect("in a container", place(inside.machine(), everything), "0,1,2,3,4,5,6,7", 4, true);
  Tree first;
  tree(first).file("/proc/self/cgroup", "5:cpuset:/x\n4:cpu,cpuacct:/job\n1:name=systemd:/").file("/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us", "150000");
  first.file("/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us", "100000").file("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1").file("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000");
  expect("version 1", place(first.machine(), everything), "0,1,2,3,4,5,6,7", 2, true);
  Tree wide;
  tree(wide).file("/proc/self/cgroup", "0::/").file("/sys/fs/cgroup/cpu.max", "1600000 100000");
  expect("more than there is", place(wide.machine(), everything), "0,1,2,3,4,5,6,7", 8, false, true);
  Tree broken;
  tree(broken).file("/proc/self/cgroup", "nonsense\n0::").file("/sys/fs/cgroup/cpu.max", "many few").file("/sys/devices/system/cpu/online", "0-1,x,3-,-5");
  expect("files that say nothing", place(broken.machine(), everything), "0,1,3", 3, false, true);
}

TEST(threads_run_where_they_are_told) {
  const Machine machine = machine_of_process();
  const int last = machine.cpus.back().id;
  const auto runs_on = [] {
    cpu_set_t set;
    std::vector<int> out;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
      for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
        if (CPU_ISSET(cpu, &set)) out.push_back(cpu);
    return out;
  };
  // The caller stays where it was; a thread of the pool's own may only run on the last processor.
  const std::vector<int> before = runs_on();
  Pool pool({2, 20, false, {machine.cpus.front().id, last}, true});
  std::vector<int> seen;
  std::atomic<bool> worked{false};
  for (int tries = 0; tries < 1000 && !worked; ++tries)
    parallel_for(pool, 2, [&](int, int thread) {
      if (thread == 1 && !worked) seen = runs_on(), worked = true;
      else if (!worked) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    });
  CHECK(seen == std::vector<int>{last}, "thread 1 runs on %s, not on %d", text_of(seen).c_str(), last);
  CHECK(runs_on() == before, "the caller was moved to %s", text_of(runs_on()).c_str());
  std::thread([&] {
    const int first = machine.cpus.front().id;
    run_on(std::vector<int>{last});
    run_on(before);
    step_aside(std::vector<int>{last}, first);
    CHECK(runs_on() == before, "who steps aside may run on %s only", text_of(runs_on()).c_str());
    run_on(std::vector<int>{last});
    step_aside(std::vector<int>{last}, first);
    CHECK(runs_on() == std::vector<int>{last}, "who may not leave went to %s", text_of(runs_on()).c_str());
  }).join();
  int other = -1;  // where a thread is that stepped aside; the system may move it again at once, so several tries
  for (int tries = 0; tries < 100 && other != machine.cpus.front().id; ++tries)
    std::thread([&] {
      run_on(std::vector<int>{last});
      run_on(before);
      step_aside(std::vector<int>{last}, machine.cpus.front().id);
      other = sched_getcpu();
    }).join();
  CHECK(other == machine.cpus.front().id, "it stepped to %d", other);
  std::thread([&] {
    pool.place(0);
    CHECK(runs_on() == std::vector<int>{machine.cpus.front().id}, "thread 0 runs on %s", text_of(runs_on()).c_str());
  }).join();
}
