// What the executor relies on: views end in a tensor that owns memory, nothing is read before it is written, nothing but
// the executor's and the outputs' memory is written, and for each level which tensors live when.
#include <algorithm>

#include "runtime/plan.h"

namespace cuvee {
namespace {

Status bad(const Plan& plan, int32_t tensor, const char* what) {
  return Status::fail("MODEL_INVALID", "the plan's tensor " + std::to_string(tensor) + " (\"" + std::string(plan.tensors[tensor].name) + "\") " + what);
}

constexpr uint32_t never = UINT32_MAX;

struct Life {
  bool ready = false;
  uint32_t level = never;     // in which it is made
  uint32_t first = 0, last = 0;
  bool outlives = false;      // its level
  int writers = 0, views = 0;
  int segment = -1;           // the one whose steps alone touch it, while `segment_only`
  bool segment_only = true;
};

struct Checker {
  Plan& plan;
  bool prologue;
  std::vector<Life> lives;
  std::vector<char> listed;

  Life& life(int32_t t) { return lives[plan.tensors[t].root]; }

  Status roots() {
    const size_t count = plan.tensors.size();
    for (size_t i = 0; i < count; ++i) {
      int32_t at = static_cast<int32_t>(i);
      for (size_t hops = 0; plan.tensors[at].storage == Storage::view; ++hops) {
        if (hops > count) return bad(plan, static_cast<int32_t>(i), "is a view of itself");
        at = plan.tensors[at].link;
      }
      plan.tensors[i].root = at;
      if (plan.tensors[i].storage == Storage::view) ++lives[at].views;
    }
    for (size_t i = 0; i < count; ++i) {
      const PlanTensor& t = plan.tensors[i];
      const auto in = [&](size_t size) { return t.link >= 0 && static_cast<size_t>(t.link) < size; };
      const bool linked = t.storage == Storage::weight  ? in(plan.weights.size())
                          : t.storage == Storage::input ? in(plan.inputs.size())
                          : t.storage == Storage::output ? in(plan.outputs.size())
                          : t.storage == Storage::state ? in(plan.states.size())
                                                        : true;
      if (!linked) return bad(plan, static_cast<int32_t>(i), "names no weight, port or state");
      if (t.storage == Storage::weight && t.layout != Layout::plain) return bad(plan, static_cast<int32_t>(i), "is a constant in blocked layout");
      lives[i].ready = t.storage == Storage::weight || t.storage == Storage::input || t.storage == Storage::state;
    }
    for (size_t i = 0; i < count; ++i)
      if (plan.tensors[i].storage == Storage::output && plan.outputs[plan.tensors[i].link] != static_cast<int32_t>(i)) return bad(plan, static_cast<int32_t>(i), "is an output in name only");
    for (size_t i = 0; i < plan.inputs.size(); ++i) {
      const PlanTensor& t = plan.tensors[plan.inputs[i]];
      if (t.storage != Storage::input || t.link != static_cast<int32_t>(i)) return bad(plan, plan.inputs[i], "is an input in name only");
    }
    for (const PlanState& s : plan.states)
      if (plan.tensors[s.read].storage != Storage::state || plan.tensors[s.read].layout != Layout::plain) return bad(plan, s.read, "is read as a state but is none");
    return {};
  }

  void list(PlanLevel& level, int32_t t) {
    if (listed[t]) return;
    if (plan.tensors[t].storage == Storage::view) list(level, plan.tensors[t].link);
    listed[t] = 1;
    level.tensors.push_back(t);
  }

  void touch(int32_t t, uint32_t level, uint32_t step, int segment) {
    Life& l = life(t);
    if (l.segment == -1 && l.segment_only) l.segment = segment;
    if (segment == -1 || segment != l.segment) l.segment_only = false;
    if (l.level == never) l.level = level, l.first = l.last = step;
    else if (l.level == level) l.last = std::max(l.last, step);
    else l.outlives = true;
  }

  Status read(int32_t t, uint32_t level) {
    if (!life(t).ready) return bad(plan, t, "is read before it is written");
    const int32_t root = plan.tensors[t].root;
    if (plan.tensors[root].storage == Storage::dynamic && lives[root].level >= level) return bad(plan, t, "is read in the level that finds out its size");
    return {};
  }

