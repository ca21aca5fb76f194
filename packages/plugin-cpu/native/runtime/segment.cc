#include "runtime/segment.h"

namespace cuvee {

Parallel* alone() {
  static Serial serial;
  return &serial;
}

std::unique_ptr<SegmentPlan> plan_segment(const PlanSegment&, uint32_t, Signature&, Executor&, Environment&) { return nullptr; }
Status run_segment(SegmentPlan&, Executor&, Environment&, uint64_t*) { return {}; }

}  // namespace cuvee
