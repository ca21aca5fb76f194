#include "kernels/table.h"

namespace cuvee {

#define KERNELS(family, isa) extern const family##_type family##_##isa;
using tile_type = TileKernels;
using depthwise_type = DepthwiseKernels;
using reorder_type = ReorderKernels;
using winograd_type = WinogradKernels;
#include "kernels/depthwise/kernels.inc"
#include "kernels/reorder/kernels.inc"
#include "kernels/tile/kernels.inc"
#include "kernels/winograd/kernels.inc"
#undef KERNELS

namespace {

constexpr KernelTable scalar_table = {Isa::scalar, 8, &tile_scalar, &depthwise_scalar, &reorder_scalar, &winograd_scalar};
#if CUVEE_X64_KERNELS
constexpr KernelTable avx2_table = {Isa::avx2, 8, &tile_avx2, &depthwise_avx2, &reorder_avx2, &winograd_avx2};
constexpr KernelTable avx512_table = {Isa::avx512, 16, &tile_avx512, &depthwise_avx512, &reorder_avx512, &winograd_avx512};
#endif

}  // namespace

const KernelTable& kernel_table(Isa isa) {
#if CUVEE_X64_KERNELS
  if (isa == Isa::avx512) return avx512_table;
  if (isa == Isa::avx2) return avx2_table;
#endif
  static_cast<void>(isa);
  return scalar_table;
}

}  // namespace cuvee
