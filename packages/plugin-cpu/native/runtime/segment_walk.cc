#include "runtime/segment_walk.h"

#include <algorithm>

#include "base/memory.h"

namespace cuvee {
namespace {

int64_t step_of(const Context& maker) { return maker.step->family->row_step ? maker.step->family->row_step(maker) : 1; }

}  // namespace

std::vector<Span> segment_columns(const SegmentPlan& plan, Span last) {
  constexpr int64_t group = 8;  // Winograd's tiles and strides of transposed convolutions divide it
  std::vector<Span> columns(plan.count);
  columns.back() = last;
  for (size_t i = plan.inner.size(); i-- > 0;) {
    const SegmentPlan::Inner& inner = plan.inner[i];
    if (last.begin == 0 && last.end == plan.width) {
      columns[i] = {0, inner.width};
    } else if (inner.exit) {
      columns[i] = {inner.width * last.begin / plan.width, inner.width * last.end / plan.width};
    } else {
      int64_t from = inner.width, to = 0;
      for (const SegmentPlan::Reader& reader : plan.readers[i]) {
        const Context& c = *plan.signature->steps[plan.first + reader.step];
        const Span r = columns[reader.step];
        int64_t a0 = 0, a1 = 0;
        if (r.begin >= r.end || !c.step->family->columns_needed(c, reader.input, r.begin, r.end, &a0, &a1)) continue;
        from = std::min(from, std::clamp<int64_t>(a0, 0, inner.width));
        to = std::max(to, std::clamp<int64_t>(a1, 0, inner.width));
      }
      columns[i] = from < to ? Span{from / group * group, std::min((to + group - 1) / group * group, inner.width)} : Span{0, 0};
    }
  }
  return columns;
}

Walk::Walk(const SegmentPlan& plan, Span rows) : plan_(plan), panel_(rows), there_(plan.inner.size()), rows_(plan.count) {}

// A result that others read whole: each panel makes its share of the rows, once.
Walk::Rows Walk::exit_rows(size_t i, int64_t y1) const {
  const int64_t height = plan_.inner[i].height, begin = height * panel_.begin / plan_.height, end = height * panel_.end / plan_.height;
  const int64_t from = there_[i].any ? there_[i].end : begin;
  const auto step = static_cast<size_t>(step_of(*plan_.signature->steps[plan_.first + i]));
  const int64_t wanted = y1 == panel_.end ? end : std::min<int64_t>(end, static_cast<int64_t>(round_up(static_cast<size_t>(height * y1 / plan_.height), step)));
  return {from, from, std::max(from, wanted)};
}

Walk::Rows Walk::inner_rows(size_t i) const {
  int64_t keep = INT64_MAX, from = INT64_MAX, to = 0;
  const int64_t height = plan_.inner[i].height;
  for (const SegmentPlan::Reader& reader : plan_.readers[i]) {
    const Rows& r = rows_[reader.step];
    const Context& c = *plan_.signature->steps[plan_.first + reader.step];
    if (r.from >= c.out[0].dims[2]) continue;
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
  Rows rows;
  const There& there = there_[i];
  if (!there.any) {
    if (from < to) rows = {std::min(keep, from), std::min(keep, from), to};
  } else {
    if (keep == INT64_MAX) keep = there.end;
    keep = std::clamp(keep, there.begin, there.end);
    rows = {keep, there.end, std::max(to, there.end)};
  }
  if (rows.to > rows.from) {
    const auto step = static_cast<size_t>(step_of(*plan_.signature->steps[plan_.first + i]));
    rows.to = std::min<int64_t>(height, static_cast<int64_t>(round_up(static_cast<size_t>(rows.to), step)));
  }
  return rows;
}

const std::vector<Walk::Rows>& Walk::strip(int64_t y0, int64_t y1) {
  rows_.back() = {y0, y0, y1};
  for (size_t i = plan_.inner.size(); i-- > 0;) rows_[i] = plan_.inner[i].exit ? exit_rows(i, y1) : inner_rows(i);
  return rows_;
}

void Walk::made(size_t i) {
  if (rows_[i].to > rows_[i].from) there_[i] = {true, rows_[i].keep, rows_[i].to};
}

}  // namespace cuvee
