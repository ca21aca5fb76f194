#include "kernels/table.h"

#include "kernels/select.h"

namespace cuvee {

#define TABLE(isa)                             \
  extern const TileKernels tile_##isa;           \
  extern const DepthwiseKernels depthwise_##isa; \
  extern const ReorderKernels reorder_##isa;     \
  extern const WinogradKernels winograd_##isa;   \
  static constexpr KernelTable table_##isa = {Isa::isa, Isa::isa == Isa::avx512 ? 16 : 8, &tile_##isa, &depthwise_##isa, &reorder_##isa, &winograd_##isa};
CUVEE_EACH_ISA(TABLE)
#undef TABLE

const KernelTable& kernel_table(Isa isa) {
#define CHOOSE(name) \
  case Isa::name: return table_##name;
  switch (isa) {
    CUVEE_EACH_ISA(CHOOSE)
    default: return table_scalar;
  }
#undef CHOOSE
}

}  // namespace cuvee
