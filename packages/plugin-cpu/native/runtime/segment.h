// Running a chain of steps strip by strip: intermediates keep only the rows that the next steps need.
//
// The last result is cut into panels of rows, and of columns where whole rows would not stay in a core's cache; threads take panels, and
// go through them in strips of rows. Before each strip it is found, from the last step back, which rows of every intermediate are needed;
// those that the strip before left are moved to the front of the intermediate's buffer, and only the others are computed. So nothing is
// computed twice but at the panels' edges. Results that only steps outside read ("exits") are written whole, by each panel its share.
#pragma once

#include <memory>
#include <vector>

#include "runtime/signature.h"

namespace cuvee {

// One segment for one signature.
struct SegmentPlan {
  // The result of step `first + index`: it only lives in strips, or it is an exit.
  struct Inner {
    int32_t tensor;
    bool exit = false;
    int64_t height = 0, width = 0, planes = 0, pixel_bytes = 0;
    int64_t capacity = 0, columns = 0;  // rows and columns of its buffer
    uint64_t offset = 0;                // in a thread's memory
    int64_t row_bytes() const { return columns * pixel_bytes; }
  };
  struct Panel {
    int64_t y0, y1, x0, x1;
  };
  // Input `input` of step `step` is the inner tensor.
  struct Reader {
    uint32_t step;
    int input;
  };
  uint32_t first = 0, count = 0;
  bool bands = false;  // a panel for each thread
  int64_t rows = 0;  // that the plan wants in a strip; 0: chosen here
  Signature* signature = nullptr;
  std::vector<Inner> inner;
  std::vector<std::vector<Reader>> readers;  // by inner tensor
  int64_t height = 0, width = 0, strip = 0;
  std::vector<int64_t> row_cuts, column_cuts;  // where panels begin, and the ends
  std::vector<Panel> panels;
  double repeated = 1;  // bytes of results that panels make, over those that there are
  uint64_t scratch_offset = 0, thread_bytes = 0;
  std::vector<std::vector<std::unique_ptr<Context>>> workers;  // by thread: the steps
  uint64_t offset = 0;  // of all threads' memory in the level's arena
  uint64_t bytes() const { return thread_bytes * workers.size(); }
};

// Runs chunks on the calling thread; what steps of a segment get as their pool.
Parallel* alone();

// Cuts a segment where an intermediate is small enough to stay in the threads' caches (unless the plan says how many rows to
// take, or the environment says otherwise), and adds the parts of several steps to the
// signature. `banned`: of parts that are not wanted so.
void cut_strips(const PlanLevel& level, const PlanSegment& segment, Signature& signature, const std::vector<int32_t>& resolved, const Environment& environment, const Banned& banned);

// The same of what is left, where threads had better share by bands of rows what small intermediates they make: parts with one such seam each.
// Of placed, not yet bound steps.
void cut_bands(const PlanSegment& segment, Signature& signature, const Environment& environment, const Banned& banned);

// Fills in the rest of all segments, after the steps were bound; cuts those in two that would not stay in a core's cache. False, and
// `banned` grows, when the steps must be bound anew: a part had better not run in strips, since a step needs an intermediate whole, or the
// strips' buffers would hardly be smaller than that.
bool plan_segments(Signature& signature, const Plan& plan, const Environment& environment, Banned& banned);

// `memory`: of the segment. `nanoseconds`: null, or where the steps' shares of the time go.
Status run_segment(SegmentPlan& segment, char* memory, const Environment& environment, uint64_t* nanoseconds);

}  // namespace cuvee
