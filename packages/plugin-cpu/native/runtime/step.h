// What a kernel family sees of a step, and how it registers. Families know no graph and no plan.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace cuvee {

class Pool;
struct KernelTable;

// In the order of core's `elementTypes`.
enum class Type : uint8_t {
  boolean, u1, u2, u3, u4, u6, u8, u16, u32, u64, i2, i4, i8, i16, i32, i64,
  f16, bf16, f32, f64, f8e4m3, f8e5m2, f8e8m0, f4e2m1, nf4, string, dynamic,
};

// plain: row-major. blocked: [N, ceil(C/B), spatial..., B] with zero pad lanes; `dims` stay the logical [N, C, spatial...].
enum class Layout : uint8_t { plain, blocked };

// A tensor with its memory for one run. `dims` has `rank` entries; blocked tensors are 64-byte aligned, others as they come.
struct TensorView {
  void* data = nullptr;
  Type type = Type::dynamic;
  Layout layout = Layout::plain;
  int rank = 0;
  const int64_t* dims = nullptr;
  int64_t size = 0;   // logical elements
  int64_t bytes = 0;  // memory, pad lanes included
  bool absent = true;

  template <class T> T* as() const { return static_cast<T*>(data); }
  int64_t dim(int i) const { return dims[i]; }
};

// An argument, with registers already read.
struct ArgValue {
  int64_t i = 0;
  double f = 0;
};

// Failure text; empty when all went well. Codes as in core's errors.ts.
struct Status {
  const char* code = nullptr;
  std::string message;
  bool ok() const { return code == nullptr; }
  static Status fail(const char* code, std::string message) { return {code, std::move(message)}; }
};

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

// One step of a plan: bound once per shape signature, run once per inference.
class StepContext {
 public:
  std::string_view action;
  std::span<const TensorView> in;
  std::span<TensorView> out;
  std::span<const ArgValue> args;
  const KernelTable* kernels = nullptr;
  Pool* pool = nullptr;
  std::unique_ptr<StepState>* state = nullptr;

  virtual ~StepContext() = default;

  // Scratch memory for this run, 64-byte aligned, asked for in `bind` by `need_scratch`.
  void* scratch = nullptr;
  virtual void need_scratch(size_t bytes) = 0;

  // True when input i is a constant of the plan: its data is there in `bind`, too.
  virtual bool is_constant(int i) const = 0;

  // The packed form of constant input i. `format` must name everything that the bytes depend on beside the constant.
  // `fill` writes `bytes` 64-byte aligned bytes once; it may use the pool. Only in `bind`.
  using Fill = void (*)(void* to, const TensorView& from, const void* argument, Pool& pool);
  virtual std::shared_ptr<Packed> pack(int i, std::string_view format, size_t bytes, Fill fill, const void* argument) = 0;

  // Memory for output i whose size only this step knows (storage `dynamic`); binds its dimensions. Once per output and run.
  // Returns false when the byte budget does not allow it.
  virtual bool allocate(int i, std::span<const int64_t> dims) = 0;

  // True when the request was cancelled: return soon, with any status.
  virtual bool cancelled() const = 0;
};

// A kernel family. `bind` sees shapes and constants, not data; `run` sees everything. Both may be called from any thread,
// never at the same time for one state.
struct Family {
  const char* name;
  Status (*bind)(StepContext&);  // may be null
  Status (*run)(StepContext&);
  // Rows of output y0..y1 of a 4-D step; null when the family cannot run strip by strip.
  // `in` and `out` then hold full logical dims; data pointers address ring rows through `RowWindow`s.
  Status (*run_rows)(StepContext&, int64_t y0, int64_t y1);
  // Input rows that output rows [y0, y1) need: writes [*a0, *a1), before clamping to the image.
  void (*rows_needed)(const StepContext&, int64_t y0, int64_t y1, int64_t* a0, int64_t* a1);
};

// All families, defined in families.cc from the one list there.
std::span<const Family* const> families();
const Family* find_family(std::string_view name);

size_t type_bits(Type type);

}  // namespace cuvee
