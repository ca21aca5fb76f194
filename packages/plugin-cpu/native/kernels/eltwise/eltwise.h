// Elementwise programs over rows in L1: every instruction is one loop over contiguous operands.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/cpu.h"

namespace cuvee {

namespace opcode {
enum Opcode : uint8_t {
#define OPCODE(name) name##_,
#include "kernels/eltwise/opcodes.inc"
#undef OPCODE
  count
};
}  // namespace opcode

// One instruction over n elements. Operands that the opcode does not read may be null; d may be any operand.
struct Instruction {
  uint8_t op, d, a, b, c;  // registers; 255: none
  float p, q;
};

// f32: comparisons and predicates give 0 or 1; NaN propagates as in IEEE 754's arithmetic (max and min included).
using EltwiseRow = void (*)(const Instruction& i, float* d, const float* a, const float* b, const float* c, std::ptrdiff_t n);

// The kernel of an instruction set.
EltwiseRow eltwise_row(Isa isa);

// The same over double, int32 (also for narrower types), int64 (also for u32) and uint64. Integer arithmetic wraps; x / 0 and x mod 0 are 0.
template <class T> void eltwise_plain(const Instruction& i, T* d, const T* a, const T* b, const T* c, std::ptrdiff_t n);

}  // namespace cuvee
