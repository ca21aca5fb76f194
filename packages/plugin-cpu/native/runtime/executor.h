// Runs one plan: binds registers, finds or makes what belongs to the shape signature, runs the levels' steps.
//
// A signature is the list of numbers bound before a level. What is made for one (registers, where tensors lie, bound steps)
// is kept, 16 per level (6 MiB at the most), so that known shapes cost nothing; a new one costs about a millisecond in a large network.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "runtime/arena.h"
#include "runtime/arenas.h"
#include "runtime/buffer.h"
#include "runtime/plan.h"
#include "runtime/step.h"
#include "runtime/weights.h"

namespace cuvee {

// A plan with its constants; shared by all requests.
struct Program {
  const Plan* plan = nullptr;
  std::shared_ptr<WeightStore> weights;  // the prologue has the outer plan's
  std::vector<std::unique_ptr<Program>> plans;
  std::unique_ptr<Program> prologue;
  bool computes_weights = false;  // is itself a prologue
  std::mutex prologue_mutex;
};

// Packed constants that a compiled model keeps alive for all its requests and signatures.
struct KeptPacks {
  std::mutex mutex;
  std::unordered_map<std::string, std::shared_ptr<Packed>> packs;
};

// Whether runs of row-wise steps go in strips: where it pays, wherever possible, nowhere.
enum class Strips : uint8_t { automatic, always, never };

// What one inference runs with.
struct Environment {
  Parallel* pool = nullptr;
  std::shared_ptr<Budget> budget;
  Arenas* arenas = nullptr;
  const KernelTable* kernels = nullptr;
  KeptPacks* packs = nullptr;
  const std::atomic<bool>* cancel = nullptr;
  Strings* strings = nullptr;
  bool accurate = false;
  bool tune = false;
  bool profile = false;
  bool behind = false;  // others go first: pages of the arena come one by one, since a huge one may take milliseconds
  Strips strips = Strips::automatic;
  int64_t panel_columns = 0;  // of strips' panels; 0: chosen from the cache size
};

// What turned out about segments while a signature is made.
struct Banned {
  std::vector<uint32_t> whole;  // first steps of parts that do not go in strips
  std::vector<uint32_t> cuts;   // steps where a part must begin
};

// A variable of a request.
struct StateValue {
  bool set = false;
  std::vector<int64_t> dims;
  Buffer now, next;
};

struct Signature;
struct Resolved;
struct SegmentPlan;
class Context;
class SubExecutor;

// Sets size and bytes of a tensor from its dimensions; false when one is negative or the size is absurd.
bool measure(TensorView& view, int64_t block);

class Executor {
 public:
  // `banks`: how many runs an output's memory outlives (1 or 2).
  Executor(Program& program, Environment& environment, int banks);
  ~Executor();

  // One inference. Inputs have type, rank, dims and data. Outputs with `data` are written there when the bytes fit, else
  // `data` and dims are set to memory that lives as long as `banks` says; `output_buffer` tells which.
  Status run(std::span<const TensorView> in, std::span<TensorView> out);
  std::shared_ptr<Buffer> output_buffer(size_t i) const { return given_[i]; }

  std::vector<StateValue>& states() { return states_; }
  Status get_state(size_t index, std::vector<int64_t>& dims, std::span<const uint8_t>& bytes);
  Status set_state(size_t index, std::span<const int64_t> dims, std::span<const uint8_t> bytes);
  // JSON of the steps of the signatures that ran last, with kernels, bytes, arenas.
  std::string explain() const;
  // Nanoseconds of the last run's steps, level by level.
  const std::vector<uint64_t>& profile() const { return nanoseconds_; }
  // Their kernels: family, action and the variant chosen for the shapes.
  std::vector<std::string> kernels() const;
  // Bytes of the arenas that its last run took, of outputs and states; whether that run met new sizes, so that they may have changed.
  uint64_t memory() const;
  bool changed() const { return built_; }

  const Plan& plan() const { return plan_; }

 private:
  friend class Context;
  struct LevelState {
    std::vector<std::unique_ptr<Signature>> known;  // most recent first
    Signature* current = nullptr;
    Buffer arena;                    // held during a run
    const char* arena_at = nullptr;  // where it was in the last run
  };

  Status bind_inputs(std::span<const TensorView> in);
  Status bind_states();
  Status bind_registers(uint32_t level);
  Status enter_level(uint32_t level);
  Status build(uint32_t level, Signature& signature);
  Status resolve(uint32_t level, Signature& signature);
  Status bind_steps(uint32_t level, Signature& signature);
  Status place_step(uint32_t level, uint32_t step, Signature& signature);
  Status lay_out(uint32_t level, Signature& signature);
  Status point(Signature& signature);
  Status point_tensor(const Resolved& resolved);
  Status run_steps(uint32_t level, Signature& signature);
  Status run_step(const PlanStep& step, Context& context);
  Status finish(std::span<TensorView> out);
  Status keep_states();
  Status run_prologue();
  Status acquire(uint32_t weight, std::shared_ptr<const Blob>& blob);
  bool allocate(int32_t tensor, std::span<const int64_t> dims, TensorView& view);
  bool read_state(int32_t tensor, size_t index, const TensorView& initial, TensorView& view);
  Status output_memory(uint32_t index, const TensorView& view, void*& memory);
  Status lend(const Signature& signature);
  void give_back();
  std::vector<std::pair<uint32_t, uint32_t>> unwritten(uint32_t level) const;
  SubExecutor& sub(uint32_t plan);
  Status fail(const PlanStep& step, Status status) const;

  Program& program_;
  const Plan& plan_;
  Environment& env_;
  const int banks_;
  int bank_ = 0;
  uint64_t runs_ = 0, generation_ = 1, next_signature_ = 1;

  std::vector<TensorView> tensors_;               // by tensor, as they are in this run
  std::vector<int32_t> birth_;                    // by tensor: level whose arena holds it, -1: none
  std::vector<uint64_t> offset_;                  // by tensor: place in that arena
  std::vector<int32_t> lender_;                   // by tensor: output whose memory it lies in instead, -1: none
  std::vector<Buffer> spare_;                     // by output: what is lent where the output's memory is the caller's, during a run
  std::vector<std::vector<int64_t>> own_dims_;    // of inputs and dynamic tensors
  std::vector<std::vector<int64_t>> output_dims_[2];
  std::vector<int32_t> resolved_;                 // by tensor: index in the signature being made, -1: not in it
  std::vector<void*> computed_;                   // by weight: memory that this run computes it in (a prologue)
  Banned banned_;
  bool built_ = false;                            // a signature was made in this run
  std::vector<std::shared_ptr<Buffer>> dynamic_[2], outputs_[2];
  std::vector<std::shared_ptr<Buffer>> given_;    // by output: the memory handed out
  std::span<TensorView> wanted_;                  // the caller's outputs, during a run
  std::vector<char> output_pointed_, output_direct_;
  std::vector<const void*> output_at_;  // memory of the caller that was written last
  std::vector<int64_t> bound_;                    // numbers bound before the level at hand
  std::vector<LevelState> levels_;
  std::vector<StateValue> states_;
  std::vector<std::unique_ptr<SubExecutor>> subs_;
  std::vector<uint64_t> nanoseconds_;
};

}  // namespace cuvee
