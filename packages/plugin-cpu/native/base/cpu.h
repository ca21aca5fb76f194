/// Which instruction set the kernels use, and small facts about the processor. One file for each architecture answers
/// `isa_available` and `set_flush_denormals`: cpu_x64.cc, cpu_arm64.cc, cpu_other.cc.
#pragma once

#include <cstddef>

namespace cuvee {

/// Instruction sets that kernels exist for; those of one architecture in ascending order of preference.
enum class Isa : int { scalar = 0, avx2 = 1, avx512 = 2, neon = 3 };
inline constexpr Isa all_isas[] = {Isa::scalar, Isa::avx2, Isa::avx512, Isa::neon};

/// "scalar", "avx2", "avx512", "neon": the words that CUVEE_ISA takes.
const char* isa_name(Isa isa);

/// True when this processor and operating system can run kernels of `isa` (state saved by the OS included).
bool isa_available(Isa isa);

/// True when there is a unit that multiplies tiles of bfloat16 numbers (Intel's AMX) and CUVEE_ISA does not ask for less; allows
/// this process to use it.
bool tile_unit_available();

/// The best available set, or the one named by the environment variable CUVEE_ISA when it is available.
/// An unknown or unavailable name is ignored; `isa_override_problem` then tells why.
Isa default_isa();

/// Null, or a sentence about a CUVEE_ISA value that could not be honoured.
const char* isa_override_problem();

/// Sets flush-to-zero and denormals-are-zero of the calling thread; returns the former setting. No effect where unknown.
bool set_flush_denormals(bool on);

}  // namespace cuvee
