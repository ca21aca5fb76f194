// A Plan decoded from the bytes that src/plan/encode.ts writes. Decoding checks every index, range and order, so that the
// executor can trust the plan; sizes are checked when they are known, for every shape signature.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/shapes.h"
#include "runtime/step.h"

namespace cuvee {

enum class Storage : uint8_t { arena, weight, input, output, state, dynamic, view };

struct PlanTensor {
  Type type;
  Layout layout;
  Storage storage;
  int32_t link;             // weight, input, output, state index, or the tensor that a view is of
  int32_t offset_register;  // of a view; -1: none
  std::string_view name;
  std::vector<uint32_t> dims;  // registers
  int32_t root;                // the tensor that owns the memory: itself but for views
  int32_t next_state = -1;     // state whose next content it is, in the state's memory instead of the arena
};

struct PlanBinding {
  bool element;  // else a dimension
  uint32_t tensor, at, reg;
};

struct PlanArg {
  enum Kind : uint32_t { integer, real, reg } kind;
  ArgValue value;  // of `reg`: i is the register
};

struct PlanStep {
  const Family* family;
  std::string_view action, op;
  std::vector<int32_t> inputs, outputs;  // tensors; inputs may be -1
  std::vector<PlanArg> args;
  std::vector<uint32_t> plans;
  std::vector<std::string_view> origin;
  bool makes_dynamic = false;  // has an output of dynamic storage
  std::string origins() const;
};

struct PlanSegment {
  uint32_t first, count, rows;
  std::vector<int32_t> inner;   // the steps' results, but the last one's
  std::vector<char> exit;       // by inner tensor: only steps outside read it, else only steps inside
  std::vector<uint32_t> reach;  // by inner tensor: the last step that reads it
};

// An arena tensor that is born in the level: steps [first, last] need it. `last` is the number of steps when it outlives them.
struct PlanBox {
  int32_t tensor;
  uint32_t first, last;
};

struct PlanLevel {
  std::vector<PlanStep> steps;
  std::vector<PlanSegment> segments;
  std::vector<int32_t> tensors;  // all that the level's steps see, bases before views
  std::vector<PlanBox> boxes;
  std::vector<PlanBinding> bindings;  // before the level
};

struct PlanState {
  std::string_view name, shape;
  Type type;
  int32_t read, write;
};

struct PlanWeight {
  bool in_file, computed;  // computed: by the prologue
  Type type;
  std::string_view path;
  uint32_t constant;  // index into the constants handed over
  uint64_t offset, length;
};

struct Plan {
  std::shared_ptr<const std::vector<uint8_t>> bytes;  // what the string views point into
  uint32_t block = 0;
  std::string_view isa;
  Shapes shapes;
  std::vector<PlanTensor> tensors;
  std::vector<int32_t> inputs, outputs;
  std::vector<PlanLevel> levels;  // the last may have no steps: it then only binds registers for outputs
  std::vector<PlanState> states;
  std::vector<PlanWeight> weights;
  std::vector<std::unique_ptr<Plan>> plans;
  std::unique_ptr<Plan> prologue;

  // Decodes; `constants` is the number of constants handed over beside the bytes.
  static Status decode(std::vector<uint8_t> bytes, size_t constants, std::unique_ptr<Plan>& plan);
};

// The last part of decoding: order, storage and lifetime of tensors, from which levels learn their boxes and segments
// their inner tensors. A prologue (`is_prologue`) may write constants.
Status check_plan(Plan& plan, bool is_prologue);

inline constexpr int64_t max_elements = int64_t{1} << 40;
inline constexpr int max_plan_depth = 64;

}  // namespace cuvee
