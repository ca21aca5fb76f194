// A sub-plan inside a request.
#pragma once

#include "runtime/executor.h"

namespace cuvee {

class SubExecutor final : public SubPlan {
 public:
  // `index`: which of the outer plan's sub-plans it is.
  SubExecutor(Program& program, Environment& environment, uint32_t index) : executor_(program, environment, 2), index_(index) {}
  int inputs() const override { return static_cast<int>(plan().inputs.size()); }
  int outputs() const override { return static_cast<int>(plan().outputs.size()); }
  Type input_type(int i) const override { return plan().tensors[plan().inputs[i]].type; }
  int input_rank(int i) const override { return static_cast<int>(plan().tensors[plan().inputs[i]].dims.size()); }
  Type output_type(int i) const override { return plan().tensors[plan().outputs[i]].type; }
  int output_rank(int i) const override { return static_cast<int>(plan().tensors[plan().outputs[i]].dims.size()); }
  Status run(std::span<const TensorView> in, std::span<TensorView> out) override {
    Status status = executor_.run(in, out);
    if (status.shape) status.shape->path.insert(status.shape->path.begin(), index_);
    return status;
  }
  const Executor& executor() const { return executor_; }

 private:
  const Plan& plan() const { return executor_.plan(); }
  Executor executor_;
  const uint32_t index_;
};

}  // namespace cuvee
