// Running a chain of steps strip by strip: intermediates keep only the rows that the next steps need.
//
// The last result's rows are cut into panels, which threads take, and panels into strips. Before each strip it is found,
// from the last step back, which rows of every intermediate are needed; those that the strip before left are moved to the
// front of the intermediate's buffer, and only the others are computed. So nothing is computed twice but at the panels' edges.
#pragma once

#include <memory>
#include <vector>

#include "runtime/signature.h"

namespace cuvee {

// One segment for one signature.
struct SegmentPlan {
  // A result that only lives in strips: of step `first + index`.
  struct Inner {
    int32_t tensor;
    int64_t height, planes, row_bytes;
    int64_t capacity = 0;  // rows
    uint64_t offset = 0;   // in a thread's memory
  };
  // Input `input` of step `step` is the inner tensor.
  struct Reader {
    uint32_t step;
    int input;
  };
  uint32_t first = 0, count = 0;
  int64_t rows = 0;  // that the plan wants in a strip; 0: chosen here
  Signature* signature = nullptr;
  std::vector<Inner> inner;
  std::vector<std::vector<Reader>> readers;  // by inner tensor
  int64_t height = 0, strip = 0;
  std::vector<int64_t> panels;  // first rows, and the end
  uint64_t scratch_offset = 0, thread_bytes = 0;
  std::vector<std::vector<std::unique_ptr<Context>>> workers;  // by thread: the steps
  uint64_t offset = 0;  // of all threads' memory in the level's arena
  uint64_t bytes() const { return thread_bytes * workers.size(); }
};

// Runs chunks on the calling thread; what steps of a segment get as their pool.
Parallel* alone();

// Cuts a segment where an intermediate is small enough to stay in the threads' caches (unless the plan says how many rows to
// take, or the environment says otherwise), and adds the parts of several steps to the
// signature. `whole`: first steps of parts that are not wanted.
void cut_strips(const PlanSegment& segment, Signature& signature, const std::vector<int32_t>& resolved, const Environment& environment, const std::vector<uint32_t>& whole);

// Fills in the rest, after the steps were bound. False when the part had better not run in strips: a step needs an
// intermediate whole, or the strips' buffers would hardly be smaller than that.
bool plan_segment(SegmentPlan& segment, Signature& signature, const Plan& plan, const Environment& environment);

// `memory`: of the segment. `nanoseconds`: null, or where the steps' shares of the time go.
Status run_segment(SegmentPlan& segment, char* memory, const Environment& environment, uint64_t* nanoseconds);

}  // namespace cuvee