  Status write(PlanStep& step, int32_t t, uint32_t level) {
    const PlanTensor& root = plan.tensors[plan.tensors[t].root];
    Life& l = life(t);
    switch (root.storage) {
      case Storage::arena: case Storage::output: break;
      case Storage::weight:
        if (!prologue) return bad(plan, t, "is a constant and cannot be written");
        break;
      case Storage::dynamic:
        if (plan.tensors[t].storage == Storage::view || l.writers) return bad(plan, t, "is made by more than one step");
        if (root.layout == Layout::blocked) return bad(plan, t, "has a blocked layout and a size of its own");
        step.makes_dynamic = true;
        break;
      default: return bad(plan, t, "cannot be written");
    }
    ++l.writers;
    l.ready = true;
    (void)level;
    return {};
  }

  bool row_step(const PlanStep& step) const {
    if (!step.family->run_rows || !step.family->rows_needed || step.outputs.size() != 1 || step.makes_dynamic || !step.plans.empty()) return false;
    return plan.tensors[step.outputs[0]].dims.size() == 4 && plan.tensors[step.outputs[0]].storage != Storage::view;
  }

  Status level(uint32_t index) {
    PlanLevel& level = plan.levels[index];
    listed.assign(plan.tensors.size(), 0);
    for (const PlanBinding& b : level.bindings) {
      const int32_t t = static_cast<int32_t>(b.tensor);
      if (!life(t).ready) return bad(plan, t, "binds a size before it is written");
      const Storage storage = plan.tensors[t].storage;
      if (!b.element && storage != Storage::input && storage != Storage::dynamic && storage != Storage::state) return bad(plan, t, "binds a size that is no news");
      if (b.element && plan.tensors[t].layout != Layout::plain) return bad(plan, t, "binds a size in blocked layout");
      if (b.element && life(t).level != never) life(t).outlives = true;
    }
    const uint32_t count = static_cast<uint32_t>(level.steps.size());
    size_t segment = 0;
    for (uint32_t s = 0; s < count; ++s) {
      PlanStep& step = level.steps[s];
      while (segment < level.segments.size() && s >= level.segments[segment].first + level.segments[segment].count) ++segment;
      const bool inside = segment < level.segments.size() && s >= level.segments[segment].first;
      const int id = inside ? static_cast<int>(index * 65536 + segment) : -1;
      for (const int32_t t : step.inputs) {
        if (t < 0) continue;
        if (Status status = read(t, index); !status.ok()) return status;
        list(level, t);
        touch(t, index, s, id);
      }
      for (const int32_t t : step.outputs) {
        if (Status status = write(step, t, index); !status.ok()) return status;
        if (plan.tensors[t].storage != Storage::dynamic) list(level, t);
        touch(t, index, s, id);
      }
      for (const uint32_t p : step.plans) {
        if (p >= plan.plans.size()) return Status::fail("MODEL_INVALID", "the plan's steps name sub-plans that are not there");
      }
    }
    return {};
  }

  Status ends() {
    PlanLevel& last = plan.levels.back();
    const uint32_t at = static_cast<uint32_t>(plan.levels.size() - 1);
    const auto end = [&](int32_t t, const char* what) -> Status {
      if (!life(t).ready) return bad(plan, t, what);
      life(t).outlives = true;
      life(t).segment_only = false;
      const bool fresh = plan.tensors[plan.tensors[t].root].storage == Storage::dynamic && life(t).level == at;
      if (fresh && plan.tensors[t].storage == Storage::view) return bad(plan, t, "is an output whose size is never bound");
      if (!fresh) list(last, t);
      return {};
    };
    for (const int32_t t : plan.outputs) {
      if (plan.tensors[t].layout != Layout::plain) return bad(plan, t, "is an output in blocked layout");
      if (Status s = end(t, "is an output that nothing writes"); !s.ok()) return s;
    }
    for (const PlanState& s : plan.states)
      if (s.write >= 0) {
        if (plan.tensors[s.write].layout != Layout::plain) return bad(plan, s.write, "is a state in blocked layout");
        if (Status status = end(s.write, "is a state that nothing writes"); !status.ok()) return status;
        PlanTensor& t = plan.tensors[s.write];
        const bool port = std::find(plan.outputs.begin(), plan.outputs.end(), s.write) != plan.outputs.end();
        if (t.storage == Storage::arena && life(s.write).views == 0 && !port && t.next_state < 0) t.next_state = static_cast<int32_t>(&s - plan.states.data());
      }
    return {};
  }

