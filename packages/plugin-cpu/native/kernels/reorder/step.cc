// Family `reorder`: one tensor in the other layout; action `blocked` or `plain`. f32.
#include "kernels/reorder/reorder.h"
#include "runtime/step.h"

namespace cuvee {
namespace {

Status run(StepContext& ctx) {
  const TensorView& from = ctx.in[0];
  TensorView& to = ctx.out[0];
  ReorderShape s;
  s.batch = static_cast<int>(from.dim(0));
  s.channels = static_cast<int>(from.rank > 1 ? from.dim(1) : 1);
  for (int i = 2; i < from.rank; ++i) s.width *= static_cast<int>(from.dim(i));
  const bool blocked = to.layout == Layout::blocked;
  parallel_for(*ctx.pool, reorder_chunks(*ctx.kernels, s), [&](int chunk, int) {
    if (blocked) reorder_to_blocked(*ctx.kernels, s, from.as<float>(), to.as<float>(), chunk);
    else reorder_to_planar(*ctx.kernels, s, from.as<float>(), to.as<float>(), chunk);
  });
  return {};
}

}  // namespace

extern const Family reorder_family;
const Family reorder_family{"reorder", nullptr, run};

}  // namespace cuvee
