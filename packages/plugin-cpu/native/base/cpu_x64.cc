// x86-64: what CPUID and the control registers say.
#include <immintrin.h>

#include <cstdlib>
#if defined(_MSC_VER)
#include <intrin.h>
#else
#include <cpuid.h>
#endif

#include "base/cpu.h"
#include "base/system.h"

namespace cuvee {
namespace {

struct Registers {
  unsigned a, b, c, d;
};

Registers cpuid(unsigned leaf, unsigned sub) {
  Registers r{};
#if defined(_MSC_VER)
  int v[4];
  __cpuidex(v, static_cast<int>(leaf), static_cast<int>(sub));
  r = {unsigned(v[0]), unsigned(v[1]), unsigned(v[2]), unsigned(v[3])};
#else
  __cpuid_count(leaf, sub, r.a, r.b, r.c, r.d);
#endif
  return r;
}

/// Extended control register 0: which register states the operating system saves.
unsigned long long saved_states() {
#if defined(_MSC_VER)
  return _xgetbv(0);
#else
  unsigned low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (static_cast<unsigned long long>(high) << 32) | low;
#endif
}

/// Darwin turns the 512-bit states on when a thread first uses them; XCR0 does not show them before.
#if defined(__APPLE__)
constexpr unsigned long long wide_states = 0x6;
#else
constexpr unsigned long long wide_states = 0xe6;
#endif

}  // namespace

bool isa_available(Isa isa) {
  if (isa == Isa::scalar) return true;
  if (isa != Isa::avx2 && isa != Isa::avx512) return false;
  // Once in a process: a virtual machine answers each question itself, in microseconds.
  static const bool told = cpuid(0, 0).a >= 7;
  static const Registers one = cpuid(1, 0), seven = told ? cpuid(7, 0) : Registers{};
  constexpr unsigned osxsave = 1u << 27, avx = 1u << 28, fma = 1u << 12, f16c = 1u << 29;
  constexpr unsigned need = osxsave | avx | fma | f16c;
  if ((one.c & need) != need || (saved_states() & 0x6) != 0x6) return false;
  const bool avx2 = (seven.b >> 5) & 1;
  if (isa == Isa::avx2) return avx2;
  constexpr unsigned f = 1u << 16, dq = 1u << 17, bw = 1u << 30, vl = 1u << 31;
  return avx2 && (seven.b & (f | dq | bw | vl)) == (f | dq | bw | vl) && (saved_states() & wide_states) == wide_states;
}

bool tile_unit_available() {
  if (std::getenv("CUVEE_ISA") || !isa_available(Isa::avx512)) return false;
  constexpr unsigned bf16 = 1u << 22, tiles = 1u << 24, vector_bf16 = 1u << 5;
  constexpr unsigned long long tile_states = 0x60000;
  if ((cpuid(7, 0).d & (bf16 | tiles)) != (bf16 | tiles) || cpuid(7, 0).a < 1 || !(cpuid(7, 1).a & vector_bf16)) return false;
  return (saved_states() & tile_states) == tile_states && permit_tiles();
}

bool set_flush_denormals(bool on) {
  constexpr unsigned bits = 0x8040;
  const unsigned before = _mm_getcsr();
  _mm_setcsr(on ? before | bits : before & ~bits);
  return (before & bits) == bits;
}

}  // namespace cuvee
