#include "runtime/segment.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <mutex>

#include "base/memory.h"
#include "base/system.h"

namespace cuvee {
namespace {

using Clock = std::chrono::steady_clock;

uint64_t second_level() {
  static const uint64_t bytes = second_level_cache();
  return bytes ? bytes : 1 << 20;
}

// Which rows of the inner tensors are there, and which the next strip needs, on one panel.
class Walk {
 public:
  struct Rows {
    int64_t keep = 0;          // first row that is still needed
    int64_t from = 0, to = 0;  // rows to compute
  };

  explicit Walk(const SegmentPlan& plan) : plan_(plan), there_(plan.inner.size()), rows_(plan.count) {}

  // Rows of every step for output rows [y0, y1).
  const std::vector<Rows>& strip(int64_t y0, int64_t y1) {
    rows_.back() = {y0, y0, y1};
    for (size_t i = plan_.inner.size(); i-- > 0;) {
      int64_t keep = INT64_MAX, from = INT64_MAX, to = 0;
      const int64_t height = plan_.inner[i].height;
      for (const SegmentPlan::Reader& reader : plan_.readers[i]) {
        const Rows& r = rows_[reader.step];
        const Context& c = *plan_.signature->steps[plan_.first + reader.step];
        const int64_t end = c.out[0].dims[2];
        if (r.from >= end) continue;
        const bool idle = r.to <= r.from;  // computes nothing now, but will
        int64_t a0 = 0, a1 = 0;
        c.step->family->rows_needed(c, reader.input, r.from, idle ? r.from + 1 : r.to, &a0, &a1);
        a0 = std::clamp<int64_t>(a0, 0, height);
        a1 = std::clamp<int64_t>(a1, 0, height);
        keep = std::min(keep, a0);
        if (idle) continue;
        from = std::min(from, a0);
        to = std::max(to, a1);
      }
      const There& there = there_[i];
      if (!there.any) {
        rows_[i] = from < to ? Rows{std::min(keep, from), std::min(keep, from), to} : Rows{0, 0, 0};
      } else {
        if (keep == INT64_MAX) keep = there.end;
        keep = std::clamp(keep, there.begin, there.end);
        rows_[i] = {keep, there.end, std::max(to, there.end)};
      }
      const Context& maker = *plan_.signature->steps[plan_.first + i];
      if (rows_[i].to > rows_[i].from && maker.step->family->row_step) {
        const auto step = static_cast<size_t>(maker.step->family->row_step(maker));
        rows_[i].to = std::min<int64_t>(height, static_cast<int64_t>(round_up(static_cast<size_t>(rows_[i].to), step)));
      }
    }
    return rows_;
  }

  // After the step has run.
  void made(size_t i) {
    if (rows_[i].to > rows_[i].from) there_[i] = {true, rows_[i].keep, rows_[i].to};
  }

  struct There {
    bool any = false;
    int64_t begin = 0, end = 0;
  };
  const There& there(size_t i) const { return there_[i]; }

