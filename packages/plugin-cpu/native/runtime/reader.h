// Reads little-endian numbers from bytes with every bound checked: past the end it yields zeros and remembers.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>

#include "runtime/step.h"

namespace cuvee {

class Reader {
 public:
  Reader() = default;
  explicit Reader(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  uint8_t u8() { return number<uint8_t>(); }
  uint16_t u16() { return number<uint16_t>(); }
  uint32_t u32() { return number<uint32_t>(); }
  int32_t i32() { return number<int32_t>(); }
  uint64_t u64() { return number<uint64_t>(); }
  int64_t i64() { return number<int64_t>(); }
  void skip(size_t n) { if (room(n)) at_ += n; }
  // To a multiple of 8.
  void pad() { skip((8 - at_ % 8) % 8); }

  // True when `count` items of `size` bytes are left.
  bool fits(uint64_t count, uint64_t size) {
    if (!failed_ && count <= (bytes_.size() - at_) / size) return true;
    failed_ = true;
    return false;
  }
  std::span<const uint8_t> take(size_t n) {
    if (!room(n)) return {};
    const auto taken = bytes_.subspan(at_, n);
    at_ += n;
    return taken;
  }
  std::span<const uint8_t> rest() { return take(bytes_.size() - at_); }

  Status bad(const char* what) const { return Status::fail("MODEL_INVALID", std::string("the plan's ") + what + " are damaged"); }
  Status done(const char* what) const { return failed_ ? bad(what) : Status{}; }

 private:
  bool room(size_t n) {
    if (!failed_ && n <= bytes_.size() - at_) return true;
    failed_ = true;
    at_ = bytes_.size();
    return false;
  }
  template <class T> T number() {
    T value{};
    if (!room(sizeof(T))) return value;
    std::memcpy(&value, bytes_.data() + at_, sizeof(T));
    at_ += sizeof(T);
    return value;
  }

  std::span<const uint8_t> bytes_;
  size_t at_ = 0;
  bool failed_ = false;
};

}  // namespace cuvee
