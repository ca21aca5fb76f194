/// Matrix product, float32, row-major:  C[m][n] = epilogue( sum over k of A[m][k] * B[k][n] ),  epilogue channels are columns.
///
/// B is packed once when constant, else before every product; panels are independent. A is read in place, or, when
/// `transpose_a`, through scratch. Batches are the caller's loop (or its chunks). K = 0 gives epilogue(0).
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/table.h"
#include "kernels/tensor.h"

namespace cuvee {

struct GemmShape {
  int m = 0, n = 0, k = 0;
  bool transpose_a = false;  // A is given as [K][M]
  bool transpose_b = false;  // B is given as [N][K]
};

struct GemmPanel {
  int column, vectors;  // columns [column, column + vectors * B), cut at N
  std::size_t offset;   // floats from the start of the packed matrix
};

struct GemmPlan {
  const KernelTable* table = nullptr;
  GemmShape shape;
  std::vector<GemmPanel> panels;
  std::size_t packed_floats = 0;
  std::uint64_t packing = 0;       // plans of equal packing, table and B share the packed matrix
  int chunks = 0, bands = 1, band_m = 0, panel_splits = 1;  // chunks = bands * panel_splits
  std::size_t scratch_floats = 0;  // per thread
};

GemmPlan gemm_select(const KernelTable& table, const GemmShape& shape, int threads);

/// Packs panel `panel` of B, `ldb` floats between its rows (of K, or of N when transposed).
void gemm_pack(const GemmPlan& plan, const float* b, std::ptrdiff_t ldb, float* dst, int panel);

struct GemmArgs {
  const float* a = nullptr;
  std::ptrdiff_t lda = 0;       // floats between rows of A as given
  const float* b = nullptr;     // packed
  float* c = nullptr;
  std::ptrdiff_t ldc = 0;
  Epilogue epilogue;            // residual: data and row (its leading dimension) only
};

void gemm_run_chunk(const GemmPlan& plan, const GemmArgs& args, int chunk, float* scratch);

}  // namespace cuvee
