/// Which instruction set the kernels use, and small facts about the processor.
#pragma once

#include <cstddef>

namespace cuvee {

/// Instruction sets that kernels exist for, in ascending order of preference.
enum class Isa : int { scalar = 0, avx2 = 1, avx512 = 2 };

/// "scalar", "avx2", "avx512": the words that CUVEE_ISA takes.
const char* isa_name(Isa isa);

/// True when this processor and operating system can run kernels of `isa` (state saved by the OS included).
bool isa_available(Isa isa);

/// The best available set, or the one named by the environment variable CUVEE_ISA when it is available.
/// An unknown or unavailable name is ignored; `isa_override_problem` then tells why.
Isa default_isa();

/// Null, or a sentence about a CUVEE_ISA value that could not be honoured.
const char* isa_override_problem();

/// Cores this process may run on: scheduler affinity and cgroup quota (rounded up) considered, at least 1.
int available_cores();

/// Sets flush-to-zero and denormals-are-zero of the calling thread; returns the former setting. No effect where unknown.
bool set_flush_denormals(bool on);

}  // namespace cuvee
