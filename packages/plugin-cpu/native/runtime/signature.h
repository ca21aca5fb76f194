// What belongs to one shape signature of one level.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runtime/executor.h"

namespace cuvee {

// A step bound to shapes.
class Context final : public StepContext {
 public:
  Executor* executor = nullptr;
  const PlanStep* step = nullptr;
  std::vector<TensorView> views;  // inputs, then outputs
  std::vector<ArgValue> values;
  std::unique_ptr<StepState> own_state;
  std::string variant;
  uint64_t scratch_bytes = 0, scratch_offset = 0;
  std::vector<uint64_t> packed;                        // by input: bytes of its packed form
  std::vector<std::shared_ptr<const Blob>> constants;  // by input, while needed
  std::vector<std::vector<int64_t>> open_dims;         // by output: of dynamic ones, what is known, -1 where it is not
  bool skip = false;
  bool packs_alone = false;  // other threads bind other steps
  bool no_memory = false;  // why the last `allocate` or `pack` said no
  Status failure;          // or this

  void need_scratch(size_t bytes) override { scratch_bytes = bytes; }
  void set_variant(std::string_view words) override { variant = words; }
  bool is_constant(int i) const override;
  std::shared_ptr<Packed> pack(int i, std::string_view format, size_t bytes, Fill fill, const void* argument) override;
  bool allocate(int i, std::span<const int64_t> dims) override;
  bool read_state(int i, int64_t state, const TensorView& initial) override;
  bool cancelled() const override;
  int plans() const override { return static_cast<int>(step->plans.size()); }
  SubPlan& plan(int i) override;
};


// Multiplications and additions of a step, two for each pair; of all others than products, one for each element of a result.
double flops(const Context& c);

// Code of a failed `build`: a segment turned out to need its tensors whole; it is banned, and building starts again.
inline constexpr const char* again = "AGAIN";

// A tensor's sizes.
struct Resolved {
  int32_t tensor;
  const int64_t* dims;
  int64_t size, bytes, offset;  // offset in the memory of the tensor's root
  bool moving;                  // memory may be another in the next run
};

// Where a tensor of a level lies: in the level's arena, or in the memory of an output that is written later.
struct TensorPlace {
  int32_t tensor;
  uint64_t offset;
  int32_t output;  // -1: in the arena
};

struct Signature {
  uint64_t id = 0, parent = 0;
  uint32_t level = 0;
  std::vector<int64_t> key, registers, dims;
  std::vector<Resolved> tensors;
  std::vector<TensorPlace> places;  // of the tensors born in this level
  std::vector<uint32_t> lent;   // outputs whose memory holds some of them
  std::vector<std::unique_ptr<Context>> steps;
  std::vector<std::unique_ptr<SegmentPlan>> segments;  // parts of the plan's segments that run in strips, in order
  ~Signature();
  std::vector<std::pair<TensorView*, int32_t>> views, moving_views;    // views of steps, and the tensors that they show
  ArenaPlan arena;
  uint64_t pointed = 0;  // generation for which the views point right
  size_t bytes() const;
};

}  // namespace cuvee
