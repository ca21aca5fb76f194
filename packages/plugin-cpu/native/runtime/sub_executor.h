// A sub-plan inside a request.
#pragma once

#include "runtime/executor.h"

namespace cuvee {

class SubExecutor final : public SubPlan {
 public:
  SubExecutor(Program& program, Environment& environment) : executor_(program, environment, 2) {}
  int inputs() const override { return static_cast<int>(plan().inputs.size()); }
  int outputs() const override { return static_cast<int>(plan().outputs.size()); }
  Type input_type(int i) const override { return plan().tensors[plan().inputs[i]].type; }
  Type output_type(int i) const override { return plan().tensors[plan().outputs[i]].type; }
  int output_rank(int i) const override { return static_cast<int>(plan().tensors[plan().outputs[i]].dims.size()); }
  Status run(std::span<const TensorView> in, std::span<TensorView> out) override { return executor_.run(in, out); }
  const Executor& executor() const { return executor_; }

 private:
  const Plan& plan() const { return executor_.plan(); }
  Executor executor_;
};

}  // namespace cuvee
