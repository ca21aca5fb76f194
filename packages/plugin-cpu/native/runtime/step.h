// What a kernel family sees of a step, and how it registers. Families know no graph and no plan.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/parallel.h"

namespace cuvee {

struct KernelTable;
class Budget;
class Strings;

// In the order of core's `elementTypes`.
enum class Type : uint8_t {
  boolean, u1, u2, u3, u4, u6, u8, u16, u32, u64, i2, i4, i8, i16, i32, i64,
  f16, bf16, f32, f64, f8e4m3, f8e5m2, f8e8m0, f4e2m1, nf4, f8e4m3fnuz, f8e5m2fnuz, string, dynamic,
};

// plain: row-major. blocked: [N, ceil(C/B), spatial..., B] with zero pad lanes; `dims` stay the logical [N, C, spatial...].
enum class Layout : uint8_t { plain, blocked };

// A tensor with its memory for one run. `dims` has `rank` entries. Blocked tensors and those in the executor's own memory are
// 64-byte aligned; inputs and outputs in the caller's memory are aligned to their element only.
struct TensorView {
  void* data = nullptr;
  Type type = Type::dynamic;
  Layout layout = Layout::plain;
  bool absent = true;
  int rank = 0;
  const int64_t* dims = nullptr;
  int64_t size = 0;   // logical elements
  int64_t bytes = 0;  // memory, pad lanes included

  // In `run_rows` only: the memory holds rows [row0, row0 + rows) of axis 2, for every image and channel (block); `data`
  // points at row `row0` of the first. So row y of channel block c of image n starts at
  // data + ((n * channel_blocks + c) * rows + (y - row0)) * row_bytes. A whole tensor has row0 = col0 = 0, rows = dims[2], cols = dims[3].
  int64_t row0 = 0;
  int64_t rows = 0;
  // Likewise columns [col0, col0 + cols) of axis 3: a row has cols columns in memory, and `data` points at column `col0`.
  int64_t col0 = 0;
  int64_t cols = 0;

  template <class T> T* as() const { return static_cast<T*>(data); }
  int64_t dim(int i) const { return dims[i]; }
};

// An argument, with registers already read. Integers have `f` set to the same value, floats `i` to the truncated one.
struct ArgValue {
  int64_t i = 0;
  double f = 0;
};

// What stopped a shape program: as ShapeFailure (shape_program.h), with the registers for the message's text.
struct ShapeTrouble {
  uint8_t kind;
  uint32_t index;
  std::vector<int64_t> registers;
  std::vector<uint32_t> path;  // from the plan to the sub-plan that it is of, outermost first
};

// Failure; `code` is null when all went well. Codes as in core's errors.ts. The message need not name the step.
struct Status {
  const char* code = nullptr;
  std::string message;
  std::string origin;  // friendly names of the step's original nodes, and its op; the executor sets them
  std::string op;
  std::shared_ptr<ShapeTrouble> shape;
  bool ok() const { return code == nullptr; }
  static Status fail(const char* code, std::string message) { return {code, std::move(message), {}, {}, nullptr}; }
};

// Runs `body`, which gives a Status; memory that the system does not give becomes OUT_OF_MEMORY instead of an exception.
template <class Body> Status guarded(Body&& body) {
  try {
    return body();
  } catch (const std::exception& e) {
    return Status::fail("OUT_OF_MEMORY", std::string("the system gives no more memory (") + e.what() + ")");
  }
}

// What a family keeps for one step and one shape signature: chosen variant, tables. Freed with the signature.
struct StepState {
  virtual ~StepState() = default;
};

// Bytes made once per process from a constant input, shared by every plan and signature that asks for the same format.
struct Packed {
  virtual ~Packed() = default;
  virtual const void* data() const = 0;
  virtual size_t bytes() const = 0;
};

// A sub-plan of a control step (a loop's body, a branch) with an executor of its own inside the request.
class SubPlan {
 public:
  virtual ~SubPlan() = default;
  virtual int inputs() const = 0;
  virtual int outputs() const = 0;
  virtual Type input_type(int i) const = 0;
  virtual int input_rank(int i) const = 0;
  virtual Type output_type(int i) const = 0;
  virtual int output_rank(int i) const = 0;
  // One inference. Inputs are read in place. An output whose `data` is given is written there when it is of exactly `bytes`
  // bytes (then `data` stays); else `data`, `dims` and sizes are set to memory of the sub-plan, which stays valid until the
  // second-next run, so that a carried value can be an input of the next run.
  virtual Status run(std::span<const TensorView> in, std::span<TensorView> out) = 0;
};

// One step of a plan: bound once per shape signature, run once per inference.
class StepContext {
 public:
  std::string_view action;
  std::span<const TensorView> in;
  std::span<TensorView> out;
  std::span<const ArgValue> args;
  const KernelTable* kernels = nullptr;
  int block = 1;  // B of the blocked layout
  // Runs chunks on the team; on the calling thread alone in a step of a segment, where
  // threads() is 1 in `bind` already.
  Parallel* pool = nullptr;
  std::unique_ptr<StepState>* state = nullptr;
  // Memory that the request may still take; families that allocate by themselves count it here (buffer.h).
  std::shared_ptr<Budget> budget;
  // The run's strings, for those who read or make them; null outside of a request.
  Strings* strings = nullptr;
  // EXECUTION_MODE_HINT=ACCURACY: no variant with more error than the plain sum.
  bool accurate = false;
  // Layers whose kernels were never measured are measured in `bind` (kernels/tuned.h).
  bool tune = false;

