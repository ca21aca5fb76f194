#include "kernels/control/control.h"

#include <cstring>

namespace cuvee {

Status give_output(StepContext& c, int i, const TensorView& value) {
  TensorView& to = c.out[static_cast<size_t>(i)];
  if (value.type != to.type || value.rank != to.rank) return Status::fail("MODEL_INVALID", "output " + std::to_string(i) + " of the step and of its plan differ in type or rank");
  if (!c.allocate(i, {value.dims, static_cast<size_t>(value.rank)})) return Status::fail("OUT_OF_MEMORY", "output " + std::to_string(i));
  if (value.bytes && to.data != value.data) std::memcpy(to.data, value.data, static_cast<size_t>(value.bytes));
  return {};
}

Status scalar(const TensorView& t, const char* what, int64_t& value) {
  if (t.absent || t.size != 1) return Status::fail("SHAPE_MISMATCH", std::string(what) + " must have one element");
  switch (t.type) {
    case Type::boolean: case Type::u8: case Type::i8: value = t.as<int8_t>()[0]; return {};
    case Type::i32: value = t.as<int32_t>()[0]; return {};
    case Type::i64: value = t.as<int64_t>()[0]; return {};
    default: return Status::fail("MODEL_INVALID", std::string(what) + " must be boolean, i32 or i64");
  }
}

namespace {

Status bind(StepContext& c) {
  const bool counted = c.args.size() == 1 && c.plans() == 2 && !c.in.empty();
  const int64_t n = counted ? c.args[0].i : -1, rest = static_cast<int64_t>(c.in.size()) - 1 - n;
  if (!counted || n < 0 || n != c.plan(0).inputs() || rest != c.plan(1).inputs() || c.plan(0).outputs() != static_cast<int>(c.out.size()) || c.plan(1).outputs() != static_cast<int>(c.out.size()))
    return Status::fail("MODEL_INVALID", "the branches' inputs or outputs are not those of the step");
  return {};
}

Status run(StepContext& c) {
  int64_t condition = 0;
  if (Status s = scalar(c.in[0], "the condition", condition); !s.ok()) return s;
  const size_t n = static_cast<size_t>(c.args[0].i);
  SubPlan& plan = c.plan(condition ? 0 : 1);
  const auto in = condition ? c.in.subspan(1, n) : c.in.subspan(1 + n);
  // Where the size is known, the branch writes the step's output itself.
  std::vector<TensorView> out(c.out.begin(), c.out.end());
  if (Status s = plan.run(in, out); !s.ok()) return s;
  for (size_t i = 0; i < out.size(); ++i)
    if (Status s = give_output(c, static_cast<int>(i), out[i]); !s.ok()) return s;
  return {};
}

}  // namespace

extern const Family branch_family;
const Family branch_family{"if", bind, run};

}  // namespace cuvee
