#include "runtime/streams.h"

#include <algorithm>

#include "base/cpu.h"
#include "base/system.h"

namespace cuvee {
namespace {

// Never destroyed.
struct Known {
  std::mutex mutex;
  std::vector<std::pair<TeamOptions, std::weak_ptr<Streams>>> all;
};
Known& known() {
  static Known* const it = new Known;
  return *it;
}

}  // namespace

std::shared_ptr<Streams> Streams::get(TeamOptions options) {
  constexpr int most = 1024;
  constexpr int spin_within_quota = 5;  // longer waits would take time that the control group's work then lacks
  const Placement placement = place(machine_of_process(), options.cores);
  if (options.threads <= 0) options.threads = placement.threads;
  options.threads = std::min(options.threads, most);
  options.streams = std::clamp(options.streams, 1, options.threads);
  if (placement.limited) options.spin_microseconds = std::min(options.spin_microseconds, spin_within_quota);
  std::lock_guard lock(known().mutex);
  auto& all = known().all;
  std::erase_if(all, [](const auto& e) { return e.second.expired(); });
  for (const auto& [have, weak] : all)
    if (have == options)
      if (auto streams = weak.lock(); streams && streams->process_ == process_id()) return streams;
  auto fresh = std::make_shared<Streams>(options, placement);
  all.emplace_back(options, fresh);
  return fresh;
}

Streams::Streams(const TeamOptions& options, const Placement& placement)
    : options_(options), process_(process_id()), core_(std::make_shared<Core>()) {
  const int each = options.threads / options.streams, more = options.threads % options.streams;
  const std::vector<int>& cpus = placement.cpus;
  for (int i = 0, next = 0; i < options.streams; ++i) {
    PoolOptions pool{each + (i < more ? 1 : 0), options.spin_microseconds, options.flush_denormals};
    pool.standing = options.standing;
    pool.pin = options.binding == Binding::pinned;
    if (options.binding == Binding::cores) pool.cpus = cpus;
    for (int t = 0; pool.pin && t < pool.threads && !cpus.empty(); ++t, ++next) pool.cpus.push_back(cpus[static_cast<size_t>(next) % cpus.size()]);
    core_->teams.push_back(std::make_unique<Pool>(pool));
    core_->free.push_back(static_cast<size_t>(options.streams - 1 - i));
  }
}

Streams::~Streams() {
  if (process_ != process_id()) {  // a forked child: these threads do not exist here
    for (std::thread& t : dispatchers_) t.detach();
    return;
  }
  {
    std::lock_guard lock(core_->mutex);
    core_->stop = true;
  }
  core_->work.notify_all();
  for (std::thread& t : dispatchers_) {
    if (t.get_id() == std::this_thread::get_id()) t.detach();
    else t.join();
  }
}

Streams::Lease::Lease(std::shared_ptr<Core> core) : core_(std::move(core)) {
  {
    std::unique_lock lock(core_->mutex);
    const uint64_t ticket = core_->next_ticket++;
    core_->turn.wait(lock, [&] { return core_->serving == ticket && !core_->free.empty(); });
    ++core_->serving;
    team_ = core_->free.back();
    core_->free.pop_back();
    if (!core_->free.empty() && core_->serving != core_->next_ticket) core_->turn.notify_all();
  }
  pool().enter();
}

Streams::Lease::~Lease() {
  pool().leave();
  std::lock_guard lock(core_->mutex);
  core_->free.push_back(team_);
  if (core_->serving != core_->next_ticket) core_->turn.notify_all();
}

bool Streams::post(std::function<void(Pool&)> job, bool urgent) {
  if (process_ != process_id()) return false;
  std::lock_guard lock(core_->mutex);
  if (urgent) core_->jobs.insert(core_->jobs.begin() + static_cast<std::ptrdiff_t>(core_->urgent++), std::move(job));
  else core_->jobs.push_back(std::move(job));
  if (dispatchers_.size() < core_->teams.size() && core_->idle < core_->jobs.size()) dispatchers_.emplace_back(dispatch, core_, options_.flush_denormals, options_.standing);
  core_->work.notify_one();
  return true;
}

void Streams::dispatch(std::shared_ptr<Core> core, bool flush_denormals, Standing standing) {
  if (standing == Standing::low) stand_back();
  if (flush_denormals) set_flush_denormals(true);
  size_t placed = ~size_t{0};  // the team whose thread 0 this thread was last
  for (;;) {
    std::function<void(Pool&)> job;
    {
      std::unique_lock lock(core->mutex);
      ++core->idle;
      core->work.wait(lock, [&] { return core->stop || !core->jobs.empty(); });
      --core->idle;
      if (core->jobs.empty()) return;
      job = std::move(core->jobs.front());
      core->jobs.pop_front();
      if (core->urgent > 0) --core->urgent;
    }
    Lease lease(core);
    if (lease.team_ != placed) lease.pool().place(0);
    placed = lease.team_;
    job(lease.pool());
  }
}

}  // namespace cuvee
