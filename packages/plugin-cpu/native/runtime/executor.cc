#include "runtime/executor.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <utility>

#include "base/memory.h"
#include "runtime/segment.h"
#include "runtime/signature.h"
#include "runtime/sub_executor.h"

namespace cuvee {
namespace {

std::string shape_text(const int64_t* dims, int rank) {
  std::string text = "[";
  for (int i = 0; i < rank; ++i) text.append(i ? "," : "").append(std::to_string(dims[i]));
  return text + "]";
}

bool overlap(const void* a, int64_t a_bytes, const void* b, int64_t b_bytes) {
  const auto x = reinterpret_cast<uintptr_t>(a), y = reinterpret_cast<uintptr_t>(b);
  return x < y + static_cast<uintptr_t>(b_bytes) && y < x + static_cast<uintptr_t>(a_bytes);
}

// Element `at` of an integer or float tensor.
bool element(const TensorView& t, uint32_t at, int64_t& value) {
  if (at >= t.size) return false;
  switch (t.type) {
    case Type::i64: case Type::u64: value = t.as<int64_t>()[at]; return true;
    case Type::i32: value = t.as<int32_t>()[at]; return true;
    case Type::u32: value = t.as<uint32_t>()[at]; return true;
    case Type::i16: value = t.as<int16_t>()[at]; return true;
    case Type::u16: value = t.as<uint16_t>()[at]; return true;
    case Type::i8: value = t.as<int8_t>()[at]; return true;
    case Type::u8: case Type::boolean: value = t.as<uint8_t>()[at]; return true;
    case Type::f32: case Type::f64: {
      const double x = t.type == Type::f32 ? t.as<float>()[at] : t.as<double>()[at];
      if (!(x > -9e18 && x < 9e18)) return false;
      value = static_cast<int64_t>(x);
      return true;
    }
    default: return false;
  }
}

}  // namespace

bool measure(TensorView& view, int64_t block) {
  int64_t size = 1, lanes = 1;
  for (int i = 0; i < view.rank; ++i) {
    const int64_t d = view.dims[i];
    if (d < 0 || __builtin_mul_overflow(size, d, &size)) return false;
    const bool channels = view.layout == Layout::blocked && i == 1;
    if (__builtin_mul_overflow(lanes, channels ? (d + block - 1) / block * block : d, &lanes)) return false;
    if (d == 0) {
      for (int k = i + 1; k < view.rank; ++k)
        if (view.dims[k] < 0) return false;
      size = lanes = 0;
      break;
    }
  }
  if (size > max_elements || lanes > max_elements * 64) return false;
  view.size = size;
  // Types of 3 and 6 bits come in groups of 3 bytes.
  const int64_t bits = static_cast<int64_t>(type_bits(view.type)), unit = bits == 3 || bits == 6 ? 3 : 1;
  view.bytes = (lanes * bits + 8 * unit - 1) / (8 * unit) * unit;
  view.rows = view.rank > 2 ? view.dims[2] : 0;
  view.cols = view.rank > 3 ? view.dims[3] : 0;
  view.row0 = view.col0 = 0;
  return true;
}

Executor::Executor(Program& program, Environment& environment, int banks)
    : program_(program), plan_(*program.plan), env_(environment), banks_(banks) {
  const size_t count = plan_.tensors.size();
  tensors_.resize(count);
  birth_.assign(count, -1);
  offset_.assign(count, 0);
  lender_.assign(count, -1);
  spare_.resize(plan_.outputs.size());
  own_dims_.resize(count);
  resolved_.assign(count, -1);
  for (size_t i = 0; i < count; ++i) {
    const PlanTensor& t = plan_.tensors[i];
    tensors_[i].type = t.type;
    tensors_[i].layout = t.layout;
    tensors_[i].rank = static_cast<int>(t.dims.size());
    if (t.storage == Storage::dynamic || t.storage == Storage::input) own_dims_[i].resize(t.dims.size());
  }
  for (int b = 0; b < banks; ++b) {
    dynamic_[b].resize(count);
    outputs_[b].resize(plan_.outputs.size());
    output_dims_[b].resize(plan_.outputs.size());
  }
  given_.resize(plan_.outputs.size());
  output_pointed_.resize(plan_.outputs.size());
  output_direct_.resize(plan_.outputs.size());
  output_at_.resize(plan_.outputs.size());
  levels_.resize(plan_.levels.size());
  states_.resize(plan_.states.size());
  subs_.resize(plan_.plans.size());
  computed_.resize(program.computes_weights ? plan_.weights.size() : 0);
}

Executor::~Executor() = default;

Status Executor::fail(const PlanStep& step, Status status) const {
  if (status.origin.empty() && status.op.empty()) {
    status.origin = step.origins();
    status.op = step.op;
  }
  return status;
}

Status Executor::run(std::span<const TensorView> in, std::span<TensorView> out) {
  bank_ = static_cast<int>(runs_++ % static_cast<uint64_t>(banks_));
  wanted_ = out;
  built_ = false;
  std::fill(output_pointed_.begin(), output_pointed_.end(), 0);
  std::fill(computed_.begin(), computed_.end(), nullptr);
  Status status = bind_inputs(in);
  for (uint32_t l = 0; status.ok() && l < plan_.levels.size(); ++l) {
    status = bind_registers(l);
    if (status.ok()) status = enter_level(l);
    if (status.ok()) status = point(*levels_[l].current);
    if (status.ok()) status = run_steps(l, *levels_[l].current);
  }
  if (status.ok()) status = finish(out);
  if (status.ok() && built_ && program_.prologue) program_.weights->release_computed();
  wanted_ = {};
  give_back();
  return status;
}

Status Executor::bind_inputs(std::span<const TensorView> in) {
  if (in.size() != plan_.inputs.size() || wanted_.size() != plan_.outputs.size())
    return Status::fail("ARGUMENT_INVALID", "the model has " + std::to_string(plan_.inputs.size()) + " inputs and " + std::to_string(plan_.outputs.size()) + " outputs");
  for (size_t i = 0; i < in.size(); ++i) {
    const int32_t t = plan_.inputs[i];
    TensorView& view = tensors_[t];
    const std::string_view name = plan_.tensors[t].name;
    if (in[i].rank != view.rank) return Status::fail("SHAPE_MISMATCH", "input \"" + std::string(name) + "\" has rank " + std::to_string(in[i].rank) + " instead of " + std::to_string(view.rank));
    std::copy_n(in[i].dims, view.rank, own_dims_[t].begin());
    view.dims = own_dims_[t].data();
    if (in[i].type != view.type || !measure(view, plan_.block) || in[i].bytes != view.bytes)
      return Status::fail("TYPE_MISMATCH", "input \"" + std::string(name) + "\" of shape " + shape_text(view.dims, view.rank) + " comes with " + std::to_string(in[i].bytes) + " bytes");
    view.data = in[i].data;
    view.absent = false;
  }
  return bind_states();
}

Status Executor::bind_registers(uint32_t level) {
  bound_.clear();
  for (const PlanBinding& b : plan_.levels[level].bindings) {
    TensorView view = tensors_[b.tensor];
    int64_t value = 0;
    if (!b.element) {
      value = view.dims[b.at];
    } else {
      std::shared_ptr<const Blob> blob;
      const PlanTensor& root = plan_.tensors[plan_.tensors[b.tensor].root];
      if (root.storage == Storage::weight && !program_.computes_weights) {
        if (Status s = acquire(static_cast<uint32_t>(root.link), blob); !s.ok()) return s;
        view.data = const_cast<uint8_t*>(blob->data);
        view.size = static_cast<int64_t>(blob->bytes * 8 / type_bits(view.type));
      }
      if (!element(view, b.at, value))
        return Status::fail("SHAPE_MISMATCH", "tensor \"" + std::string(plan_.tensors[b.tensor].name) + "\" has no element " + std::to_string(b.at) + " to take a size from");
    }
    bound_.push_back(value);
  }
  return {};
}

Status Executor::enter_level(uint32_t level) {
  constexpr size_t most_known = 16, most_bytes = 6 << 20;
  LevelState& state = levels_[level];
  const uint64_t parent = level ? levels_[level - 1].current->id : 0;
  const auto fits = [&](const Signature& s) { return s.parent == parent && s.key == bound_; };
  if (!state.current || !fits(*state.current)) {
    const auto found = std::find_if(state.known.begin(), state.known.end(), [&](const auto& s) { return fits(*s); });
    if (found != state.known.end()) {
      std::rotate(state.known.begin(), found, found + 1);
    } else {
      std::unique_ptr<Signature> fresh;
      banned_ = {};
      for (Status s = Status::fail(again, {}); !s.ok();) {
        if (s.code != again) return s;
        fresh = std::make_unique<Signature>();
        fresh->id = next_signature_++;
        fresh->parent = parent;
        fresh->level = level;
        fresh->key = bound_;
        s = build(level, *fresh);
      }
      state.current = nullptr;
      size_t bytes = fresh->bytes();
      size_t keep = 0;
      while (keep < state.known.size() && keep + 1 < most_known && (bytes += state.known[keep]->bytes()) < most_bytes) ++keep;
      state.known.resize(keep);
      state.known.insert(state.known.begin(), std::move(fresh));
      built_ = true;
    }
    state.current = state.known.front().get();
    for (const auto& [tensor, offset, output] : state.current->places) {
      birth_[tensor] = static_cast<int32_t>(level);
      offset_[tensor] = offset;
      lender_[tensor] = output;
    }
    ++generation_;
  }
  const uint64_t need = state.current->arena.bytes;
  if (need == 0) return {};
  state.arena = env_.arenas->take(need, state.arena_at, !env_.behind);
  if (!state.arena.data()) {
    Status s = Status::fail("OUT_OF_MEMORY", "the intermediate tensors need " + std::to_string(need) + " bytes; " + std::to_string(env_.budget->used()) + " of " + std::to_string(env_.budget->limit()) + " allowed bytes are in use");
    const auto& steps = plan_.levels[level].steps;
    return steps.empty() ? s : fail(steps[std::min<size_t>(state.current->arena.heaviest, steps.size() - 1)], std::move(s));
  }
  if (state.arena.data() != state.arena_at) ++generation_;
  state.arena_at = state.arena.data();
  return {};
}

Status Executor::output_memory(uint32_t index, const TensorView& view, void*& memory) {
  if (!output_pointed_[index]) {
    const TensorView& wanted = wanted_[index];
    bool direct = wanted.data && wanted.bytes == view.bytes && reinterpret_cast<uintptr_t>(wanted.data) % std::max<size_t>(1, type_bits(view.type) / 8) == 0;
    for (const int32_t t : plan_.inputs) direct = direct && !overlap(wanted.data, wanted.bytes, tensors_[t].data, tensors_[t].bytes);
    output_direct_[index] = direct;
    output_pointed_[index] = 1;
    if (direct && wanted.data != output_at_[index] && !env_.behind) {
      output_at_[index] = wanted.data;
      join_pages(wanted.data, static_cast<size_t>(wanted.bytes));
    }
  }
  if (output_direct_[index]) {
    memory = wanted_[index].data;
    return {};
  }
  auto& buffer = outputs_[bank_][index];
  // A buffer that was handed out may still be looked at: it is replaced, not grown in place. So is one that comes back as an input.
  bool fits = buffer && buffer->capacity() >= static_cast<uint64_t>(view.bytes);
  for (const int32_t t : plan_.inputs) fits = fits && !overlap(buffer->data(), static_cast<int64_t>(buffer->capacity()), tensors_[t].data, tensors_[t].bytes);
  if (!fits) buffer = std::make_shared<Buffer>();
  if (!buffer->ensure(static_cast<uint64_t>(view.bytes), env_.budget)) return Status::fail("OUT_OF_MEMORY", "output " + std::to_string(index) + " of " + std::to_string(view.bytes) + " bytes");
  memory = buffer->data();
  return {};
}

// Finds the outputs' memory that holds tensors of the level before it is written.
Status Executor::lend(const Signature& signature) {
  for (const uint32_t index : signature.lent)
    for (const Resolved& r : signature.tensors) {
      if (r.tensor != plan_.outputs[index]) continue;
      if (Status s = point_tensor(r); !s.ok()) return s;
      if (output_direct_[index] && !spare_[index].data()) spare_[index] = env_.arenas->take(static_cast<uint64_t>(r.bytes), nullptr, !env_.behind);
      if (output_direct_[index] && !spare_[index].data())
        return Status::fail("OUT_OF_MEMORY", "the intermediate tensors need " + std::to_string(r.bytes) + " bytes more");
    }
  return {};
}

Status Executor::point_tensor(const Resolved& r) {
  const PlanTensor& tensor = plan_.tensors[r.tensor];
  const PlanTensor& root = plan_.tensors[tensor.root];
  TensorView& view = tensors_[r.tensor];
  const bool own = tensor.root == r.tensor;
  if (own && (root.storage == Storage::input || root.storage == Storage::dynamic || root.storage == Storage::state) &&
      !(root.storage == Storage::input && plan_.inputs[root.link] != r.tensor)) {
    if (!std::equal(r.dims, r.dims + view.rank, view.dims))
      return Status::fail("SHAPE_MISMATCH", "\"" + std::string(tensor.name) + "\" is " + shape_text(view.dims, view.rank) + " where the model says " + shape_text(r.dims, view.rank));
    return {};
  }
  view.dims = r.dims;
  view.size = r.size;
  view.bytes = r.bytes;
  view.absent = false;
  view.rows = view.rank > 2 ? view.dims[2] : 0;
  view.cols = view.rank > 3 ? view.dims[3] : 0;
  void* memory = nullptr;
  if (!own) {
    memory = tensors_[tensor.root].data;
  } else if (root.next_state >= 0) {
    StateValue& state = states_[root.next_state];
    if (!state.next.ensure(static_cast<uint64_t>(r.bytes), env_.budget)) return Status::fail("OUT_OF_MEMORY", "state \"" + std::string(plan_.states[root.next_state].name) + "\" of " + std::to_string(r.bytes) + " bytes");
    memory = state.next.data();
  } else {
    switch (root.storage) {
      case Storage::arena:
        if (const int32_t output = lender_[r.tensor]; output >= 0)
          memory = (output_direct_[output] ? spare_[output].data() : outputs_[bank_][output]->data()) + offset_[r.tensor];
        else
          memory = birth_[r.tensor] < 0 ? nullptr : levels_[birth_[r.tensor]].arena.data() + offset_[r.tensor];
        break;
      case Storage::input: {
        const TensorView& input = tensors_[plan_.inputs[root.link]];
        if (r.bytes > input.bytes) return Status::fail("SHAPE_MISMATCH", "\"" + std::string(tensor.name) + "\" is larger than the input it shows");
        memory = input.data;
        break;
      }
      case Storage::output:
        if (Status s = output_memory(static_cast<uint32_t>(root.link), view, memory); !s.ok()) return s;
        break;
      case Storage::weight:
        if (program_.computes_weights && plan_.weights[root.link].computed) {
          if (!computed_[root.link])
            if (Status s = program_.weights->make_computed(static_cast<uint32_t>(root.link), static_cast<uint64_t>(r.bytes), computed_[root.link]); !s.ok()) return s;
          memory = computed_[root.link];
        }
        break;  // other constants belong to the steps that read them
      default: break;
    }
  }
  view.data = memory ? static_cast<char*>(memory) + r.offset : nullptr;
  return {};
}

Status Executor::point(Signature& signature) {
  const bool all = signature.pointed != generation_;
  if (Status s = lend(signature); !s.ok()) return s;
  for (const Resolved& r : signature.tensors)
    if (all || r.moving)
      if (Status s = point_tensor(r); !s.ok()) return s;
  if (all)
    for (auto& step : signature.steps) step->scratch = levels_[signature.level].arena.data() + step->scratch_offset;
  for (const auto& [view, tensor] : all ? signature.views : signature.moving_views) view->data = tensors_[tensor].data;
  signature.pointed = generation_;
  return {};
}

Status Executor::run_step(const PlanStep& step, Context& context) {
  context.pool = env_.pool;
  if (step.makes_dynamic)
    for (size_t i = 0; i < step.outputs.size(); ++i)
      if (plan_.tensors[step.outputs[i]].storage == Storage::dynamic) {
        context.out[i].absent = true;
        context.out[i].data = nullptr;
        context.out[i].dims = context.open_dims[i].data();
      }
  context.no_memory = false;
  Status status = step.family->run(context);
  if (env_.cancel->load(std::memory_order_relaxed)) return Status::fail("CANCELLED", "the inference was cancelled");
  if (!status.ok()) return fail(step, context.failure.ok() ? std::move(status) : std::exchange(context.failure, {}));
  for (size_t i = 0; i < step.outputs.size(); ++i)
    if (context.out[i].absent) return fail(step, Status::fail("INTERNAL", "output " + std::to_string(i) + " was not allocated"));
  return {};
}

Status Executor::run_steps(uint32_t level, Signature& signature) {
  using Clock = std::chrono::steady_clock;
  const PlanLevel& plan = plan_.levels[level];
  size_t base = 0;
  if (env_.profile) {
    for (uint32_t l = 0; l < level; ++l) base += plan_.levels[l].steps.size();
    nanoseconds_.resize(base + plan.steps.size());
    std::fill(nanoseconds_.begin() + static_cast<ptrdiff_t>(base), nanoseconds_.end(), 0);
  }
  size_t segment = 0;
  for (size_t s = 0; s < plan.steps.size();) {
    if (env_.cancel->load(std::memory_order_relaxed)) return Status::fail("CANCELLED", "the inference was cancelled");
    const Clock::time_point start = env_.profile ? Clock::now() : Clock::time_point{};
    size_t next = s + 1;
    if (segment < signature.segments.size() && signature.segments[segment]->first == s) {
      SegmentPlan& strips = *signature.segments[segment++];
      uint64_t* times = env_.profile ? nanoseconds_.data() + base + s : nullptr;
      if (Status status = run_segment(strips, levels_[level].arena.data() + strips.offset, env_, times); !status.ok()) return status;
      s += strips.count;
      continue;
    }
    if (!signature.steps[s]->skip)
      if (Status status = run_step(plan.steps[s], *signature.steps[s]); !status.ok()) return status;
    if (env_.profile) nanoseconds_[base + s] = static_cast<uint64_t>(std::chrono::nanoseconds(Clock::now() - start).count());
    env_.pool->breathe();
    s = next;
  }
  return {};
}

Status Executor::finish(std::span<TensorView> out) {
  for (size_t j = 0; j < out.size(); ++j) {
    const int32_t t = plan_.outputs[j];
    const PlanTensor& tensor = plan_.tensors[t];
    const PlanTensor& root = plan_.tensors[tensor.root];
    TensorView view = tensors_[t];
    std::shared_ptr<const Blob> blob;
    if (root.storage == Storage::weight) {
      if (Status s = acquire(static_cast<uint32_t>(root.link), blob); !s.ok()) return s;
      int64_t offset = 0;
      for (const auto& r : levels_.back().current->tensors)
        if (r.tensor == t) offset = r.offset;
      if (static_cast<uint64_t>(offset + view.bytes) > blob->bytes) return Status::fail("MODEL_INVALID", "constant \"" + std::string(tensor.name) + "\" has too few bytes");
      view.data = const_cast<uint8_t*>(blob->data) + offset;
    }
    auto& dims = output_dims_[bank_][j];
    dims.assign(view.dims, view.dims + view.rank);
    view.dims = dims.data();
    given_[j].reset();
    if (out[j].data && out[j].bytes == view.bytes) {
      if (view.data != out[j].data && view.bytes) std::memmove(out[j].data, view.data, static_cast<size_t>(view.bytes));
      view.data = out[j].data;
    } else if (tensor.storage == Storage::dynamic && dynamic_[bank_][t] && dynamic_[bank_][t]->data() == view.data) {
      given_[j] = dynamic_[bank_][t];
    } else if (tensor.storage == Storage::output && !output_direct_[tensor.link]) {
      given_[j] = outputs_[bank_][tensor.link];
    } else {
      auto& buffer = outputs_[bank_][j];
      if (!buffer || buffer->capacity() < static_cast<uint64_t>(view.bytes)) buffer = std::make_shared<Buffer>();
      if (!buffer->ensure(static_cast<uint64_t>(view.bytes), env_.budget)) return Status::fail("OUT_OF_MEMORY", "output " + std::to_string(j) + " of " + std::to_string(view.bytes) + " bytes");
      if (view.bytes) std::memmove(buffer->data(), view.data, static_cast<size_t>(view.bytes));
      view.data = buffer->data();
      given_[j] = buffer;
    }
    out[j] = view;
  }
  return keep_states();
}

bool Executor::allocate(int32_t t, std::span<const int64_t> dims, TensorView& view) {
  TensorView& live = tensors_[t];
  std::copy(dims.begin(), dims.end(), own_dims_[t].begin());
  live.dims = own_dims_[t].data();
  if (!measure(live, plan_.block)) return false;
  auto& buffer = dynamic_[bank_][t];
  if (!buffer || buffer->capacity() < static_cast<uint64_t>(live.bytes)) buffer = std::make_shared<Buffer>();
  if (!buffer->ensure(static_cast<uint64_t>(live.bytes), env_.budget)) return false;
  live.data = buffer->data();
  live.absent = false;
  view = live;
  return true;
}

SubExecutor& Executor::sub(uint32_t plan) {
  if (!subs_[plan]) subs_[plan] = std::make_unique<SubExecutor>(*program_.plans[plan], env_, plan);
  return *subs_[plan];
}

Status Executor::acquire(uint32_t weight, std::shared_ptr<const Blob>& blob) {
  if (Status s = program_.weights->acquire(weight, blob); !s.ok() || blob) return s;
  if (Status s = run_prologue(); !s.ok()) return s;
  Status s = program_.weights->acquire(weight, blob);
  if (s.ok() && !blob) return Status::fail("INTERNAL", "the prologue did not compute constant " + std::to_string(weight));
  return s;
}

Status Executor::run_prologue() {
  if (!program_.prologue) return Status::fail("MODEL_INVALID", "the plan computes constants but has no prologue");
  std::lock_guard lock(program_.prologue_mutex);
  Executor executor(*program_.prologue, env_, 1);
  Status status = executor.run({}, {});
  program_.weights->publish_computed(status.ok());
  return status;
}

}  // namespace cuvee
