// What an executor keeps from one run to the next: states, and memory.
#include <algorithm>
#include <cstring>

#include "runtime/executor.h"
#include "runtime/signature.h"
#include "runtime/sub_executor.h"

namespace cuvee {
namespace {

// Dimensions of a state that was never set: what its shape text says, 0 where that is open.
std::vector<int64_t> initial_dims(std::string_view text, size_t rank) {
  std::vector<int64_t> dims;
  for (size_t at = text.find('[') == text.npos ? 0 : text.find('[') + 1; at < text.size() && dims.size() < rank;) {
    size_t end = text.find_first_of(",]", at);
    if (end == text.npos) end = text.size();
    int64_t value = 0;
    for (const char c : text.substr(at, end - at)) {
      if (c == ' ') continue;
      value = c >= '0' && c <= '9' && value >= 0 && value < max_elements ? value * 10 + (c - '0') : -1;
    }
    dims.push_back(std::max<int64_t>(value, 0));
    at = end + 1;
  }
  dims.resize(rank, 0);
  return dims;
}

}  // namespace

Status Executor::bind_states() {
  for (size_t i = 0; i < states_.size(); ++i) {
    StateValue& state = states_[i];
    TensorView& view = tensors_[plan_.states[i].read];
    if (!state.set) state.dims = initial_dims(plan_.states[i].shape, static_cast<size_t>(view.rank));
    view.dims = state.dims.data();
    if (!measure(view, plan_.block)) return Status::fail("OUT_OF_MEMORY", "state \"" + std::string(plan_.states[i].name) + "\" is too large");
    if (!state.now.ensure(static_cast<uint64_t>(view.bytes), env_.budget)) return Status::fail("OUT_OF_MEMORY", "state \"" + std::string(plan_.states[i].name) + "\" of " + std::to_string(view.bytes) + " bytes");
    if (!state.set) std::memset(state.now.data(), 0, static_cast<size_t>(view.bytes));
    view.data = state.now.data();
    view.absent = false;
  }
  return {};
}

Status Executor::keep_states() {
  for (size_t k = 0; k < states_.size(); ++k) {
    const int32_t t = plan_.states[k].write;
    if (t < 0) continue;
    StateValue& state = states_[k];
    const TensorView& view = tensors_[t];
    if (plan_.tensors[t].next_state != static_cast<int32_t>(k)) {
      if (!state.next.ensure(static_cast<uint64_t>(view.bytes), env_.budget)) return Status::fail("OUT_OF_MEMORY", "state \"" + std::string(plan_.states[k].name) + "\"");
      if (view.bytes) std::memcpy(state.next.data(), view.data, static_cast<size_t>(view.bytes));
    }
    state.dims.assign(view.dims, view.dims + view.rank);
    std::swap(state.now, state.next);
    state.set = true;
  }
  return {};
}

bool Executor::read_state(int32_t t, size_t index, const TensorView& initial, TensorView& view) {
  StateValue& state = states_[index];
  const std::span<const int64_t> dims = state.set ? std::span<const int64_t>(state.dims) : std::span(initial.dims, static_cast<size_t>(initial.rank));
  TensorView& live = tensors_[t];
  if (dims.size() != own_dims_[t].size()) return false;
  std::copy(dims.begin(), dims.end(), own_dims_[t].begin());
  live.dims = own_dims_[t].data();
  if (!measure(live, plan_.block) || !state.now.ensure(static_cast<uint64_t>(live.bytes), env_.budget)) return false;
  if (!state.set && live.bytes) std::memcpy(state.now.data(), initial.data, static_cast<size_t>(live.bytes));
  live.data = state.now.data();
  live.absent = false;
  view = live;
  return true;
}

Status Executor::get_state(size_t index, std::vector<int64_t>& dims, std::span<const uint8_t>& bytes) {
  StateValue& state = states_[index];
  TensorView view = tensors_[plan_.states[index].read];
  dims = state.set ? state.dims : initial_dims(plan_.states[index].shape, static_cast<size_t>(view.rank));
  view.dims = dims.data();
  if (!measure(view, plan_.block) || !state.now.ensure(static_cast<uint64_t>(view.bytes), env_.budget)) return Status::fail("OUT_OF_MEMORY", "state \"" + std::string(plan_.states[index].name) + "\"");
  if (!state.set) std::memset(state.now.data(), 0, static_cast<size_t>(view.bytes));
  bytes = {reinterpret_cast<const uint8_t*>(state.now.data()), static_cast<size_t>(view.bytes)};
  return {};
}

Status Executor::set_state(size_t index, std::span<const int64_t> dims, std::span<const uint8_t> bytes) {
  StateValue& state = states_[index];
  TensorView view = tensors_[plan_.states[index].read];
  view.dims = dims.data();
  const std::string name(plan_.states[index].name);
  if (dims.size() != static_cast<size_t>(view.rank) || !measure(view, plan_.block) || static_cast<size_t>(view.bytes) != bytes.size())
    return Status::fail("SHAPE_MISMATCH", "state \"" + name + "\" has the shape " + std::string(plan_.states[index].shape) + "; what was given does not fit");
  if (!state.now.ensure(static_cast<uint64_t>(view.bytes), env_.budget)) return Status::fail("OUT_OF_MEMORY", "state \"" + name + "\"");
  if (!bytes.empty()) std::memcpy(state.now.data(), bytes.data(), bytes.size());
  state.dims.assign(dims.begin(), dims.end());
  state.set = true;
  return {};
}

uint64_t Executor::memory() const {
  uint64_t bytes = 0;
  for (const LevelState& level : levels_) bytes += level.current ? level.current->arena.bytes : 0;
  for (int b = 0; b < banks_; ++b)
    for (const auto* list : {&dynamic_[b], &outputs_[b]})
      for (const auto& buffer : *list) bytes += buffer ? buffer->capacity() : 0;
  for (const StateValue& state : states_) bytes += state.now.capacity() + state.next.capacity();
  for (const auto& sub : subs_) bytes += sub ? sub->executor().memory() : 0;
  return bytes;
}

void Executor::give_back() {
  const auto give = [&](Buffer& buffer) {
    if (env_.behind) buffer.join();
    env_.arenas->give(std::move(buffer));
  };
  for (LevelState& level : levels_) give(level.arena);
  for (Buffer& buffer : spare_) give(buffer);
}

}  // namespace cuvee
