// Shape programs: the sizes of a plan, computed from the sizes of its inputs.
//
// Decodes and runs the bytes that packages/core/src/shape/program.ts documents ("CSHP", version 1). Straight-line code
// over int64 registers, in levels: level 0 after the inputs are bound, a later level after a step has bound what it found.
// Values keep to ±(2^53 − 1), as in the TypeScript interpreter, so that both stop on the same inputs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace cuvee {

// Where a bound number comes from. `a`, `b`, `c` by kind: input port, axis; state variable, axis; data node, output, axis;
// value node, output, element.
struct ShapeSymbol {
  enum Kind : std::uint8_t { kInput = 0, kState = 1, kData = 2, kValue = 3 };
  Kind kind;
  std::uint16_t level;
  std::uint32_t a, b, c;
  std::int64_t lo, hi;  // inclusive; INT64_MIN and INT64_MAX: no limit
};

// A condition checked at the end of its level.
struct ShapeGuard {
  std::uint32_t reg;  // 1: holds
  bool assume;        // a specialised variant's condition: the general one serves these sizes
  std::uint16_t level;
};

// Half-open ranges of what belongs to a level.
struct ShapeLevel {
  std::uint32_t symbol_begin, symbol_end;
  std::uint32_t code_begin, code_end;
  std::uint32_t guard_begin, guard_end;
};

// Why a level stopped.
struct ShapeFailure {
  enum Kind : std::uint8_t { kNone = 0, kGuard, kRange, kOverflow, kDivisor, kLimit };
  Kind kind = kNone;
  std::uint32_t index = 0;  // of the guard, the symbol, or the instruction record
  explicit operator bool() const { return kind != kNone; }
};

class ShapeProgram {
 public:
  // Checks every count, offset and register before anything is kept. False: `*error` says what is wrong, and where.
  bool decode(const std::uint8_t* bytes, std::size_t size, std::string* error);

  std::uint32_t register_count() const { return registers_; }
  // Symbol i is register first_symbol() + i.
  std::uint32_t first_symbol() const { return static_cast<std::uint32_t>(constants_.size()); }
  const std::vector<ShapeSymbol>& symbols() const { return symbols_; }
  const std::vector<ShapeGuard>& guards() const { return guards_; }
  const std::vector<ShapeLevel>& levels() const { return levels_; }
  const std::vector<std::uint32_t>& roots() const { return roots_; }

  // `registers` holds register_count() numbers. Writes the constants.
  void start(std::int64_t* registers) const;

  // Binds the level's symbols from `bound` (indexed by symbol; only this level's are read), runs its code, checks its guards.
  // Levels run in order on the same registers, after start(). On failure the registers hold what was computed.
  ShapeFailure run_level(std::size_t level, const std::int64_t* bound, std::int64_t* registers) const;

  // start() and all levels.
  ShapeFailure run(const std::int64_t* bound, std::int64_t* registers) const;

 private:
  struct Instruction {
    std::uint8_t op, flags;
    std::uint32_t dst, a, b;
    std::int64_t imm;
  };

  bool check_code(std::string* error) const;

  std::uint32_t registers_ = 0;
  std::vector<std::int64_t> constants_;
  std::vector<ShapeSymbol> symbols_;
  std::vector<Instruction> code_;  // one for each record; a WIDE prefix stays as an instruction that does nothing
  std::vector<ShapeGuard> guards_;
  std::vector<ShapeLevel> levels_;
  std::vector<std::uint32_t> roots_;
};

}  // namespace cuvee
