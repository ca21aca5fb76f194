// shape_program_test: decodes and runs hand-written programs, and mutilated ones.
// shape_program_test --replay FILE: runs the programs of FILE and compares with the outcomes beside them. FILE, little-endian:
//   u32 program count, then for each: u32 size, bytes; u32 case count, then for each case: one i64 for each symbol,
//   u8 failure kind (0: none; as ShapeFailure::Kind), u32 index, and without failure one i64 for each root.
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "../runtime/shape_program.h"

namespace {

using cuvee::ShapeFailure;
using cuvee::ShapeProgram;
using Bytes = std::vector<std::uint8_t>;

int failures = 0;

void check(bool good, const std::string& what) {
  if (good) return;
  std::fprintf(stderr, "FAILED: %s\n", what.c_str());
  ++failures;
}

void put(Bytes& out, std::uint64_t x, int width) {
  for (int i = 0; i < width; ++i) out.push_back(static_cast<std::uint8_t>(x >> (8 * i)));
}

struct Record {
  int op, flags, dst, a, b;
  std::int64_t imm;
};

// One level, one input symbol per entry of `ranges`.
Bytes program(std::uint32_t registers, const std::vector<std::int64_t>& constants, const std::vector<std::pair<std::int64_t, std::int64_t>>& ranges,
              const std::vector<Record>& code, const std::vector<std::uint32_t>& guards, const std::vector<std::uint32_t>& roots) {
  Bytes out;
  put(out, 0x50485343, 4);
  put(out, 1, 2);
  put(out, 1, 2);
  for (std::size_t x : {std::size_t{registers}, constants.size(), ranges.size(), code.size(), guards.size(), roots.size()}) put(out, x, 4);
  for (auto c : constants) put(out, static_cast<std::uint64_t>(c), 8);
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    put(out, 0, 4);
    put(out, i, 4);
    put(out, 0, 8);
    put(out, static_cast<std::uint64_t>(ranges[i].first), 8);
    put(out, static_cast<std::uint64_t>(ranges[i].second), 8);
  }
  for (const auto& r : code) {
    put(out, static_cast<std::uint64_t>(r.op), 1);
    put(out, static_cast<std::uint64_t>(r.flags), 1);
    for (int x : {r.dst, r.a, r.b}) put(out, static_cast<std::uint64_t>(x), 2);
    put(out, static_cast<std::uint64_t>(r.imm), 8);
  }
  for (auto g : guards) put(out, g, 8);
  for (std::size_t x : {std::size_t{0}, ranges.size(), std::size_t{0}, code.size(), std::size_t{0}, guards.size()}) put(out, x, 4);
  for (auto r : roots) put(out, r, 4);
  return out;
}

// The value of one instruction on two bound numbers, or the failure.
ShapeFailure one(int op, int flags, std::int64_t a, std::int64_t b, std::int64_t imm, std::int64_t* value) {
  const std::int64_t far = std::int64_t{1} << 53;
  const auto bytes = program(4, {7}, {{-far, far}, {-far, far}}, {{op, flags, 3, 1, 2, imm}}, {}, {3});
  ShapeProgram p;
  std::string error;
  check(p.decode(bytes.data(), bytes.size(), &error), "op " + std::to_string(op) + ": " + error);
  std::int64_t r[4] = {0, 0, 0, 0}, bound[2] = {a, b};
  if (p.register_count() != 4) return {ShapeFailure::kLimit, 0};
  const auto f = p.run(bound, r);
  *value = r[3];
  return f;
}

void expect(int op, std::int64_t a, std::int64_t b, std::int64_t imm, std::int64_t value, int flags = 0) {
  std::int64_t got = 0;
  const auto f = one(op, flags, a, b, imm, &got);
  check(!f && got == value, "op " + std::to_string(op) + " of " + std::to_string(a) + ", " + std::to_string(b) + ", " + std::to_string(imm) + " gives " +
                                std::to_string(got) + ", expected " + std::to_string(value));
}

