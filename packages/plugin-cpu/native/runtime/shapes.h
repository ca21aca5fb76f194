// The shape program as the executor sees it: registers, computed level by level, failing with a Status.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "runtime/shape_program.h"
#include "runtime/step.h"

namespace cuvee {

class Shapes {
 public:
  static Status decode(std::span<const uint8_t> bytes, Shapes& shapes);
  // In a plan with no shape program at all, registers are those that bindings name; `widen` makes room for one more.
  void widen(uint32_t registers) { if (empty_) registers_ = std::max(registers_, registers); }
  uint32_t registers() const { return registers_; }
  // What a register holds before its level.
  static constexpr int64_t unknown = INT64_MIN;
  // Sets registers that hold constants, the others to `unknown`.
  void start(int64_t* registers) const;
  // Computes what `level` adds; the level's symbols are bound.
  Status run_level(int64_t* registers, size_t level) const;

 private:
  ShapeProgram program_;
  bool empty_ = true;
  uint32_t registers_ = 0;
};

}  // namespace cuvee
