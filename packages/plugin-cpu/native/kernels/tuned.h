// Plans of convolutions and products by measurement where there is one (runtime/tuning.h), by the cost tables of `conv_select` and
// `gemm_select` elsewhere. Candidates: each width of tile, and where Winograd or split products are chosen, plain multiply-adds.
#pragma once

#include "kernels/conv/conv.h"
#include "kernels/gemm/gemm.h"
#include "runtime/step.h"

namespace cuvee {

template <class Plan> struct Tuned {
  Plan plan;
  bool measured = false;  // a measurement chose it, be it the same as the table's
};

// Only in `bind`: may run candidates on the context's team. `threads` as in `conv_select`.
Tuned<ConvPlan> tuned_conv(const StepContext& ctx, const ConvShape& shape, int threads);
Tuned<GemmPlan> tuned_gemm(const StepContext& ctx, const GemmShape& shape, int threads);

}  // namespace cuvee
