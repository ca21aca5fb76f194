#include "base/cpu.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

#if defined(__linux__)
#include <sched.h>
#endif
#if defined(__x86_64__) || defined(_M_X64)
#define CUVEE_X64 1
#include <immintrin.h>
#if defined(_MSC_VER)
#include <intrin.h>
#else
#include <cpuid.h>
#endif
#endif

namespace cuvee {
namespace {

constexpr Isa all_isas[] = {Isa::scalar, Isa::avx2, Isa::avx512};

#if CUVEE_X64
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

bool detect(Isa isa) {
  if (isa == Isa::scalar) return true;
  if (cpuid(0, 0).a < 7) return false;
  const Registers one = cpuid(1, 0), seven = cpuid(7, 0);
  constexpr unsigned osxsave = 1u << 27, avx = 1u << 28, fma = 1u << 12, f16c = 1u << 29;
  constexpr unsigned need = osxsave | avx | fma | f16c;
  if ((one.c & need) != need || (saved_states() & 0x6) != 0x6) return false;
  const bool avx2 = (seven.b >> 5) & 1;
  if (isa == Isa::avx2) return avx2;
  constexpr unsigned f = 1u << 16, dq = 1u << 17, bw = 1u << 30, vl = 1u << 31;
  return avx2 && (seven.b & (f | dq | bw | vl)) == (f | dq | bw | vl) && (saved_states() & 0xe6) == 0xe6;
}
#else
bool detect(Isa isa) { return isa == Isa::scalar; }
#endif

Isa best_isa() {
  Isa best = Isa::scalar;
  for (Isa isa : all_isas)
    if (isa_available(isa)) best = isa;
  return best;
}

#if defined(__linux__)
/// Cores allowed by a cgroup quota rounded up; 0 when there is no limit.
int cgroup_cores() {
  if (std::FILE* file = std::fopen("/sys/fs/cgroup/cpu.max", "r")) {
    long long quota = 0, period = 0;
    const int read = std::fscanf(file, "%lld %lld", &quota, &period);
    std::fclose(file);
    return read == 2 && quota > 0 && period > 0 ? static_cast<int>((quota + period - 1) / period) : 0;
  }
  long long values[2] = {0, 0};
  const char* paths[2] = {"/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "/sys/fs/cgroup/cpu/cpu.cfs_period_us"};
  for (int i = 0; i < 2; ++i) {
    std::FILE* file = std::fopen(paths[i], "r");
    if (!file) return 0;
    if (std::fscanf(file, "%lld", &values[i]) != 1) values[i] = 0;
    std::fclose(file);
  }
  return values[0] > 0 && values[1] > 0 ? static_cast<int>((values[0] + values[1] - 1) / values[1]) : 0;
}
#endif

}  // namespace

const char* isa_name(Isa isa) {
  switch (isa) {
    case Isa::avx2: return "avx2";
    case Isa::avx512: return "avx512";
    default: return "scalar";
  }
}

bool isa_available(Isa isa) { return detect(isa); }

Isa default_isa() {
  const char* wanted = std::getenv("CUVEE_ISA");
  if (wanted)
    for (Isa isa : all_isas)
      if (std::strcmp(wanted, isa_name(isa)) == 0 && isa_available(isa)) return isa;
  return best_isa();
}

const char* isa_override_problem() {
  const char* wanted = std::getenv("CUVEE_ISA");
  if (!wanted || !*wanted) return nullptr;
  for (Isa isa : all_isas)
    if (std::strcmp(wanted, isa_name(isa)) == 0)
      return isa_available(isa) ? nullptr : "CUVEE_ISA names an instruction set that this processor lacks";
  return "CUVEE_ISA must be scalar, avx2 or avx512";
}

int available_cores() {
  int cores = static_cast<int>(std::thread::hardware_concurrency());
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) cores = CPU_COUNT(&set);
  if (const int limit = cgroup_cores()) cores = std::min(cores, limit);
#endif
  return std::max(cores, 1);
}

bool set_flush_denormals(bool on) {
#if CUVEE_X64
  constexpr unsigned bits = 0x8040;
  const unsigned before = _mm_getcsr();
  _mm_setcsr(on ? before | bits : before & ~bits);
  return (before & bits) == bits;
#else
  return on && false;
#endif
}

}  // namespace cuvee