void expect_failure(int op, std::int64_t a, std::int64_t b, std::int64_t imm, ShapeFailure::Kind kind) {
  std::int64_t got = 0;
  check(one(op, 0, a, b, imm, &got).kind == kind, "op " + std::to_string(op) + " fails with kind " + std::to_string(kind));
}

void operations() {
  const std::int64_t safe = (std::int64_t{1} << 53) - 1;
  expect(1, 5, -7, 0, -2);
  expect(2, 5, -7, 0, 12);
  expect(3, 5, -7, 0, -35);
  expect(4, 5, 0, -6, -1);
  expect(5, 5, 0, -6, -30);
  expect(6, -7, 2, 0, -4);
  expect(7, -7, 0, 3, -3);
  expect(8, -7, 0, 1, -4);
  expect(9, -7, 3, 0, 2);
  expect(10, -7, 2, 0, -3);
  expect(11, -7, 2, 0, 2);
  expect(12, -7, 2, 0, -7);
  expect(13, 1, 9, 0, 9);
  expect(13, 0, 1, 0, 0);
  expect(14, 4, 5, 0, 4);   // register 0 holds 7
  expect(15, 4, 5, 0, 5);
  expect(17, 65, 0, 64, 128);
  expect(17, 64, 0, 64, 64);
  expect(18, 8, 8, 64, 64);
  expect(19, 3, 3, 0, 1);
  expect(19, 2, 3, 0, 0);
  expect(20, 3, 3, 0, 1);
  std::uint32_t bits;
  const float scale = 0.7f;
  std::memcpy(&bits, &scale, sizeof bits);
  expect(16, 10, 0, bits, 7, 0);  // in f64 it would be 6
  expect(16, 11, 0, bits, 8, 1);
  const float half = 0.5f;
  std::memcpy(&bits, &half, sizeof bits);
  expect(16, 5, 0, bits, 2, 6);
  expect(16, 7, 0, bits, 4, 6);
  expect_failure(1, safe, 1, 0, ShapeFailure::kOverflow);
  expect_failure(3, safe, safe, 0, ShapeFailure::kOverflow);
  expect_failure(6, 5, 0, 0, ShapeFailure::kDivisor);
  expect_failure(9, 5, -1, 0, ShapeFailure::kDivisor);
  expect_failure(18, 8, 9, 64, ShapeFailure::kLimit);
  expect_failure(1, safe + 1, 1, 0, ShapeFailure::kRange);
}

void guards_and_ranges() {
  // r3 = a >= b must hold; a in 1..10.
  const auto bytes = program(4, {0}, {{1, 10}, {0, INT64_MAX}}, {{19, 0, 3, 1, 2, 0}}, {3}, {});
  ShapeProgram p;
  std::string error;
  check(p.decode(bytes.data(), bytes.size(), &error), error);
  std::int64_t r[4];
  std::int64_t good[2] = {5, 5}, bad[2] = {5, 6}, outside[2] = {11, 0};
  check(!p.run(good, r), "a guard that holds");
  check(p.run(bad, r).kind == ShapeFailure::kGuard, "a guard that does not hold");
  check(p.run(outside, r).kind == ShapeFailure::kRange, "a number outside its range");
}

// Truncated and mutilated bytes are refused or run without touching foreign memory (which sanitizers would report).
void mutilated() {
  const auto bytes = program(6, {7, 0}, {{0, 100}, {0, 100}}, {{1, 0, 4, 2, 3, 0}, {14, 0, 5, 4, 2, 0}}, {4}, {5});
  ShapeProgram whole;
  std::string error;
  check(whole.decode(bytes.data(), bytes.size(), &error), "the whole program: " + error);
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    ShapeProgram p;
    const Bytes part(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n));
    check(!p.decode(part.data(), part.size(), &error), "the first " + std::to_string(n) + " bytes are refused");
  }
  std::mt19937 random(20261121);
  int accepted = 0;
  for (int i = 0; i < 200000; ++i) {
    Bytes copy = bytes;
    for (std::uint32_t k = random() % 3; k < 3; ++k) copy[random() % copy.size()] = static_cast<std::uint8_t>(random() % 4 == 0 ? random() : random() % 8);
    ShapeProgram p;
    if (!p.decode(copy.data(), copy.size(), &error)) continue;
    ++accepted;
    std::vector<std::int64_t> r(p.register_count()), bound(p.symbols().size(), 3);
    p.run(bound.data(), r.data());
  }
  check(accepted > 0 && accepted < 200000, "some mutilated programs are refused and some run");
}

