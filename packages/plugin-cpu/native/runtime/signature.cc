// Making what belongs to a shape signature: sizes, bound steps, the arena's layout.
#include "runtime/signature.h"

#include <algorithm>
#include <utility>

#include "base/memory.h"
#include "runtime/segment.h"
#include "runtime/sub_executor.h"

namespace cuvee {
namespace {
constexpr uint64_t shared_from = uint64_t{2} << 20;  // bytes of a constant that all threads pack together
}

Signature::~Signature() = default;

size_t Signature::bytes() const {
  size_t bytes = sizeof(Signature) + (key.capacity() + registers.capacity() + dims.capacity()) * 8 + tensors.capacity() * sizeof(Resolved);
  const auto own = [](const Context& c) { return sizeof(Context) + c.views.capacity() * sizeof(TensorView) + c.values.capacity() * sizeof(ArgValue); };
  constexpr size_t state = 1024;  // about what a kernel's tables take
  for (const auto& c : steps) bytes += own(*c) + state;
  for (const auto& segment : segments)
    for (const auto& worker : segment->workers)
      for (const auto& c : worker) bytes += own(*c);
  return bytes;
}

bool Context::is_constant(int i) const { return i >= 0 && static_cast<size_t>(i) < constants.size() && constants[static_cast<size_t>(i)]; }

std::shared_ptr<Packed> Context::pack(int i, std::string_view format, size_t bytes, Fill fill, const void* argument) {
  if (!is_constant(i)) return nullptr;
  const TensorView& from = in[static_cast<size_t>(i)];
  const auto& blob = constants[static_cast<size_t>(i)];
  std::string key = blob->identity;
  key.append("+").append(std::to_string(static_cast<const uint8_t*>(from.data) - blob->data)).append("|");
  for (int d = 0; d < from.rank; ++d) key.append(std::to_string(from.dims[d])).append(",");
  key.append(std::to_string(static_cast<int>(from.type))).append("|").append(format);
  KeptPacks& kept = *executor->env_.packs;
  std::shared_ptr<Packed> made;
  {
    std::lock_guard lock(kept.mutex);
    if (const auto found = kept.packs.find(key); found != kept.packs.end()) made = found->second;
  }
  if (!made) {
    made = find_packed(key, bytes, executor->env_.budget, fill, from, argument, packs_alone ? *alone() : *executor->env_.pool);
    if (!made) {
      failure = Status::fail("OUT_OF_MEMORY", "packing a constant into " + std::to_string(bytes) + " bytes: " + std::to_string(budget->used()) + " of " + std::to_string(budget->limit()) + " allowed bytes are in use");
      return nullptr;
    }
    std::lock_guard lock(kept.mutex);
    kept.packs.emplace(std::move(key), made);
  }
  packed[static_cast<size_t>(i)] = std::max<uint64_t>(bytes, 1);
  return made;
}

bool Context::allocate(int i, std::span<const int64_t> dims) {
  if (i < 0 || static_cast<size_t>(i) >= out.size()) return false;
  TensorView& view = out[static_cast<size_t>(i)];
  const int32_t tensor = step->outputs[static_cast<size_t>(i)];
  if (dims.size() != static_cast<size_t>(view.rank)) {
    failure = Status::fail("SHAPE_MISMATCH", "output " + std::to_string(i) + " turned out to have rank " + std::to_string(dims.size()) + " instead of " + std::to_string(view.rank));
    return false;
  }
  if (executor->plan_.tensors[tensor].storage != Storage::dynamic) {
    if (std::equal(dims.begin(), dims.end(), view.dims)) return true;
    failure = Status::fail("SHAPE_MISMATCH", "output " + std::to_string(i) + " turned out to have another shape than the model says");
    return false;
  }
  if (executor->allocate(tensor, dims, view)) return true;
  failure = Status::fail("OUT_OF_MEMORY", "output " + std::to_string(i) + ": " + std::to_string(budget->used()) + " of " + std::to_string(budget->limit()) + " allowed bytes are in use");
  return false;
}

bool Context::read_state(int i, int64_t state, const TensorView& initial) {
  const int32_t tensor = step->outputs[static_cast<size_t>(i)];
  const auto& states = executor->plan_.states;
  if (executor->plan_.tensors[tensor].storage != Storage::dynamic || state < 0 || static_cast<size_t>(state) >= states.size()) {
    failure = Status::fail("MODEL_INVALID", "reads a variable that is not there");
    return false;
  }
  if (executor->read_state(tensor, static_cast<size_t>(state), initial, out[static_cast<size_t>(i)])) return true;
  failure = Status::fail("OUT_OF_MEMORY", "state \"" + std::string(states[static_cast<size_t>(state)].name) + "\": " + std::to_string(budget->used()) + " of " + std::to_string(budget->limit()) + " allowed bytes are in use");
  return false;
}

bool Context::cancelled() const { return executor->env_.cancel->load(std::memory_order_relaxed); }

SubPlan& Context::plan(int i) { return executor->sub(step->plans[static_cast<size_t>(i)]); }

Status Executor::build(uint32_t level, Signature& signature) {
  if (level) {
    signature.registers = levels_[level - 1].current->registers;
  } else {
    signature.registers.resize(plan_.shapes.registers());
    plan_.shapes.start(signature.registers.data());
  }
  const PlanLevel& plan = plan_.levels[level];
  for (size_t i = 0; i < plan.bindings.size(); ++i) signature.registers[plan.bindings[i].reg] = bound_[i];
  if (Status s = plan_.shapes.run_level(signature.registers.data(), level); !s.ok()) return s;
  if (Status s = resolve(level, signature); !s.ok()) return s;
  for (const PlanSegment& segment : plan.segments) cut_strips(plan, segment, signature, resolved_, env_, banned_);
  if (Status s = bind_steps(level, signature); !s.ok()) return s;
  if (!plan_segments(signature, plan_, env_, banned_)) return Status::fail(again, {});
  return lay_out(level, signature);
}

// Sizes of all tensors that the level sees.
Status Executor::resolve(uint32_t level, Signature& signature) {
  const PlanLevel& plan = plan_.levels[level];
  size_t numbers = 0;
  for (const int32_t t : plan.tensors) numbers += plan_.tensors[t].dims.size();
  signature.dims.resize(numbers + 1);
  signature.tensors.reserve(plan.tensors.size());
  std::fill(resolved_.begin(), resolved_.end(), -1);
  int64_t* at = signature.dims.data();
  for (const int32_t t : plan.tensors) {
    const PlanTensor& tensor = plan_.tensors[t];
    TensorView view;
    view.type = tensor.type;
    view.layout = tensor.layout;
    view.rank = static_cast<int>(tensor.dims.size());
    view.dims = at;
    for (const uint32_t reg : tensor.dims) *at++ = signature.registers[reg];
    const auto bad = [&](const std::string& what) { return Status::fail("SHAPE_MISMATCH", "tensor \"" + std::string(tensor.name) + "\" " + what); };
    if (!measure(view, plan_.block)) return bad("has a negative or too large dimension, or more than 2^40 elements");
    int64_t offset = 0;
    if (tensor.storage == Storage::view) {
      const Resolved& base = signature.tensors[static_cast<size_t>(resolved_[tensor.link])];
      const int64_t shift = tensor.offset_register < 0 ? 0 : signature.registers[tensor.offset_register];
      const int64_t unit = tensor.layout == Layout::blocked ? 64 : std::max<int64_t>(1, static_cast<int64_t>(type_bits(tensor.type) / 8));
      if (shift < 0 || shift > base.bytes || view.bytes > base.bytes - shift || shift % unit != 0) return bad("lies outside the tensor that it is a view of");
      offset = base.offset + shift;
    }
    const Storage root = plan_.tensors[tensor.root].storage;
    const bool moving = root != Storage::arena ? root != Storage::weight || program_.computes_weights : plan_.tensors[tensor.root].next_state >= 0;
    resolved_[t] = static_cast<int32_t>(signature.tensors.size());
    signature.tensors.push_back({t, view.dims, view.size, view.bytes, offset, moving});
  }
  return {};
}

// Families bind on all threads: most of it is packing of weights. A step with a large constant comes after the others, so that all
// threads share its packing, and so does one with sub-plans, which are made when they are first asked for. Where kernels are measured, all
// are alone.
Status Executor::bind_steps(uint32_t level, Signature& signature) {
  const PlanLevel& plan = plan_.levels[level];
  const uint32_t count = static_cast<uint32_t>(plan.steps.size());
  signature.steps.reserve(count);
  for (uint32_t s = 0; s < count; ++s)
    if (Status status = place_step(level, s, signature); !status.ok()) return fail(plan.steps[s], std::move(status));
  for (const PlanSegment& segment : plan.segments) cut_bands(segment, signature, env_, banned_);
  std::vector<uint32_t> together, alone_each;
  for (uint32_t s = 0; s < count; ++s) {
    const Context& c = *signature.steps[s];
    if (c.skip || !c.step->family->bind) continue;
    uint64_t constant = 0;
    for (size_t i = 0; i < c.constants.size(); ++i)
      if (c.constants[i]) constant = std::max(constant, static_cast<uint64_t>(c.views[i].bytes));
    (c.step->plans.empty() && constant < shared_from && !env_.tune ? together : alone_each).push_back(s);
  }
  std::vector<Status> statuses(count);
  const auto bind = [&](uint32_t s, bool shared) {
    Context& c = *signature.steps[s];
    c.packs_alone = shared;
    statuses[s] = guarded([&] { return c.step->family->bind(c); });
    if (!c.failure.ok()) statuses[s] = std::exchange(c.failure, {});
  };
  parallel_for(*env_.pool, static_cast<int>(together.size()), [&](int i, int) { bind(together[static_cast<size_t>(i)], true); });
  for (const uint32_t s : alone_each) bind(s, false);
  for (uint32_t s = 0; s < count; ++s) {
    if (!statuses[s].ok()) return fail(plan.steps[s], std::move(statuses[s]));
    Context& c = *signature.steps[s];
    for (size_t i = 0; i < c.constants.size(); ++i)
      if (c.packed[i] || c.skip) {
        c.constants[i].reset();
        c.views[i].data = nullptr;
      }
  }
  return {};
}

// A step's views, sizes and arguments.
Status Executor::place_step(uint32_t level, uint32_t index, Signature& signature) {
  const PlanStep& step = plan_.levels[level].steps[index];
  signature.steps.push_back(std::make_unique<Context>());
  Context& c = *signature.steps.back();
  c.executor = this;
  c.step = &step;
  c.action = step.action;
  c.kernels = env_.kernels;
  c.block = static_cast<int>(plan_.block);
  c.budget = env_.budget;
  c.accurate = env_.accurate;
  c.tune = env_.tune;
  c.strings = env_.strings;
  c.state = &c.own_state;
  c.pool = env_.pool;
  const size_t ins = step.inputs.size();
  c.views.resize(ins + step.outputs.size());
  c.in = std::span(c.views).first(ins);
  c.out = std::span(c.views).subspan(ins);
  c.packed.resize(ins);
  c.constants.resize(ins);
  c.open_dims.resize(step.outputs.size());
  for (size_t i = 0; i < c.views.size(); ++i) {
    const int32_t t = i < ins ? step.inputs[i] : step.outputs[i - ins];
    if (t < 0) continue;
    TensorView& view = c.views[i];
    view = tensors_[t];
    view.data = nullptr;
    view.absent = false;
    const PlanTensor& root = plan_.tensors[plan_.tensors[t].root];
    if (i >= ins && root.storage == Storage::dynamic) {
      auto& open = c.open_dims[i - ins];
      for (const uint32_t reg : plan_.tensors[t].dims) open.push_back(signature.registers[reg] == Shapes::unknown ? -1 : signature.registers[reg]);
      view.absent = true;
      view.dims = open.data();
      continue;
    }
    const Resolved& r = signature.tensors[static_cast<size_t>(resolved_[t])];
    view.dims = r.dims;
    view.size = r.size;
    view.bytes = r.bytes;
    view.row0 = 0;
    view.rows = view.rank > 2 ? view.dims[2] : 0;
    view.col0 = 0;
    view.cols = view.rank > 3 ? view.dims[3] : 0;
    if (root.storage == Storage::weight && !(program_.computes_weights && plan_.weights[root.link].computed)) {
      auto& blob = c.constants[i];
      if (Status s = acquire(static_cast<uint32_t>(root.link), blob); !s.ok()) return s;
      if (static_cast<uint64_t>(r.offset) + static_cast<uint64_t>(r.bytes) > blob->bytes)
        return Status::fail("MODEL_INVALID", "constant \"" + std::string(plan_.tensors[t].name) + "\" has " + std::to_string(blob->bytes) + " bytes, its shape needs " + std::to_string(r.bytes));
      view.data = const_cast<uint8_t*>(blob->data) + r.offset;
      continue;
    }
    signature.views.emplace_back(&view, t);
    if (r.moving) signature.moving_views.emplace_back(&view, t);
  }
  c.values.reserve(step.args.size());
  for (const PlanArg& a : step.args) {
    const int64_t value = a.kind == PlanArg::reg ? signature.registers[static_cast<size_t>(a.value.i)] : 0;
    c.values.push_back(a.kind == PlanArg::reg ? ArgValue{value, static_cast<double>(value)} : a.value);
  }
  c.args = c.values;
  c.skip = !step.outputs.empty() && !step.makes_dynamic && std::all_of(c.out.begin(), c.out.end(), [](const TensorView& v) { return v.size == 0; });
  for (const auto& segment : signature.segments)
    if (index >= segment->first && index < segment->first + segment->count) c.pool = alone();
  return {};
}

// Outputs that nothing has written before the level, each with the level's first step that does.
std::vector<std::pair<uint32_t, uint32_t>> Executor::unwritten(uint32_t level) const {
  std::vector<std::pair<uint32_t, uint32_t>> found;
  std::vector<char> seen(plan_.outputs.size());
  for (uint32_t l = 0; l <= level; ++l) {
    const auto& steps = plan_.levels[l].steps;
    for (uint32_t s = 0; s < steps.size(); ++s)
      for (const int32_t t : steps[s].outputs) {
        const PlanTensor& root = plan_.tensors[plan_.tensors[t].root];
        if (root.storage != Storage::output || root.next_state >= 0 || std::exchange(seen[static_cast<size_t>(root.link)], 1)) continue;
        if (l == level && plan_.outputs[static_cast<size_t>(root.link)] == plan_.tensors[t].root) found.emplace_back(root.link, s);
      }
  }
  return found;
}

Status Executor::lay_out(uint32_t level, Signature& signature) {
  const PlanLevel& plan = plan_.levels[level];
  // Steps of a segment in strips run at the same time: what one of them needs, all of them do.
  std::vector<uint32_t> first(plan.steps.size() + 1), last(plan.steps.size() + 1);
  for (uint32_t s = 0; s <= plan.steps.size(); ++s) first[s] = last[s] = s;
  std::vector<char> inner(plan_.tensors.size());
  for (const auto& segment : signature.segments) {
    for (uint32_t s = segment->first; s < segment->first + segment->count; ++s) first[s] = segment->first, last[s] = segment->first + segment->count - 1;
    for (const auto& t : segment->inner) inner[t.tensor] = !t.exit;
  }
  std::vector<Box> boxes;
  std::vector<int32_t> owners;
  boxes.reserve(plan.boxes.size() + 16);
  for (const PlanBox& b : plan.boxes) {
    if (inner[b.tensor]) continue;
    const uint64_t bytes = static_cast<uint64_t>(signature.tensors[static_cast<size_t>(resolved_[b.tensor])].bytes);
    boxes.push_back({bytes, first[b.first], last[b.last], true});
    owners.push_back(b.tensor);
  }
  std::vector<uint64_t*> offsets;
  for (uint32_t s = 0; s < plan.steps.size(); ++s) {
    Context& c = *signature.steps[s];
    if (c.pool == alone() || c.skip || !c.scratch_bytes) continue;  // strips have their own
    boxes.push_back({c.scratch_bytes, s, s});
    offsets.push_back(&c.scratch_offset);
  }
  Box bands{0, 0, 0};  // of all parts in bands: a thread's memory stays where it is, and so in its cache
  for (const auto& segment : signature.segments) {
    if (segment->bands) {
      if (bands.bytes == 0) bands.first = segment->first;
      bands.bytes = std::max(bands.bytes, segment->thread_bytes * segment->workers.size());
      bands.last = segment->first + segment->count - 1;
      continue;
    }
    boxes.push_back({segment->bytes(), segment->first, segment->first + segment->count - 1});
    offsets.push_back(&segment->offset);
  }
  if (bands.bytes) boxes.push_back(bands);
  uint64_t total = 0;
  for (const Box& b : boxes)
    if (b.bytes > uint64_t{1} << 50 || (total += b.bytes) > uint64_t{1} << 60) return Status::fail("OUT_OF_MEMORY", "intermediate tensors of absurd size");
  std::vector<Region> regions;
  std::vector<uint32_t> lenders;
  for (const auto& [output, step] : unwritten(level)) {
    const int32_t t = plan_.outputs[output];
    if (resolved_[t] < 0) continue;
    regions.push_back({static_cast<uint64_t>(signature.tensors[static_cast<size_t>(resolved_[t])].bytes) / alignment * alignment, first[step]});
    lenders.push_back(output);
  }
  signature.arena = plan_arena(boxes, regions);
  std::vector<char> moved(plan_.tensors.size());
  for (size_t i = 0; i < owners.size(); ++i) {
    const int32_t output = boxes[i].region < 0 ? -1 : static_cast<int32_t>(lenders[static_cast<size_t>(boxes[i].region)]);
    signature.places.push_back({owners[i], boxes[i].offset, output});
    if (output < 0) continue;
    moved[owners[i]] = 1;
    if (std::find(signature.lent.begin(), signature.lent.end(), output) == signature.lent.end()) signature.lent.push_back(static_cast<uint32_t>(output));
  }
  if (!signature.lent.empty()) {  // an output's memory may be another in the next run
    for (Resolved& r : signature.tensors) r.moving = r.moving || moved[plan_.tensors[r.tensor].root];
    for (const auto& [view, t] : signature.views)
      if (moved[plan_.tensors[t].root]) signature.moving_views.emplace_back(view, t);
  }
  for (size_t i = 0; i < offsets.size(); ++i) *offsets[i] = boxes[owners.size() + i].offset;
  for (const auto& segment : signature.segments)
    if (segment->bands) segment->offset = boxes.back().offset, segment->thread_bytes = bands.bytes / segment->workers.size();
  return {};
}

}  // namespace cuvee
