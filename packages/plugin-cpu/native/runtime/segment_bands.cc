// Segments of small results that run in one band of rows for each thread.
//
// Where a depthwise convolution stands between two pointwise ones, three joins and the lines that travel between the threads' caches cost as
// much as a quarter of the arithmetic. A part that begins with the step which makes the depthwise one's input has one join: each thread
// makes the rows that its band needs, in memory of its own, and some rows at the seams are made twice.
#include <algorithm>

#include "runtime/segment.h"

namespace cuvee {
namespace {

constexpr double most_repeated = 1.15;  // rows made, over those that there are
constexpr double most_at_seam = 4e6;    // operations for the rows of a seam: some microseconds, as what it saves

uint32_t end_of(const SegmentPlan& part) { return part.first + part.count; }

// Does the step run in strips that save more than bands would? Two steps do not.
bool in_strips(const Signature& signature, uint32_t step) {
  return std::any_of(signature.segments.begin(), signature.segments.end(), [&](const auto& part) { return part->count > 2 && step >= part->first && step < end_of(*part); });
}

// Takes the place of parts of two steps; false when steps [first, end) would cut one.
bool make_room(std::vector<std::unique_ptr<SegmentPlan>>& parts, uint32_t first, uint32_t end) {
  const auto meets = [&](const auto& part) { return part->first < end && end_of(*part) > first; };
  for (const auto& part : parts)
    if (meets(part) && (part->first < first || end_of(*part) > end)) return false;
  std::erase_if(parts, meets);
  return true;
}

int rows_shared(const Context& c, int input) { return c.step->family->rows_shared ? c.step->family->rows_shared(c, input) : -1; }

bool suits(const Context& c, int threads) {
  if (c.skip || c.out.size() != 1 || c.out[0].rank != 4 || c.out[0].dims[0] != 1 || c.out[0].dims[2] % threads != 0) return false;
  return c.step->family->run_rows && rows_shared(c, -1) >= 0;
}

int input_of(const Context& reader, int32_t tensor) {
  for (size_t i = 0; i < reader.in.size(); ++i)
    if (reader.step->inputs[i] == tensor) return static_cast<int>(i);
  return -1;
}

// How a step reads what a part made before: whole (-1), row by row (0), with rows beyond (more).
int reads(const Context& reader, int32_t tensor) {
  const int input = input_of(reader, tensor);
  return input < 0 ? 0 : rows_shared(reader, input);
}

}  // namespace

void cut_bands(const PlanSegment& segment, Signature& signature, const Environment& environment, const Banned& banned) {
  const int threads = environment.pool->threads();
  if (threads == 1 || environment.strips != Strips::automatic || segment.rows > 0) return;
  const auto& steps = signature.steps;
  const uint32_t end = segment.first + segment.count;
  const auto made = [&](uint32_t s) { return steps[s]->step->outputs[0]; };
  const auto apart = [&](uint32_t s) { return s + 1 < end && segment.exit[s - segment.first] != 0; };  // nobody in the segment reads it
  for (uint32_t s = segment.first, e; s < end; s = e) {
    e = s + 1;
    if (in_strips(signature, s) || !suits(*steps[s], threads)) continue;
    // As far as steps go by rows, with rows beyond a seam of the first result only.
    bool beyond = false;
    for (; e < end && !in_strips(signature, e) && suits(*steps[e], threads); ++e) {
      bool fits = true;
      for (uint32_t m = s; fits && m < e; ++m) {
        const int rows = reads(*steps[e], made(m));
        const auto height = static_cast<double>(steps[m]->out[0].dims[2]);
        fits = rows == 0 || (rows > 0 && m == s && !beyond && height + rows * (threads - 1) <= most_repeated * height && flops(*steps[m]) * rows <= most_at_seam * height);
        beyond = beyond || rows > 0;
      }
      // The maker of a result that is read beyond a seam begins a part.
      for (uint32_t r = e + 1; fits && r < end; ++r) fits = reads(*steps[r], made(e)) <= 0 || !suits(*steps[r], threads);
      if (!fits) break;
    }
    // A result that is not the last one is read in the part, or behind it, not both.
    for (uint32_t m = s; m + 1 < e; ++m) {
      bool inside = false, behind = false;
      for (uint32_t r = m + 1; r < end && !apart(m); ++r)
        if (input_of(*steps[r], made(m)) >= 0) (r < e ? inside : behind) = true;
      if (inside && behind) e = m + 1;
    }
    if (e - s < 2 || std::find(banned.whole.begin(), banned.whole.end(), s) != banned.whole.end() || !make_room(signature.segments, s, e)) continue;
    auto part = std::make_unique<SegmentPlan>();
    part->first = s;
    part->count = e - s;
    part->bands = true;
    for (uint32_t m = s; m + 1 < e; ++m) {
      bool inside = false;
      for (uint32_t r = m + 1; r < e; ++r) inside = inside || input_of(*steps[r], made(m)) >= 0;
      part->inner.emplace_back();
      part->inner.back().tensor = made(m);
      part->inner.back().exit = !inside;
    }
    for (uint32_t m = s; m < e; ++m) steps[m]->pool = alone();
    const auto at = std::find_if(signature.segments.begin(), signature.segments.end(), [&](const auto& other) { return other->first > s; });
    signature.segments.insert(at, std::move(part));
  }
}

}  // namespace cuvee
