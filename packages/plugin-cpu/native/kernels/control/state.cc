// state: output 0, dynamic, is the content of a variable, in the variable's own memory; while it was never set, input 0 is copied there.
//   args: index of the variable in the plan
#include "runtime/step.h"

namespace cuvee {
namespace {

Status bind(StepContext& c) {
  if (c.in.size() != 1 || c.out.size() != 1 || c.args.size() != 1 || c.in[0].absent || c.in[0].type != c.out[0].type || c.in[0].layout != Layout::plain || c.in[0].rank != c.out[0].rank)
    return Status::fail("MODEL_INVALID", "a variable is read into a tensor of its initial value's type and rank");
  return {};
}

Status run(StepContext& c) {
  if (!c.read_state(0, c.args[0].i, c.in[0])) return Status::fail("OUT_OF_MEMORY", "the variable's content");
  return {};
}

}  // namespace

extern const Family state_family;
const Family state_family{"state", bind, run};

}  // namespace cuvee