  virtual ~StepContext() = default;

  // Scratch memory for this run, 64-byte aligned, asked for in `bind` by `need_scratch`. In `run_rows` each thread has its own.
  void* scratch = nullptr;
  virtual void need_scratch(size_t bytes) = 0;

  // The chosen variant in words, for profiles and `explain`; said in `bind`.
  virtual void set_variant(std::string_view words) = 0;

  // True when input i is a constant of the plan: its data is there in `bind`, too.
  virtual bool is_constant(int i) const = 0;

  // The packed form of constant input i. `format` must name everything that the bytes depend on beside the constant, its type
  // and its dimensions. `fill` writes `bytes` 64-byte aligned bytes once; it may use the pool. Only in `bind`. Null when the
  // memory budget does not allow it. The original's memory may be given back afterwards: a step that packed input i does
  // not read `in[i].data` in `run`.
  using Fill = void (*)(void* to, const TensorView& from, const void* argument, Parallel& pool);
  virtual std::shared_ptr<Packed> pack(int i, std::string_view format, size_t bytes, Fill fill, const void* argument) = 0;

  // Memory for output i whose size only this step knows (storage `dynamic`): before, out[i] is absent and its dims say what is
  // known, -1 where nothing is. Sets out[i] and binds its dimensions. Once per output and run. Returns false when the memory budget does not allow it: fail with OUT_OF_MEMORY.
  virtual bool allocate(int i, std::span<const int64_t> dims) = 0;

  // Makes output i, of storage `dynamic`, the content of a variable: as the runs before left it, else a copy of `initial`.
  // Returns false when the memory budget does not allow it.
  virtual bool read_state(int i, int64_t state, const TensorView& initial) = 0;

  // True when the request was cancelled: return soon, with any status.
  virtual bool cancelled() const = 0;

  // Sub-plans of a control step.
  virtual int plans() const = 0;
  virtual SubPlan& plan(int i) = 0;
};

// Rows [y0, y1) of axis 2 and columns [x0, x1) of axis 3.
struct Window {
  int64_t y0, y1, x0, x1;
};

// A kernel family. `bind` sees shapes and constants, not data; `run` sees everything. Both may be called from any thread,
// never at the same time for one state. A step whose outputs are all empty is neither bound nor run.
struct Family {
  const char* name;
  Status (*bind)(StepContext&);  // may be null
  Status (*run)(StepContext&);
  // A window of a 4-D step's output; null when the family cannot run strip by strip. Called from several threads
  // at once with one state, each on windows and memory of its own (see TensorView::row0); equal to `run` bit by bit.
  Status (*run_rows)(StepContext&, const Window& window) = nullptr;
  // Rows of input i that output rows [y0, y1) need: writes [*a0, *a1), which the executor clamps to the image, and returns
  // true; false when the input is needed whole (weights, per-channel values).
  bool (*rows_needed)(const StepContext&, int i, int64_t y0, int64_t y1, int64_t* a0, int64_t* a1) = nullptr;
  // The same of columns, for windows narrower than the output; null or false when only whole rows will do.
  bool (*columns_needed)(const StepContext&, int i, int64_t x0, int64_t x1, int64_t* a0, int64_t* a1) = nullptr;
  // Rows that cost as much together as one alone: in strips, rows for later steps are made up to multiples of it. 0: not in strips at
  // these sizes. Null: 1.
  int64_t (*row_step)(const StepContext&) = nullptr;
  // Asked before `bind`, of a step that could run in bands of rows, one for each thread: how many rows of input i do two bands side by side
  // both need? -1: all, or (i = -1: of the step as such) it had better run otherwise. Null: never.
  int (*rows_shared)(const StepContext&, int i) = nullptr;
  // Before the strips of a run, once and with all threads: what their windows share and inputs that are needed whole decide.
  Status (*prepare)(StepContext&) = nullptr;
};

// All families, defined in families.cc from the one list there.
std::span<const Family* const> families();
const Family* find_family(std::string_view name);

size_t type_bits(Type type);

}  // namespace cuvee
