/// Choosing among the variants of a kernel family. A family has one file for each instruction set; FAMILY/ISA.cc defines FAMILY_ISA.
#pragma once

#include "base/cpu.h"

/// X(isa, …) for every instruction set that kernels are compiled for here.
#if CUVEE_X64_KERNELS
#define CUVEE_EACH_ISA(X, ...) X(scalar __VA_OPT__(, ) __VA_ARGS__) X(avx2 __VA_OPT__(, ) __VA_ARGS__) X(avx512 __VA_OPT__(, ) __VA_ARGS__)
#elif CUVEE_ARM64_KERNELS
#define CUVEE_EACH_ISA(X, ...) X(scalar __VA_OPT__(, ) __VA_ARGS__) X(neon __VA_OPT__(, ) __VA_ARGS__)
#else
#define CUVEE_EACH_ISA(X, ...) X(scalar __VA_OPT__(, ) __VA_ARGS__)
#endif

#define CUVEE_DECLARE_VARIANT(isa, type, family) extern const type family##_##isa;
#define CUVEE_RETURN_VARIANT(name, type, family) \
  case Isa::name: return family##_##name;

/// Defines `RESULT FUNCTION(Isa)`: the variant of FAMILY for an instruction set, scalar where that set was not compiled in.
#define CUVEE_VARIANTS(type, family, result, function)         \
  CUVEE_EACH_ISA(CUVEE_DECLARE_VARIANT, type, family)          \
  result function(Isa isa) {                                   \
    switch (isa) {                                             \
      CUVEE_EACH_ISA(CUVEE_RETURN_VARIANT, type, family)       \
      default: return family##_scalar;                         \
    }                                                          \
  }

namespace cuvee {

#define CUVEE_NAME_ISA(isa) Isa::isa,
inline constexpr Isa compiled_isas[] = {CUVEE_EACH_ISA(CUVEE_NAME_ISA)};

}  // namespace cuvee
