#include "runtime/compiled.h"

#include <functional>

#include "base/cpu.h"
#include "base/shared_work.h"
#include "kernels/table.h"

namespace cuvee {
namespace {

Status link(Program& program, const Plan& plan, const std::vector<std::shared_ptr<const Blob>>& constants, const std::shared_ptr<Budget>& budget) {
  program.plan = &plan;
  std::string seed;
  if (plan.prologue) {
    // What the prologue computes depends on its steps and on the constants, and on nothing else.
    seed = std::to_string(std::hash<std::string_view>{}({reinterpret_cast<const char*>(plan.bytes->data()), plan.bytes->size()})) + "." + std::to_string(plan.bytes->size());
    for (const auto& c : constants) seed.append(".").append(c->identity);
    for (const PlanWeight& w : plan.weights)
      if (w.in_file) seed.append(".").append(w.path).append(":").append(std::to_string(w.offset));
  }
  program.weights = std::make_shared<WeightStore>(plan, constants, budget, seed);
  if (Status s = program.weights->open_files(); !s.ok()) return s;
  for (const auto& inner : plan.plans) {
    if (!inner->states.empty()) return Status::fail("MODEL_UNSUPPORTED", "a variable inside a loop or a branch");
    program.plans.push_back(std::make_unique<Program>());
    if (Status s = link(*program.plans.back(), *inner, constants, budget); !s.ok()) return s;
  }
  if (plan.prologue) {
    program.prologue = std::make_unique<Program>();
    if (Status s = link(*program.prologue, *plan.prologue, constants, budget); !s.ok()) return s;
    program.prologue->weights = program.weights;
    program.prologue->computes_weights = true;
  }
  return {};
}

// Copies constants; many bytes on two threads, since most of the time goes into new pages.
Status copy_all(const std::vector<std::span<const uint8_t>>& constants, const std::shared_ptr<Budget>& budget, int threads, std::vector<std::shared_ptr<const Blob>>& blobs) {
  constexpr uint64_t worth_a_thread = 1 << 20;
  uint64_t bytes = 0;
  for (const auto& c : constants) bytes += c.size();
  blobs.resize(constants.size());
  std::vector<Status> statuses(constants.size());
  const auto copy = [&](size_t i) {
    statuses[i] = guarded([&] { return make_blob(constants[i].data(), constants[i].size(), budget, blobs[i]); });
  };
  if (threads == 1 || bytes < worth_a_thread) {
    for (size_t i = 0; i < constants.size(); ++i) copy(i);
  } else {
    share_work(constants.size(), copy);
  }
  for (Status& s : statuses)
    if (!s.ok()) return std::move(s);
  return {};
}

}  // namespace

Status Compiled::load(std::vector<uint8_t> plan, const std::vector<std::span<const uint8_t>>& constants, const CompiledOptions& options,
                      std::shared_ptr<Compiled>& compiled) {
  auto fresh = std::make_shared<Compiled>();
  fresh->options_ = options;
  fresh->budget_ = std::make_shared<Budget>(options.memory_limit ? options.memory_limit : default_memory_limit());
  fresh->arenas_ = std::make_unique<Arenas>(fresh->budget_);
  if (Status s = Plan::decode(std::move(plan), constants.size(), fresh->plan_); !s.ok()) return s;
  const KernelTable& kernels = kernel_table(default_isa());
  if (fresh->plan_->block != static_cast<uint32_t>(kernels.block) || fresh->plan_->isa != isa_name(kernels.isa))
    return Status::fail("MODEL_INVALID", "the plan was compiled for " + std::string(fresh->plan_->isa) + " with blocks of " + std::to_string(fresh->plan_->block) + ", this process runs " + isa_name(kernels.isa) + " with " + std::to_string(kernels.block));
  std::vector<std::shared_ptr<const Blob>> blobs;
  if (Status s = copy_all(constants, fresh->budget_, options.team.threads, blobs); !s.ok()) return s;
  if (Status s = link(fresh->program_, *fresh->plan_, blobs, fresh->budget_); !s.ok()) return s;
  fresh->streams_ = Streams::get(options.team);
  compiled = std::move(fresh);
  return {};
}

Streams& Compiled::behind() {
  std::call_once(behind_made_, [this] {
    TeamOptions team = options_.team;
    team.threads = team.streams = 1;
    team.spin_microseconds = 0;
    if (team.binding == Binding::pinned) team.binding = Binding::cores;
    team.standing = Standing::behind;
    behind_ = Streams::get(team);
  });
  return *behind_;
}

Request::Request(std::shared_ptr<Compiled> compiled)
    : compiled_(std::move(compiled)), environment_{}, executor_(compiled_->program_, environment_, 1) {
  team_.most = compiled_->streams().most_threads();
  environment_.pool = &team_;
  environment_.budget = compiled_->budget_;
  environment_.arenas = compiled_->arenas_.get();
  environment_.kernels = &kernel_table(default_isa());
  environment_.packs = &compiled_->packs_;
  environment_.cancel = &cancel_;
  environment_.strings = &strings_;
  environment_.accurate = compiled_->options_.accurate;
  environment_.tune = compiled_->options_.tune;
  environment_.profile = compiled_->options_.profile;
  environment_.strips = compiled_->options_.strips;
  compiled_->arenas().join();
}

Request::~Request() { compiled_->arenas().leave(); }

bool Request::begin() {
  if (busy_.exchange(true, std::memory_order_acq_rel)) return false;
  cancel_.store(false, std::memory_order_relaxed);
  return true;
}

Status Request::run(std::span<const TensorView> in, std::span<TensorView> out, Pool& pool) {
  team_.pool = &pool;
  environment_.behind = pool.standing() == Standing::behind;
  const bool flush = compiled_->options_.flush_denormals;
  const bool before = flush && set_flush_denormals(true);
  Status status = guarded([&] {
    strings_.clear();
    return executor_.run(in, out);
  });
  if (flush) set_flush_denormals(before);
  return status;
}

}  // namespace cuvee