  void boxes() {
    for (size_t t = 0; t < lives.size(); ++t) {
      const Life& l = lives[t];
      if (plan.tensors[t].storage != Storage::arena || plan.tensors[t].next_state >= 0 || l.level == never) continue;
      PlanLevel& level = plan.levels[l.level];
      const uint32_t count = static_cast<uint32_t>(level.steps.size());
      level.boxes.push_back({static_cast<int32_t>(t), l.first, l.outlives ? count : l.last});
    }
  }

  // Does a step of the segment after `step` read the memory of tensor `t`?
  bool read_within(const PlanLevel& level, const PlanSegment& segment, uint32_t step, int32_t t) const {
    for (uint32_t s = step + 1; s < segment.first + segment.count; ++s)
      for (const int32_t in : level.steps[s].inputs)
        if (in >= 0 && plan.tensors[in].root == plan.tensors[t].root) return true;
    return false;
  }

  // Keeps the segments that can run strip by strip: row steps only, each result but the last one's seen either by steps inside or by others.
  void segments(uint32_t index) {
    PlanLevel& level = plan.levels[index];
    std::vector<PlanSegment> kept;
    for (size_t i = 0; i < level.segments.size(); ++i) {
      PlanSegment segment = std::move(level.segments[i]);
      bool fits = true;
      for (uint32_t s = segment.first; s < segment.first + segment.count; ++s) {
        const PlanStep& step = level.steps[s];
        fits = fits && row_step(step);
        if (!fits || s + 1 == segment.first + segment.count) break;
        const int32_t t = step.outputs[0];
        const Life& l = lives[t];
        const bool inside = plan.tensors[t].storage == Storage::arena && l.views == 0 && l.segment_only && !l.outlives && l.segment == static_cast<int>(index * 65536 + i);
        const bool exit = !inside && !read_within(level, segment, s, t);
        fits = l.writers == 1 && (inside || exit);
        segment.inner.push_back(t);
        segment.exit.push_back(exit);
        segment.reach.push_back(exit ? s : l.last);
      }
      if (fits && segment.count > 1) kept.push_back(std::move(segment));
    }
    level.segments = std::move(kept);
  }
};

Status check(Plan& plan, bool prologue) {
  if (plan.levels.empty()) plan.levels.resize(1);
  Checker checker{plan, prologue, std::vector<Life>(plan.tensors.size()), {}};
  if (Status s = checker.roots(); !s.ok()) return s;
  for (uint32_t l = 0; l < plan.levels.size(); ++l)
    if (Status s = checker.level(l); !s.ok()) return s;
  if (Status s = checker.ends(); !s.ok()) return s;
  checker.boxes();
  for (uint32_t l = 0; l < plan.levels.size(); ++l) checker.segments(l);
  return {};
}

}  // namespace

// A prologue shares the list of weights of the plan around it, index for index: those that its steps write are computed.
Status check_plan(Plan& plan, bool is_prologue) {
  if (Plan* prologue = plan.prologue.get()) {
    if (!prologue->inputs.empty() || !prologue->states.empty() || prologue->prologue) return Status::fail("MODEL_INVALID", "the plan's prologue has inputs, states or a prologue");
    if (prologue->weights.size() != plan.weights.size()) return Status::fail("MODEL_INVALID", "the plan's prologue has another list of constants");
    for (const PlanLevel& level : prologue->levels)
      for (const PlanStep& step : level.steps)
        for (const int32_t t : step.outputs) {
          const PlanTensor& root = prologue->tensors[prologue->tensors[t].root];
          if (root.storage == Storage::weight) plan.weights[root.link].computed = prologue->weights[root.link].computed = true;
        }
  }
  return check(plan, is_prologue);
}

}  // namespace cuvee
