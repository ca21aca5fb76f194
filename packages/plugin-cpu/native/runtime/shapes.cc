#include "runtime/shapes.h"

namespace cuvee {

Status Shapes::decode(std::span<const uint8_t> bytes, Shapes& shapes) {
  shapes.empty_ = bytes.empty();
  if (shapes.empty_) return {};
  std::string error;
  if (!shapes.program_.decode(bytes.data(), bytes.size(), &error)) return Status::fail("MODEL_INVALID", "the plan's " + error);
  shapes.registers_ = shapes.program_.register_count();
  return {};
}

void Shapes::start(int64_t* registers) const {
  std::fill_n(registers, registers_, unknown);
  if (!empty_) program_.start(registers);
}

Status Shapes::run_level(int64_t* registers, size_t level) const {
  if (empty_ || level >= program_.levels().size()) return {};
  const ShapeFailure failure = program_.run_level(level, registers + program_.first_symbol(), registers);
  if (!failure) return {};
  Status status = Status::fail("SHAPE_MISMATCH", "a condition on the sizes does not hold");
  status.shape = std::make_shared<ShapeTrouble>(ShapeTrouble{failure.kind, failure.index, {registers, registers + registers_}, {}});
  return status;
}

}  // namespace cuvee
