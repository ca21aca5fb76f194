// AArch64, where every processor has NEON.
#include <cstdint>

#include "base/cpu.h"

namespace cuvee {

bool isa_available(Isa isa) { return isa == Isa::scalar || isa == Isa::neon; }

bool tile_unit_available() { return false; }

bool set_flush_denormals(bool on) {
  constexpr std::uint64_t flush = std::uint64_t{1} << 24;  // FPCR.FZ
  std::uint64_t before;
  __asm__ volatile("mrs %0, fpcr" : "=r"(before));
  const std::uint64_t after = on ? before | flush : before & ~flush;
  __asm__ volatile("msr fpcr, %0" : : "r"(after));
  return (before & flush) != 0;
}

}  // namespace cuvee
