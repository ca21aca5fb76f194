/// A small test harness: TEST bodies register themselves; buffers fault on overreads; comparisons print what differed.
#pragma once

#include <cmath>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/cpu.h"
#include "kernels/tensor.h"

namespace cuvee::test {

struct Case {
  const char* name;
  void (*body)();
};
std::vector<Case>& cases();
std::vector<Case>& benches();

struct Register {
  Register(std::vector<Case>& list, const char* name, void (*body)()) { list.push_back({name, body}); }
};

#define TEST(name)                                                                         \
  static void name();                                                                      \
  static const ::cuvee::test::Register name##_case(::cuvee::test::cases(), #name, name);   \
  static void name()
#define BENCH(name)                                                                        \
  static void name();                                                                      \
  static const ::cuvee::test::Register name##_case(::cuvee::test::benches(), #name, name); \
  static void name()

/// Marks the running case as failed, once for each message, and goes on. Printf format.
void fail(const char* format, ...) __attribute__((format(printf, 1, 2)));
#define CHECK(condition, ...) \
  do {                        \
    if (!(condition)) ::cuvee::test::fail(__VA_ARGS__); \
  } while (0)

/// Instruction sets to test: all available, or the one of --isa.
const std::vector<Isa>& isas();
/// Value of --NAME, or null.
const char* option(const char* name);

/// Floats whose end touches an inaccessible page; starts 64-byte aligned when `count` is a multiple of 16, 32-byte when of 8.
class Guarded {
 public:
  explicit Guarded(std::size_t count, float fill = 0);
  Guarded(Guarded&& other) noexcept;
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;
  ~Guarded();
  float* data() { return data_; }
  const float* data() const { return data_; }
  std::size_t size() const { return size_; }
  float& operator[](std::size_t i) { return data_[i]; }
  float operator[](std::size_t i) const { return data_[i]; }

 private:
  void* mapping_ = nullptr;
  std::size_t mapped_ = 0;
  float* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Reproducible values in [-1, 1).
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed * 2862933555777941757u + 3037000493u) {}
  float value() { return static_cast<float>(next() >> 40) / 8388608.0f - 1.0f; }
  int below(int n) { return static_cast<int>((next() >> 33) % static_cast<std::uint64_t>(n)); }
  template <class Buffer>
  void fill(Buffer& buffer) {
    for (std::size_t i = 0; i < buffer.size(); ++i) buffer[i] = value();
  }

 private:
  std::uint64_t next() { return state_ = state_ * 6364136223846793005u + 1442695040888963407u; }
  std::uint64_t state_;
};

/// Blocked copy of a planar tensor, pad lanes zero; and the way back, failing when a pad lane is not zero.
Guarded to_blocked(const std::vector<float>& planar, int n, int c, int plane, int block);
std::vector<float> to_planar(const Guarded& blocked, int n, int c, int plane, int block, const char* what);

/// Activation in double precision, see Act.
double activate(double x, Act act, double a, double b);

/// |got - want| <= absolute * max(max|want|, scale) + relative * |want|, NaN equal to NaN. `scale`: size of the sums before a
/// saturating activation.
void expect_close(const std::vector<float>& got, const std::vector<double>& want, double absolute, double relative, const char* what,
                  double scale = 0);

/// An epilogue with its arrays and the same in double precision.
struct EpilogueCase {
  Epilogue epilogue;
  std::vector<float> bias, pre_scale, pre_shift, post_scale, post_shift;
  /// Value for channel c; r is the residual's value.
  double apply(double x, int c, double r) const;
};
/// Kind 0: nothing; each further kind another mixture of parts and activations.
EpilogueCase make_epilogue(int kind, int channels, std::uint64_t seed);
inline constexpr int epilogue_kinds = 20;

/// Seconds of one call: best and median of repeated calls during `seconds`. With --seconds 0 one call, for valgrind, and nothing is printed.
struct Timing {
  double best, median;
};
Timing measure(const std::function<void()>& body, double seconds);
/// What a call has to do at least.
struct Work {
  double flops, bytes;  // bytes: operands read and results written once
};
/// Prints one row: name, times, rates, and how near they come to the roofs that this run measured: arithmetic in the first cache, and
/// reading as many bytes again and again. The roofline is the larger of the two least times; operands that two second-level caches hold
/// cost no time.
void report(const char* name, Isa isa, int threads, const Work& work, const Timing& timing);
/// --threads, default 1; --seconds, default 0.3; the one instruction set to measure (--isa or the best).
int bench_threads();
double bench_seconds();
Isa bench_isa();

}  // namespace cuvee::test