 private:
  const SegmentPlan& plan_;
  std::vector<There> there_;
  std::vector<Rows> rows_;
};

// Rows that each buffer must hold for the strips of all panels.
void measure_buffers(SegmentPlan& plan) {
  for (auto& inner : plan.inner) inner.capacity = 0;
  for (size_t p = 0; p + 1 < plan.panels.size(); ++p) {
    Walk walk(plan);
    for (int64_t y = plan.panels[p]; y < plan.panels[p + 1]; y += plan.strip) {
      const auto& rows = walk.strip(y, std::min(y + plan.strip, plan.panels[p + 1]));
      for (size_t i = 0; i < plan.inner.size(); ++i) {
        plan.inner[i].capacity = std::max(plan.inner[i].capacity, rows[i].to - rows[i].keep);
        walk.made(i);
      }
    }
  }
  uint64_t at = 0;
  for (auto& inner : plan.inner) {
    inner.offset = at;
    at += round_up(static_cast<uint64_t>(inner.planes * inner.capacity * inner.row_bytes), alignment) + alignment;
  }
  plan.scratch_offset = at;
}

void cut_panels(SegmentPlan& plan, int threads) {
  const int64_t most = std::max<int64_t>(1, plan.height / 4);
  const int64_t count = threads == 1 ? 1 : std::min(most, std::clamp<int64_t>(plan.height / (4 * plan.strip), threads, 4 * threads));
  plan.panels.clear();
  for (int64_t p = 0; p <= count; ++p) plan.panels.push_back(p == count ? plan.height : plan.height * p / count / 4 * 4);
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
    char* plane = data + p * inner.capacity * inner.row_bytes;
    std::memmove(plane + to * inner.row_bytes, plane + from * inner.row_bytes, static_cast<size_t>(count * inner.row_bytes));
  }
}

Status run_panel(SegmentPlan& plan, size_t panel, std::vector<std::unique_ptr<Context>>& steps, char* memory, const Environment& environment, std::vector<uint64_t>* times) {
  Walk walk(plan);
  for (int64_t y = plan.panels[panel]; y < plan.panels[panel + 1]; y += plan.strip) {
    if (environment.cancel->load(std::memory_order_relaxed)) return Status::fail("CANCELLED", "the inference was cancelled");
    const auto& rows = walk.strip(y, std::min(y + plan.strip, plan.panels[panel + 1]));
    for (uint32_t s = 0; s < plan.count; ++s) {
      const Walk::Rows& r = rows[s];
      if (r.to <= r.from) continue;
      Context& c = *steps[s];
      if (s + 1 < plan.count) {
        const SegmentPlan::Inner& inner = plan.inner[s];
        const auto there = walk.there(s);
        if (there.any) move_rows(inner, memory + inner.offset, r.keep - there.begin, 0, there.end - r.keep);
        c.out[0].row0 = r.keep;
        for (const auto& reader : plan.readers[s]) steps[reader.step]->views[static_cast<size_t>(reader.input)].row0 = r.keep;
      }
      const Clock::time_point start = times ? Clock::now() : Clock::time_point{};
      if (Status status = c.step->family->run_rows(c, r.from, r.to); !status.ok()) {
        status.origin = c.step->origins();
        status.op = c.step->op;
        return status;
      }
      if (times) (*times)[s] += static_cast<uint64_t>(std::chrono::nanoseconds(Clock::now() - start).count());
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

void cut_strips(const PlanSegment& segment, Signature& signature, const std::vector<int32_t>& resolved, const Environment& environment, const std::vector<uint32_t>& whole) {
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
      const bool large = always || static_cast<uint64_t>(sizes(e - 1).bytes) > caches;
      if (!large && reach < e) break;
      reach = std::max(reach, segment.reach[e - 1 - segment.first]);
      empty = empty || sizes(e - 1).size == 0;
      part->inner.push_back({sizes(e - 1).tensor, 0, 0, 0});
    }
    part->first = s;
    part->count = e - s;
    part->rows = segment.rows;
    if (part->count > 1 && !empty && std::find(whole.begin(), whole.end(), s) == whole.end()) signature.segments.push_back(std::move(part));
    s = e;
  }
}

bool plan_segment(SegmentPlan& part, Signature& signature, const Plan& plan, const Environment& environment) {
  part.signature = &signature;
  part.readers.resize(part.inner.size());
  uint64_t scratch = 0, whole = 0;
  for (uint32_t s = 0; s < part.count; ++s) {
    const Context& c = *signature.steps[part.first + s];
    const TensorView& out = c.out[0];
    if (c.skip || type_bits(out.type) < 8) return false;
    scratch = std::max(scratch, c.scratch_bytes);
    if (s + 1 == part.count) {
      part.height = out.dims[2];
      break;
    }
    SegmentPlan::Inner& inner = part.inner[s];
    inner.height = out.dims[2];
    inner.row_bytes = out.dims[3] * static_cast<int64_t>(type_bits(out.type) / 8) * (out.layout == Layout::blocked ? plan.block : 1);
    inner.planes = out.bytes / (inner.height * inner.row_bytes);
    whole += static_cast<uint64_t>(out.bytes);
    for (uint32_t r = s + 1; r < part.count; ++r) {
      const Context& reader = *signature.steps[part.first + r];
      for (size_t i = 0; i < reader.in.size(); ++i) {
        if (reader.step->inputs[i] != inner.tensor) continue;
        int64_t a0 = 0, a1 = 0;
        if (!reader.step->family->rows_needed(reader, static_cast<int>(i), 0, 1, &a0, &a1)) return false;
        part.readers[s].push_back({r, static_cast<int>(i)});
      }
    }
  }
  const int threads = environment.pool->threads();
  const uint64_t room = second_level() / 4 * 3;
  for (const int64_t strip : {64, 32, 16, 8, 4}) {
    part.strip = part.rows ? part.rows : strip;
    cut_panels(part, threads);
    measure_buffers(part);
    if (part.rows || part.scratch_offset <= room) break;
  }
  part.thread_bytes = part.scratch_offset + round_up(scratch, alignment);
  if (!part.rows && part.scratch_offset > room && part.scratch_offset * static_cast<uint64_t>(threads) > whole / 2) return false;
  part.workers.resize(static_cast<size_t>(threads));  // any thread may take any panel
  for (auto& worker : part.workers)
    for (uint32_t s = 0; s < part.count; ++s) worker.push_back(twin(*signature.steps[part.first + s]));
  return true;
}

Status run_segment(SegmentPlan& plan, char* memory, const Environment& environment, uint64_t* nanoseconds) {
  const Clock::time_point start = nanoseconds ? Clock::now() : Clock::time_point{};
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
      const auto point = [&](TensorView& view) {
        view.data = own + inner.offset;
        view.rows = inner.capacity;
      };
      point(plan.workers[t][s]->out[0]);
      for (const auto& reader : plan.readers[s]) point(plan.workers[t][reader.step]->views[static_cast<size_t>(reader.input)]);
    }
  }
  std::mutex mutex;
  Status failed;
  std::atomic<bool> stop{false};
  std::vector<std::vector<uint64_t>> times(nanoseconds ? plan.workers.size() : 0, std::vector<uint64_t>(plan.count));
  parallel_for(*environment.pool, static_cast<int>(plan.panels.size()) - 1, [&](int panel, int thread) {
    if (stop.load(std::memory_order_relaxed)) return;
    const auto t = static_cast<size_t>(thread);
    Status status = guarded([&] { return run_panel(plan, static_cast<size_t>(panel), plan.workers[t], memory + t * plan.thread_bytes, environment, nanoseconds ? &times[t] : nullptr); });
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
