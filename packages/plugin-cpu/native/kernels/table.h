/// The kernels of one instruction set.
#pragma once

#include "base/cpu.h"

namespace cuvee {

struct TileKernels;
struct DepthwiseKernels;
struct ReorderKernels;
struct WinogradKernels;

/// Everything that a selection function needs to know about an instruction set.
struct KernelTable {
  Isa isa;
  int block;  // B of the blocked layout: 16 on avx512, 8 elsewhere
  const TileKernels* tile;
  const DepthwiseKernels* depthwise;
  const ReorderKernels* reorder;
  const WinogradKernels* winograd;
};

/// The table of an available instruction set (scalar where that set was not compiled in).
const KernelTable& kernel_table(Isa isa);

}  // namespace cuvee
