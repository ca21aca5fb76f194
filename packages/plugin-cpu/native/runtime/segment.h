// Running a chain of steps strip by strip: intermediates keep only the rows that the next step needs.
#pragma once

#include <memory>

#include "runtime/signature.h"

namespace cuvee {

struct SegmentPlan {
  uint64_t offset = 0;  // of its memory in the level's arena
  uint64_t bytes() const { return 0; }
};

// Runs chunks on the calling thread; what steps of a segment get as their pool.
Parallel* alone();

std::unique_ptr<SegmentPlan> plan_segment(const PlanSegment& segment, uint32_t level, Signature& signature, Executor& executor, Environment& environment);
Status run_segment(SegmentPlan& segment, Executor& executor, Environment& environment, uint64_t* nanoseconds);

}  // namespace cuvee