void speed() {
  std::vector<Record> code;
  std::mt19937 random(1);
  for (int i = 0; i < 400; ++i) {
    const int ops[] = {4, 5, 7, 8, 11, 12, 13, 19};
    const int op = ops[i % 10 == 0 ? 1 : i % 10 < 3 ? 3 : random() % 2 == 0 ? 0 : 2 + random() % 6], dst = 5 + i;
    code.push_back({op, 0, dst, static_cast<int>(random() % static_cast<unsigned>(dst)), static_cast<int>(random() % static_cast<unsigned>(dst)), op == 8 ? 1 : 3});
  }
  const auto bytes = program(405, {1, 2, 3}, {{0, 1000}, {0, 1000}}, code, {}, {});
  ShapeProgram p;
  std::string error;
  check(p.decode(bytes.data(), bytes.size(), &error), error);
  std::vector<std::int64_t> r(405);
  std::int64_t bound[2] = {640, 480}, sum = 0;
  const auto begin = std::chrono::steady_clock::now();
  const int runs = 20000;
  for (int i = 0; i < runs; ++i) {
    bound[0] = 500 + i % 500;
    if (p.run(bound, r.data())) return check(false, "400 instructions run");
    sum += r[404];
  }
  const double us = std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count() / runs;
  std::printf("400 instructions: %.2f us (checksum %lld)\n", us, static_cast<long long>(sum));
}

int replay(const char* path) {
  std::ifstream file(path, std::ios::binary);
  const Bytes all((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  std::size_t at = 0;
  const auto take = [&](int width) {
    std::uint64_t x = 0;
    for (int i = 0; i < width && at < all.size(); ++i) x |= std::uint64_t{all[at++]} << (8 * i);
    return x;
  };
  const auto programs = take(4);
  std::uint64_t cases = 0;
  for (std::uint64_t k = 0; k < programs; ++k) {
    const auto size = static_cast<std::size_t>(take(4));
    ShapeProgram p;
    std::string error;
    if (at + size > all.size() || !p.decode(all.data() + at, size, &error)) {
      std::fprintf(stderr, "FAILED: program %llu: %s\n", static_cast<unsigned long long>(k), error.c_str());
      return 1;
    }
    at += size;
    for (auto n = take(4); n > 0; --n, ++cases) {
      std::vector<std::int64_t> bound, r(p.register_count());
      for (std::size_t i = 0; i < p.symbols().size(); ++i) bound.push_back(static_cast<std::int64_t>(take(8)));
      const auto kind = take(1), index = take(4);
      const auto f = p.run(bound.data(), r.data());
      const auto where = "program " + std::to_string(k);
      check(f.kind == kind && (kind == 0 || f.index == index), where + ": failure " + std::to_string(f.kind) + " at " + std::to_string(f.index) + ", expected " +
                                                                   std::to_string(kind) + " at " + std::to_string(index));
      if (kind != 0) continue;
      for (auto root : p.roots()) {
        const auto expected = static_cast<std::int64_t>(take(8));
        check(r[root] == expected, where + ": " + std::to_string(r[root]) + ", expected " + std::to_string(expected));
      }
    }
  }
  std::printf("%llu programs, %llu cases\n", static_cast<unsigned long long>(programs), static_cast<unsigned long long>(cases));
  return failures == 0 && cases > 0 && at == all.size() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::strcmp(argv[1], "--replay") == 0) return replay(argv[2]);
  operations();
  guards_and_ranges();
  mutilated();
  speed();
  std::printf(failures == 0 ? "shape programs: all good\n" : "shape programs: %d failures\n", failures);
  return failures == 0 ? 0 : 1;
}
