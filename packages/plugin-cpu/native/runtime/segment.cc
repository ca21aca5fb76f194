#include "runtime/segment.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <mutex>

#include "base/memory.h"
#include "base/system.h"
#include "kernels/costs.h"
#include "runtime/segment_walk.h"

namespace cuvee {
namespace {

using Clock = std::chrono::steady_clock;

uint64_t second_level() {
  static const uint64_t bytes = second_level_cache();
  return bytes ? bytes : 1 << 20;
}

// Rows and columns that each buffer must hold for the strips of all panels, and how much more is computed than there is.
void measure_buffers(SegmentPlan& plan) {
  std::vector<double> rows_made(plan.inner.size()), columns_made(plan.inner.size());
  for (auto& inner : plan.inner) inner.capacity = inner.columns = 0;
  for (size_t p = 0; p + 1 < plan.row_cuts.size(); ++p) {
    Walk walk(plan, {plan.row_cuts[p], plan.row_cuts[p + 1]});
    for (int64_t y = plan.row_cuts[p]; y < plan.row_cuts[p + 1]; y += plan.strip) {
      const auto& rows = walk.strip(y, std::min(y + plan.strip, plan.row_cuts[p + 1]));
      for (size_t i = 0; i < plan.inner.size(); ++i) {
        plan.inner[i].capacity = std::max(plan.inner[i].capacity, rows[i].to - rows[i].keep);
        rows_made[i] += static_cast<double>(rows[i].to - rows[i].from);
        walk.made(i);
      }
    }
  }
  for (size_t p = 0; p + 1 < plan.column_cuts.size(); ++p) {
    const auto columns = segment_columns(plan, {plan.column_cuts[p], plan.column_cuts[p + 1]});
    for (size_t i = 0; i < plan.inner.size(); ++i) {
      plan.inner[i].columns = std::max(plan.inner[i].columns, columns[i].end - columns[i].begin);
      columns_made[i] += static_cast<double>(columns[i].end - columns[i].begin);
    }
  }
  uint64_t at = 0;
  double made = 0, all = 0;
  for (size_t i = 0; i < plan.inner.size(); ++i) {
    auto& inner = plan.inner[i];
    const auto plane = static_cast<double>(inner.planes * inner.pixel_bytes);
    made += plane * rows_made[i] * columns_made[i];
    all += plane * static_cast<double>(inner.height) * static_cast<double>(inner.width);
    if (inner.exit) continue;
    inner.offset = at;
    at += round_up(static_cast<uint64_t>(inner.planes * inner.capacity * inner.row_bytes()), alignment) + alignment;
  }
  plan.scratch_offset = at;
  plan.repeated = all > 0 ? made / all : 1;
}

// `across` by `down` panels.
void cut_panels(SegmentPlan& plan, int64_t across, int64_t down) {
  constexpr int64_t group = 16;  // columns: exits of a fourth of the width still begin at Winograd's tiles
  plan.column_cuts.clear();
  for (int64_t p = 0; p <= across; ++p) plan.column_cuts.push_back(p == across ? plan.width : plan.width * p / across / group * group);
  plan.row_cuts.clear();
  for (int64_t p = 0; p <= down; ++p) plan.row_cuts.push_back(p == down ? plan.height : plan.height * p / down / 4 * 4);
  plan.panels.clear();
  for (size_t y = 0; y + 1 < plan.row_cuts.size(); ++y)
    for (size_t x = 0; x + 1 < plan.column_cuts.size(); ++x) plan.panels.push_back({plan.row_cuts[y], plan.row_cuts[y + 1], plan.column_cuts[x], plan.column_cuts[x + 1]});
}

// A panel of whole rows for each thread.
void band_panels(SegmentPlan& plan, int threads) {
  plan.column_cuts = {0, plan.width};
  plan.row_cuts = {0};
  plan.panels.clear();
  for (int t = 1; t <= threads; ++t) {
    plan.row_cuts.push_back(plan.height * t / threads);
    plan.panels.push_back({plan.row_cuts[static_cast<size_t>(t) - 1], plan.row_cuts.back(), 0, plan.width});
  }
}

// Panels for a number of columns of them: four for each thread, so that all share evenly, or fewer where their edges would repeat too much.
void share_panels(SegmentPlan& plan, int threads, int64_t across, double most_repeated) {
  const int64_t most = std::max<int64_t>(1, plan.height / 4);
  int64_t before = 0;
  for (const int64_t each : {costs::strips::panels_each, 2, 1}) {
    int64_t down = threads == 1 ? 1 : std::clamp<int64_t>((each * threads + across - 1) / across, 1, most);
    while (down < most && across * down < costs::strips::panels_each * threads && across * down % threads != 0) ++down;
    if (down == before) continue;
    before = down;
    cut_panels(plan, across, down);
    measure_buffers(plan);
    if (down == 1 || plan.repeated <= most_repeated) return;
  }
}

// Do all steps work on windows of columns?
bool goes_sideways(const SegmentPlan& plan) {
  for (size_t i = 0; i < plan.inner.size(); ++i)
    for (const auto& reader : plan.readers[i]) {
      const Context& c = *plan.signature->steps[plan.first + reader.step];
      int64_t a0 = 0, a1 = 0;
      if (!c.step->family->columns_needed || !c.step->family->columns_needed(c, reader.input, 0, 1, &a0, &a1)) return false;
    }
  return true;
}

// Panels and strips whose buffers take at most `room`, in the fewest columns of panels and the highest strips; those columns may repeat
// that much of the work.
bool panels_within(SegmentPlan& plan, int threads, int64_t lowest, bool sideways, uint64_t room, double most_repeated) {
  for (const int64_t across : {1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64}) {
    if (across > 1 && (!sideways || plan.width / across < 32)) break;
    for (const int64_t height : {64, 32, 16, 8, 4, 2, 1}) {
      if (height < lowest) break;
      plan.strip = height;
      share_panels(plan, threads, across, most_repeated);
      if (plan.scratch_offset > room) continue;
      if (across == 1 || plan.repeated <= most_repeated) return true;
      return false;  // more columns repeat more
    }
  }
  return false;
}

// How far strips may go where they do not stay in a core's cache.
enum class Effort { none, repeat, third_level };

// Panels whose strips stay in a core's cache, by more effort with much repeated or in twice as much, or in what a core has of the third;
// false when there are none: then the lowest strips of whole rows.
bool choose_panels(SegmentPlan& plan, int threads, uint64_t cache, int64_t panel_columns, Effort effort, int64_t least) {
  // As low as leaves four rows of the highest result, and whole steps of the last one.
  const Context& last = *plan.signature->steps[plan.first + plan.count - 1];
  int64_t highest = plan.height;
  for (const auto& inner : plan.inner) highest = std::max(highest, inner.height);
  const int64_t lowest = std::max<int64_t>({least, last.step->family->row_step ? last.step->family->row_step(last) : 1, 4 * plan.height / std::max<int64_t>(highest, 1)});
  const bool sideways = goes_sideways(plan), asked = panel_columns > 0 && sideways;
  if (plan.bands) {
    band_panels(plan, threads);
    for (plan.strip = plan.height;; plan.strip = (plan.strip + 1) / 2) {
      measure_buffers(plan);
      if (plan.scratch_offset <= cache / 2 || plan.strip <= lowest) return true;
    }
  }
  if (plan.rows || asked) {
    plan.strip = plan.rows ? plan.rows : lowest;
    share_panels(plan, threads, asked ? std::max<int64_t>(1, plan.width / panel_columns) : 1, 2);
    return true;
  }
  const auto first_room = static_cast<uint64_t>(costs::strips::first_room * static_cast<double>(cache)), second_room = static_cast<uint64_t>(costs::strips::second_room * static_cast<double>(cache));
  const struct {
    Effort effort;
    uint64_t room;
    double most_repeated;
  } tries[] = {{Effort::none, first_room, costs::strips::least_repeated}, {Effort::repeat, second_room, costs::strips::least_repeated}, {Effort::repeat, first_room, costs::strips::more_repeated}, {Effort::third_level, costs::strips::third_level_share, costs::strips::third_repeated}};
  for (const auto& one : tries)
    if (one.effort <= effort && panels_within(plan, threads, lowest, sideways, one.room, one.most_repeated)) return true;
  plan.strip = lowest;
  share_panels(plan, threads, 1, costs::strips::least_repeated);
  return false;
}

uint64_t whole_bytes(const SegmentPlan::Inner& inner) { return static_cast<uint64_t>(inner.planes * inner.height * inner.width * inner.pixel_bytes); }

// A step before which the part is best cut in two: no result but that of the step before crosses, and that one is small; of equals the one
// in the middle. 0: none.
uint32_t best_cut(const SegmentPlan& plan) {
  uint32_t best = 0;
  const auto cost = [&](uint32_t e) {
    const SegmentPlan::Inner& crosses = plan.inner[e - 1];
    const uint32_t off = e > plan.count / 2 ? e - plan.count / 2 : plan.count / 2 - e;
    const bool alone = e == 1 || e + 1 == plan.count;
    return static_cast<double>(whole_bytes(crosses)) * (1 + 0.5 * off / plan.count) * (alone ? 4 : 1);
  };
  uint32_t reach = 0;  // last reader of results 0 .. e - 2
  for (uint32_t e = 1; e < plan.count; ++e) {
    if (e >= 2)
      for (const auto& reader : plan.readers[e - 2]) reach = std::max(reach, reader.step);
    if (reach < e && !plan.inner[e - 1].exit && (best == 0 || cost(e) < cost(best))) best = e;
  }
  return best;
}

// The same step for another thread: tensors of its own, everything else shared.
std::unique_ptr<Context> twin(Context& c) {
  auto t = std::make_unique<Context>();
  t->executor = c.executor;
  t->step = c.step;
  t->action = c.action;
  t->kernels = c.kernels;
  t->block = c.block;
  t->budget = c.budget;
  t->accurate = c.accurate;
  t->tune = c.tune;
  t->strings = c.strings;
  t->state = c.state;
  t->args = c.args;
  t->constants = c.constants;
  t->pool = alone();
  t->views = c.views;
  t->in = std::span(t->views).first(c.in.size());
  t->out = std::span(t->views).subspan(c.in.size());
  return t;
}

void move_rows(const SegmentPlan::Inner& inner, char* data, int64_t from, int64_t to, int64_t count) {
  if (from == to || count <= 0) return;
  for (int64_t p = 0; p < inner.planes; ++p) {
    char* plane = data + p * inner.capacity * inner.row_bytes();
    std::memmove(plane + to * inner.row_bytes(), plane + from * inner.row_bytes(), static_cast<size_t>(count * inner.row_bytes()));
  }
}

Status run_panel(SegmentPlan& plan, const SegmentPlan::Panel& panel, std::vector<std::unique_ptr<Context>>& steps, char* memory, const Environment& environment, std::vector<uint64_t>* times) {
  Walk walk(plan, {panel.y0, panel.y1});
  const std::vector<Span> columns = segment_columns(plan, {panel.x0, panel.x1});
  for (uint32_t s = 0; s + 1 < plan.count; ++s) {
    if (plan.inner[s].exit) continue;
    steps[s]->out[0].col0 = columns[s].begin;
    for (const auto& reader : plan.readers[s]) steps[reader.step]->views[static_cast<size_t>(reader.input)].col0 = columns[s].begin;
  }
  for (int64_t y = panel.y0; y < panel.y1; y += plan.strip) {
    if (environment.cancel->load(std::memory_order_relaxed)) return Status::fail("CANCELLED", "the inference was cancelled");
    const auto& rows = walk.strip(y, std::min(y + plan.strip, panel.y1));
    for (uint32_t s = 0; s < plan.count; ++s) {
      const Walk::Rows& r = rows[s];
      if (r.to <= r.from) continue;
      Context& c = *steps[s];
      if (s + 1 < plan.count && !plan.inner[s].exit) {
        const SegmentPlan::Inner& inner = plan.inner[s];
        const auto there = walk.there(s);
        if (there.any) move_rows(inner, memory + inner.offset, r.keep - there.begin, 0, there.end - r.keep);
        c.out[0].row0 = r.keep;
        for (const auto& reader : plan.readers[s]) steps[reader.step]->views[static_cast<size_t>(reader.input)].row0 = r.keep;
      }
      const Clock::time_point start = times ? Clock::now() : Clock::time_point{};
      if (columns[s].begin < columns[s].end)
        if (Status status = c.step->family->run_rows(c, {r.from, r.to, columns[s].begin, columns[s].end}); !status.ok()) {
          status.origin = c.step->origins();
          status.op = c.step->op;
          return status;
        }
      if (times) (*times)[s] += static_cast<uint64_t>(std::chrono::nanoseconds(Clock::now() - start).count());
      environment.pool->breathe();
      if (s + 1 < plan.count) walk.made(s);
    }
  }
  return {};
}

}  // namespace

Parallel* alone() {
  static Serial* const serial = new Serial;
  return serial;
}

void cut_strips(const PlanLevel& level, const PlanSegment& segment, Signature& signature, const std::vector<int32_t>& resolved, const Environment& environment, const Banned& banned) {
  if (environment.strips == Strips::never) return;
  const bool always = segment.rows > 0 || environment.strips == Strips::always;
  const uint64_t caches = second_level() / 2 * static_cast<uint64_t>(environment.pool->threads());
  const uint32_t end = segment.first + segment.count;
  const auto sizes = [&](uint32_t step) -> const Resolved& { return signature.tensors[static_cast<size_t>(resolved[segment.inner[step - segment.first]])]; };
  for (uint32_t s = segment.first; s < end;) {
    auto part = std::make_unique<SegmentPlan>();
    uint32_t reach = 0, e = s + 1;
    bool empty = false;
    for (; e < end; ++e) {  // does the part go on beyond the result of step e - 1?
      const bool exit = segment.exit[e - 1 - segment.first] != 0;
      const auto images = static_cast<uint64_t>(std::max<int64_t>(1, sizes(e - 1).dims[0]));  // a strip is of all images: small ones gain nothing
      // What all threads prepare is much work: panels make little of it twice only where it would go to memory and back.
      const uint64_t held = level.steps[e - 1].family->prepare ? 4 * caches : caches;
      const bool large = !exit && (always || static_cast<uint64_t>(sizes(e - 1).bytes) / images > held);
      const bool wanted = std::find(banned.cuts.begin(), banned.cuts.end(), e) != banned.cuts.end();
      if ((!large || wanted) && reach < e) break;
      reach = std::max(reach, segment.reach[e - 1 - segment.first]);
      empty = empty || sizes(e - 1).size == 0;
      SegmentPlan::Inner inner;
      inner.tensor = sizes(e - 1).tensor;
      inner.exit = exit;
      part->inner.push_back(inner);
    }
    part->first = s;
    part->count = e - s;
    part->rows = segment.rows;
    if (part->count > 1 && !empty && std::find(banned.whole.begin(), banned.whole.end(), s) == banned.whole.end()) signature.segments.push_back(std::move(part));
    s = e;
  }
}

namespace {

// Each strip reads the weights of all steps again. Where they do not stay in the second cache beside the strips' buffers, that may be more
// than what strips keep out of memory: intermediates of `whole` bytes, written and read once.
bool weights_stream_by(const SegmentPlan& part, const Signature& signature, uint64_t whole, int threads) {
  uint64_t weights = 0;
  for (uint32_t s = part.first; s < part.first + part.count; ++s)
    for (const uint64_t bytes : signature.steps[s]->packed) weights += bytes;
  if (weights + part.scratch_offset < second_level()) return false;
  int64_t strips = 0;
  for (const auto& panel : part.panels) strips += (panel.y1 - panel.y0 + part.strip - 1) / part.strip;
  return static_cast<double>(weights) * static_cast<double>(strips) / threads > 2 * static_cast<double>(whole) / threads;
}

// As plan_segment, of one part.
bool plan_part(SegmentPlan& part, Signature& signature, const Plan& plan, const Environment& environment, Banned& banned) {
  const auto refuse = [&] { return banned.whole.push_back(part.first), false; };
  part.signature = &signature;
  part.readers.resize(part.inner.size());
  uint64_t scratch = 0, whole = 0;
  for (uint32_t s = 0; s < part.count; ++s) {
    const Context& c = *signature.steps[part.first + s];
    const TensorView& out = c.out[0];
    if (c.skip || type_bits(out.type) < 8 || (c.step->family->row_step && c.step->family->row_step(c) == 0)) return refuse();
    scratch = std::max(scratch, c.scratch_bytes);
    if (s + 1 == part.count) {
      part.height = out.dims[2];
      part.width = out.dims[3];
      break;
    }
    SegmentPlan::Inner& inner = part.inner[s];
    inner.height = out.dims[2];
    inner.width = out.dims[3];
    inner.pixel_bytes = static_cast<int64_t>(type_bits(out.type) / 8) * (out.layout == Layout::blocked ? plan.block : 1);
    inner.planes = out.bytes / (inner.height * inner.width * inner.pixel_bytes);
    if (inner.exit) continue;
    whole += static_cast<uint64_t>(out.bytes);
    for (uint32_t r = s + 1; r < part.count; ++r) {
      const Context& reader = *signature.steps[part.first + r];
      for (size_t i = 0; i < reader.in.size(); ++i) {
        if (reader.step->inputs[i] != inner.tensor) continue;
        int64_t a0 = 0, a1 = 0;
        if (!reader.step->family->rows_needed(reader, static_cast<int>(i), 0, 1, &a0, &a1)) return refuse();
        part.readers[s].push_back({r, static_cast<int>(i)});
      }
    }
  }
  const int threads = environment.pool->threads();
  const auto choose = [&](Effort effort, int64_t least = 1) { return choose_panels(part, threads, second_level(), environment.panel_columns, effort, least); };
  bool fits = choose(Effort::none);
  uint32_t cut = 0;
  if (!fits && environment.strips != Strips::always) {
    // A result that the caches hold may cross; one that goes to memory and back is dearer than strips beyond the second cache.
    cut = best_cut(part);
    const uint64_t crosses = cut ? whole_bytes(part.inner[cut - 1]) : UINT64_MAX;
    const uint64_t held = second_level() * static_cast<uint64_t>(threads);
    if (crosses > held) fits = choose(crosses > costs::strips::third_level_from ? Effort::third_level : Effort::repeat);
  } else if (!fits) {
    fits = choose(Effort::repeat);
  }
  part.thread_bytes = part.scratch_offset + round_up(scratch, alignment);
  if (!fits && environment.strips != Strips::always) {
    if (cut) {
      banned.cuts.push_back(part.first + cut);
      return false;
    }
    if (part.scratch_offset * static_cast<uint64_t>(threads) > whole / 2) return refuse();
  }
  if (!part.bands && environment.strips == Strips::automatic && part.rows == 0 && weights_stream_by(part, signature, whole, threads)) {
    // Higher strips read the weights less often.
    if (!choose(Effort::third_level, 16) || weights_stream_by(part, signature, whole, threads)) return refuse();
    part.thread_bytes = part.scratch_offset + round_up(scratch, alignment);
  }
  part.workers.resize(static_cast<size_t>(threads));  // any thread may take any panel
  for (auto& worker : part.workers)
    for (uint32_t s = 0; s < part.count; ++s) worker.push_back(twin(*signature.steps[part.first + s]));
  return true;
}

// Steps [from, to) of a part as a part of their own.
std::unique_ptr<SegmentPlan> piece(const SegmentPlan& part, uint32_t from, uint32_t to) {
  auto made = std::make_unique<SegmentPlan>();
  made->first = part.first + from;
  made->count = to - from;
  made->rows = part.rows;
  for (uint32_t s = from; s + 1 < to; ++s) {
    made->inner.emplace_back();
    made->inner.back().tensor = part.inner[s].tensor;
    made->inner.back().exit = part.inner[s].exit;
  }
  return made;
}

}  // namespace

bool plan_segments(Signature& signature, const Plan& plan, const Environment& environment, Banned& banned) {
  auto& parts = signature.segments;
  for (size_t i = 0; i < parts.size();) {
    SegmentPlan& part = *parts[i];
    const size_t cuts = banned.cuts.size();
    if (plan_part(part, signature, plan, environment, banned)) {
      ++i;
      continue;
    }
    if (banned.cuts.size() == cuts) return false;
    const uint32_t cut = banned.cuts.back() - part.first;
    if (cut == 1 || part.count - cut == 1) return false;  // a step alone is bound for all threads
    auto head = piece(part, 0, cut), tail = piece(part, cut, part.count);
    parts[i] = std::move(head);
    parts.insert(parts.begin() + static_cast<ptrdiff_t>(i) + 1, std::move(tail));
  }
  return true;
}

namespace {

Status prepare(SegmentPlan& plan, const Environment& environment) {
  for (uint32_t s = plan.first; s < plan.first + plan.count; ++s) {
    Context& c = *plan.signature->steps[s];
    if (!c.step->family->prepare) continue;
    c.pool = environment.pool;
    Status status = guarded([&] { return c.step->family->prepare(c); });
    c.pool = alone();
    environment.pool->breathe();
    if (status.ok()) continue;
    status.origin = c.step->origins();
    status.op = c.step->op;
    return status;
  }
  return {};
}

}  // namespace

Status run_segment(SegmentPlan& plan, char* memory, const Environment& environment, uint64_t* nanoseconds) {
  const Clock::time_point start = nanoseconds ? Clock::now() : Clock::time_point{};
  if (Status status = prepare(plan, environment); !status.ok()) return status;
  for (size_t t = 0; t < plan.workers.size(); ++t) {
    char* own = memory + t * plan.thread_bytes;
    for (uint32_t s = 0; s < plan.count; ++s) {
      Context& c = *plan.workers[t][s];
      const Context& whole = *plan.signature->steps[plan.first + s];
      for (size_t i = 0; i < c.views.size(); ++i) c.views[i].data = whole.views[i].data;
      c.scratch = own + plan.scratch_offset;
    }
    for (uint32_t s = 0; s + 1 < plan.count; ++s) {
      const SegmentPlan::Inner& inner = plan.inner[s];
      if (inner.exit) continue;
      const auto point = [&](TensorView& view) {
        view.data = own + inner.offset;
        view.rows = inner.capacity;
        view.cols = inner.columns;
      };
      point(plan.workers[t][s]->out[0]);
      for (const auto& reader : plan.readers[s]) point(plan.workers[t][reader.step]->views[static_cast<size_t>(reader.input)]);
    }
  }
  std::mutex mutex;
  Status failed;
  std::atomic<bool> stop{false};
  std::vector<std::vector<uint64_t>> times(nanoseconds ? plan.workers.size() : 0, std::vector<uint64_t>(plan.count));
  parallel_for(*environment.pool, static_cast<int>(plan.panels.size()), [&](int panel, int thread) {
    if (stop.load(std::memory_order_relaxed)) return;
    const auto t = static_cast<size_t>(thread);
    Status status = guarded([&] { return run_panel(plan, plan.panels[static_cast<size_t>(panel)], plan.workers[t], memory + t * plan.thread_bytes, environment, nanoseconds ? &times[t] : nullptr); });
    if (status.ok()) return;
    stop.store(true, std::memory_order_relaxed);
    std::lock_guard lock(mutex);
    if (failed.ok()) failed = std::move(status);
  });
  if (nanoseconds && failed.ok()) {
    const auto wall = static_cast<double>(std::chrono::nanoseconds(Clock::now() - start).count());
    double total = 1;
    for (const auto& list : times)
      for (const uint64_t ns : list) total += static_cast<double>(ns);
    for (uint32_t s = 0; s < plan.count; ++s) {
      double own = 0;
      for (const auto& list : times) own += static_cast<double>(list[s]);
      nanoseconds[s] = static_cast<uint64_t>(wall * own / total);
    }
  }
  return failed;
}

}  // namespace cuvee
