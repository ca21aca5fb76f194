#include "shape_program.h"

#include <bit>
#include <cmath>
#include <limits>

namespace cuvee {
namespace {

enum Op : std::uint8_t {
  kAdd = 1, kSub = 2, kMul = 3, kAddI = 4, kMulI = 5, kFDiv = 6, kFDivI = 7, kShr = 8, kMod = 9, kTDiv = 10, kMax = 11, kMin = 12,
  kBcast = 13, kSelGe = 14, kSelEq = 15, kFScale = 16, kAlign = 17, kProd = 18, kGe = 19, kEq = 20, kWide = 255,
};

constexpr std::uint32_t kMagic = 0x50485343;
constexpr std::int64_t kMaxSafe = (std::int64_t{1} << 53) - 1;
constexpr std::int64_t kMaxValue = std::int64_t{1} << 52;

// Little-endian fields, whatever the alignment of the bytes.
class Reader {
 public:
  Reader(const std::uint8_t* bytes, std::size_t size) : at_(bytes), left_(size) {}
  // Whether `count` records of `width` bytes are left.
  bool has(std::uint64_t count, std::size_t width) const { return count <= left_ / width; }
  std::uint64_t take(std::size_t width) {
    std::uint64_t x = 0;
    for (std::size_t i = 0; i < width; ++i) x |= std::uint64_t{at_[i]} << (8 * i);
    at_ += width;
    left_ -= width;
    return x;
  }
  std::uint8_t u8() { return static_cast<std::uint8_t>(take(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(take(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(take(4)); }
  std::int64_t i64() { return static_cast<std::int64_t>(take(8)); }
  std::size_t left() const { return left_; }

 private:
  const std::uint8_t* at_;
  std::size_t left_;
};

bool fail(std::string* error, std::string what) {
  *error = "shape program: " + std::move(what);
  return false;
}

inline std::int64_t floor_divide(std::int64_t a, std::int64_t b) {
  const std::int64_t q = a / b;
  return q - ((a % b != 0 && (a < 0) != (b < 0)) ? 1 : 0);
}

// A size times a scale. Returns false where the product is no safe integer.
inline bool scale(std::int64_t n, std::int64_t bits, std::uint8_t flags, std::int64_t* out) {
  const float s = std::bit_cast<float>(static_cast<std::uint32_t>(bits));
  const double x = (flags & 4) != 0 ? static_cast<double>(n) * static_cast<double>(s) : static_cast<double>(static_cast<float>(n) * s);
  double r = std::floor(x);
  const double rest = x - r;
  switch (flags & 3) {
    case 0: break;
    case 1: r = std::ceil(x); break;
    default: if (rest > 0.5 || (rest == 0.5 && std::fmod(r, 2.0) != 0.0)) r += 1.0;
  }
  if (!(r >= -static_cast<double>(kMaxSafe) && r <= static_cast<double>(kMaxSafe))) return false;
  *out = static_cast<std::int64_t>(r);
  return true;
}

inline bool is_safe(std::int64_t x) { return x <= kMaxSafe && x >= -kMaxSafe; }

}  // namespace

bool ShapeProgram::decode(const std::uint8_t* bytes, std::size_t size, std::string* error) {
  Reader in(bytes, size);
  if (size < 32) return fail(error, "shorter than its header");
  if (in.u32() != kMagic) return fail(error, "not one (magic number)");
  if (const auto version = in.u16(); version != 1) return fail(error, "version " + std::to_string(version) + " is not known");
  const std::uint32_t levels = in.u16();
  const std::uint32_t registers = in.u32(), constants = in.u32(), symbols = in.u32(), records = in.u32(), guards = in.u32(), roots = in.u32();
  const std::uint64_t expected = std::uint64_t{constants} * 8 + std::uint64_t{symbols} * 32 + std::uint64_t{records} * 16 +
                                 std::uint64_t{guards} * 8 + std::uint64_t{levels} * 24 + std::uint64_t{roots} * 4;
  if (expected != in.left()) return fail(error, "its counts ask for " + std::to_string(expected) + " bytes, it has " + std::to_string(in.left()));
  if (std::uint64_t{constants} + symbols > registers || registers > std::uint64_t{constants} + symbols + records) return fail(error, "register count");
  ShapeProgram p;
  p.registers_ = registers;
  p.constants_.reserve(constants);
  for (std::uint32_t i = 0; i < constants; ++i) {
    p.constants_.push_back(in.i64());
    if (!is_safe(p.constants_.back())) return fail(error, "constant " + std::to_string(i) + " is beyond 2^53");
  }
  p.symbols_.reserve(symbols);
  for (std::uint32_t i = 0; i < symbols; ++i) {
    ShapeSymbol s;
    const std::uint8_t kind = in.u8();
    if (kind > ShapeSymbol::kValue) return fail(error, "kind of symbol " + std::to_string(i));
    s.kind = static_cast<ShapeSymbol::Kind>(kind);
    in.u8();
    s.level = in.u16();
    s.a = in.u32();
    s.b = in.u32();
    s.c = in.u32();
    s.lo = in.i64();
    s.hi = in.i64();
    if (s.level >= levels) return fail(error, "level of symbol " + std::to_string(i));
    p.symbols_.push_back(s);
  }
  p.code_.reserve(records);
  std::uint32_t high[3] = {0, 0, 0};
  for (std::uint32_t i = 0; i < records; ++i) {
    Instruction t;
    t.op = in.u8();
    t.flags = in.u8();
    std::uint32_t fields[3];
    for (auto& f : fields) f = in.u16();
    t.imm = in.i64();
    const bool wide = t.op == kWide;
    for (int k = 0; k < 3; ++k) {
      const std::uint32_t low = fields[k];
      fields[k] = wide ? 0 : (high[k] << 16) | low;
      high[k] = wide ? low : 0;
    }
    t.dst = fields[0];
    t.a = fields[1];
    t.b = fields[2];
    p.code_.push_back(t);
  }
  p.guards_.reserve(guards);
  for (std::uint32_t i = 0; i < guards; ++i) {
    ShapeGuard g;
    g.reg = in.u32();
    g.assume = in.u8() != 0;
    in.u8();
    g.level = in.u16();
    if (g.reg >= registers || g.level >= levels) return fail(error, "register or level of guard " + std::to_string(i));
    p.guards_.push_back(g);
  }
  ShapeLevel before{};
  for (std::uint32_t i = 0; i < levels; ++i) {
    ShapeLevel l;
    l.symbol_begin = in.u32();
    l.symbol_end = in.u32();
    l.code_begin = in.u32();
    l.code_end = in.u32();
    l.guard_begin = in.u32();
    l.guard_end = in.u32();
    if (l.symbol_begin != before.symbol_end || l.symbol_end < l.symbol_begin || l.code_begin != before.code_end || l.code_end < l.code_begin ||
        l.guard_begin != before.guard_end || l.guard_end < l.guard_begin) {
      return fail(error, "level " + std::to_string(i) + " does not follow the one before");
    }
    p.levels_.push_back(l);
    before = l;
  }
  if (before.symbol_end != symbols || before.code_end != records || before.guard_end != guards) return fail(error, "its levels do not cover it");
  p.roots_.reserve(roots);
  for (std::uint32_t i = 0; i < roots; ++i) {
    p.roots_.push_back(in.u32());
    if (p.roots_.back() >= registers) return fail(error, "register of root " + std::to_string(i));
  }
  if (!p.check_code(error)) return false;
  *this = std::move(p);
  return true;
}

// Every register is written before it is read, in the order of the levels, and immediates are in range: what runs afterwards
// needs no checks of its own.
bool ShapeProgram::check_code(std::string* error) const {
  std::vector<bool> written(registers_, false);
  for (std::size_t i = 0; i < constants_.size(); ++i) written[i] = true;
  const auto readable = [&](std::int64_t r) { return r >= 0 && r < static_cast<std::int64_t>(registers_) && written[static_cast<std::size_t>(r)]; };
  for (const auto& level : levels_) {
    for (std::uint32_t i = level.symbol_begin; i < level.symbol_end; ++i) written[constants_.size() + i] = true;
    for (std::uint32_t i = level.code_begin; i < level.code_end; ++i) {
      const auto& t = code_[i];
      const auto where = "instruction " + std::to_string(i);
      if (t.op == kWide) {
        if (i + 1 == level.code_end || code_[i + 1].op == kWide) return fail(error, where + " widens nothing");
        continue;
      }
      if (t.op < kAdd || t.op > kEq) return fail(error, where + " has an unknown operation");
      if (!readable(t.a) || !readable(t.b)) return fail(error, where + " reads a register that is not written");
      bool good = true;
      switch (t.op) {
        case kAddI: case kMulI: case kProd: good = is_safe(t.imm); break;
        case kFDivI: case kAlign: good = t.imm > 0 && is_safe(t.imm); break;
        case kShr: good = t.imm >= 0 && t.imm < 63; break;
        case kSelGe: case kSelEq: good = readable(t.imm); break;
        case kFScale: good = (t.flags & ~7) == 0 && (t.flags & 3) != 3 && t.imm >= 0 && t.imm <= std::numeric_limits<std::uint32_t>::max(); break;
        default: break;
      }
      if (!good) return fail(error, where + " has an operand out of range");
      if (t.dst >= registers_ || written[t.dst]) return fail(error, where + " writes a register that is not free");
      written[t.dst] = true;
    }
    for (std::uint32_t i = level.guard_begin; i < level.guard_end; ++i) {
      if (!written[guards_[i].reg]) return fail(error, "guard " + std::to_string(i) + " reads a register that is not written");
    }
  }
  for (std::size_t i = 0; i < roots_.size(); ++i) {
    if (!written[roots_[i]]) return fail(error, "root " + std::to_string(i) + " is not computed");
  }
  return true;
}

void ShapeProgram::start(std::int64_t* registers) const {
  for (std::size_t i = 0; i < constants_.size(); ++i) registers[i] = constants_[i];
}

ShapeFailure ShapeProgram::run(const std::int64_t* bound, std::int64_t* registers) const {
  start(registers);
  for (std::size_t level = 0; level < levels_.size(); ++level) {
    if (const auto failure = run_level(level, bound, registers)) return failure;
  }
  return {};
}

ShapeFailure ShapeProgram::run_level(std::size_t level, const std::int64_t* bound, std::int64_t* r) const {
  const auto& range = levels_[level];
  for (std::uint32_t i = range.symbol_begin; i < range.symbol_end; ++i) {
    const auto& s = symbols_[i];
    std::int64_t x = bound[i];
    if (s.kind == ShapeSymbol::kValue) x = x > kMaxValue ? kMaxValue : x < -kMaxValue ? -kMaxValue : x;
    r[constants_.size() + i] = x;
    if (x < s.lo || x > s.hi || !is_safe(x)) return {ShapeFailure::kRange, i};
  }
  for (std::uint32_t i = range.code_begin; i < range.code_end; ++i) {
    const auto& t = code_[i];
    const std::int64_t a = r[t.a], b = r[t.b];
    std::int64_t x = 0;
    bool overflow = false;
    switch (t.op) {
      case kAdd: overflow = __builtin_add_overflow(a, b, &x); break;
      case kSub: overflow = __builtin_sub_overflow(a, b, &x); break;
      case kMul: overflow = __builtin_mul_overflow(a, b, &x); break;
      case kAddI: overflow = __builtin_add_overflow(a, t.imm, &x); break;
      case kMulI: overflow = __builtin_mul_overflow(a, t.imm, &x); break;
      case kFDiv:
        if (b <= 0) return {ShapeFailure::kDivisor, i};
        x = floor_divide(a, b);
        break;
      case kMod:
        if (b <= 0) return {ShapeFailure::kDivisor, i};
        x = a - b * floor_divide(a, b);
        break;
      case kTDiv:
        if (b <= 0) return {ShapeFailure::kDivisor, i};
        x = a / b;
        break;
      case kFDivI: x = floor_divide(a, t.imm); break;
      case kShr: x = a >> t.imm; break;
      case kMax: x = a > b ? a : b; break;
      case kMin: x = a < b ? a : b; break;
      case kBcast: x = a == 1 ? b : a; break;
      case kSelGe: x = r[t.imm] >= 0 ? a : b; break;
      case kSelEq: x = r[t.imm] == 0 ? a : b; break;
      case kFScale: overflow = !scale(a, t.imm, t.flags, &x); break;
      case kAlign: overflow = __builtin_mul_overflow(-floor_divide(-a, t.imm), t.imm, &x); break;
      case kProd:
        overflow = __builtin_mul_overflow(a, b, &x);
        if (overflow ? (a < 0) == (b < 0) : x > t.imm) return {ShapeFailure::kLimit, i};
        break;
      case kGe: x = a >= b ? 1 : 0; break;
      case kEq: x = a == b ? 1 : 0; break;
      default: continue;
    }
    if (overflow || !is_safe(x)) return {ShapeFailure::kOverflow, i};
    r[t.dst] = x;
  }
  for (std::uint32_t i = range.guard_begin; i < range.guard_end; ++i) {
    if (r[guards_[i].reg] != 1) return {ShapeFailure::kGuard, i};
  }
  return {};
}

}  // namespace cuvee
