// Processors that nothing is known about: portable kernels only.
#include "base/cpu.h"

namespace cuvee {

bool isa_available(Isa isa) { return isa == Isa::scalar; }

bool tile_unit_available() { return false; }

bool set_flush_denormals(bool) { return false; }

}  // namespace cuvee
