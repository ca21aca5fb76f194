#include "base/cpu.h"

#include <cstdlib>
#include <cstring>

namespace cuvee {

const char* isa_name(Isa isa) {
  switch (isa) {
    case Isa::avx2: return "avx2";
    case Isa::avx512: return "avx512";
    case Isa::neon: return "neon";
    default: return "scalar";
  }
}

Isa default_isa() {
  const char* wanted = std::getenv("CUVEE_ISA");
  Isa best = Isa::scalar;
  for (Isa isa : all_isas) {
    if (!isa_available(isa)) continue;
    if (wanted && std::strcmp(wanted, isa_name(isa)) == 0) return isa;
    best = isa;
  }
  return best;
}

const char* isa_override_problem() {
  const char* wanted = std::getenv("CUVEE_ISA");
  if (!wanted || !*wanted) return nullptr;
  for (Isa isa : all_isas)
    if (std::strcmp(wanted, isa_name(isa)) == 0)
      return isa_available(isa) ? nullptr : "CUVEE_ISA names an instruction set that this processor lacks";
  return "CUVEE_ISA must be scalar, avx2, avx512 or neon";
}

}  // namespace cuvee
