#include "kernels/gemm/gemm.h"

#include <algorithm>
#include <cstring>

#include "base/memory.h"
#include "kernels/costs.h"
#include "kernels/tile/tile.h"

namespace cuvee {
namespace {

/// Steps of k by which the first rows' pass over a panel is ahead of its products: all of a network's matrices together seldom fit into
/// the second cache, and memory needs longer than the processor looks ahead by itself.
constexpr int fetch_ahead = costs::gemm::fetch_ahead;

/// Matrices of more floats have each panel fetched while the one before is multiplied.
constexpr std::size_t fetched_from = 16 * 1024;

/// Wider tiles reuse A more, taller ones B: tall ones where B streams from L2.
int widest_panel(const KernelTable& table, const GemmShape& shape) {
  const int widest = table.tile->vectors;
  return shape.m >= costs::gemm::tall_rows && shape.k > costs::gemm::tall_depth ? std::min(widest, costs::gemm::tall_vectors) : widest;
}

}  // namespace

GemmPlan gemm_select(const KernelTable& table, const GemmShape& shape, int threads) {
  GemmPlan plan;
  plan.table = &table;
  plan.shape = shape;
  const int width = table.block, widest = table.tile->vectors;
  int vectors = ceil_div(shape.n, width), column = 0;
  for (int calls = ceil_div(vectors, widest); vectors > 0; --calls) {
    const int now = ceil_div(vectors, calls);
    plan.panels.push_back({column, now, plan.packed_floats});
    plan.packed_floats += std::size_t(shape.k) * now * width;
    column += now * width;
    vectors -= now;
  }
  plan.packing = (std::uint64_t(shape.n) << 32 | std::uint32_t(shape.k)) * 128 + (shape.transpose_b ? 64 : 0) + table.block + widest;
  const int panels = static_cast<int>(plan.panels.size());
  const int wanted = threads > 1 ? 4 * threads : 1;
  plan.bands = std::clamp(wanted, 1, std::max(shape.m / costs::gemm::band_rows, 1));
  const bool heavy = plan.packed_floats > std::size_t(shape.m) * shape.k;
  if (heavy) plan.bands = 1;
  plan.bands = std::max(plan.bands, ceil_div(std::ptrdiff_t(shape.m) * shape.k, costs::gemm::band_floats));
  plan.bands = std::min(plan.bands, std::max(shape.m / costs::gemm::least_band_rows, 1));
  plan.band_m = std::max(ceil_div(shape.m, plan.bands), 1);
  plan.bands = ceil_div(shape.m, plan.band_m);
  if (plan.bands < wanted || heavy) plan.panel_splits = std::clamp(wanted, 1, std::max(panels, 1));
  plan.chunks = plan.bands * plan.panel_splits;
  if (shape.transpose_a) plan.scratch_floats = std::size_t(plan.band_m) * shape.k;
  return plan;
}

void gemm_pack(const GemmPlan& plan, const float* b, std::ptrdiff_t ldb, float* dst, int index) {
  const GemmPanel& panel = plan.panels[index];
  const int lanes = panel.vectors * plan.table->block, columns = std::min(plan.shape.n - panel.column, lanes);
  float* out = dst + panel.offset;
  if (!plan.shape.transpose_b) {
    for (int k = 0; k < plan.shape.k; ++k, out += lanes) {
      std::memcpy(out, b + k * ldb + panel.column, columns * sizeof(float));
      std::fill(out + columns, out + lanes, 0.0f);
    }
    return;
  }
  constexpr int run = 64;  // a run of k small enough that the panel's part stays in L1
  for (int k0 = 0; k0 < plan.shape.k; k0 += run) {
    const int k1 = std::min(k0 + run, plan.shape.k);
    for (int lane = 0; lane < columns; ++lane) {
      const float* row = b + (panel.column + lane) * ldb;
      for (int k = k0; k < k1; ++k) out[std::ptrdiff_t(k) * lanes + lane] = row[k];
    }
    for (int k = k0; k < k1; ++k) std::fill(out + std::ptrdiff_t(k) * lanes + columns, out + std::ptrdiff_t(k + 1) * lanes, 0.0f);
  }
}

void gemm_run_chunk(const GemmPlan& plan, const GemmArgs& args, int chunk, float* scratch) {
  const GemmShape& s = plan.shape;
  const int width = plan.table->block, panels = static_cast<int>(plan.panels.size());
  const int band = chunk % plan.bands, split = chunk / plan.bands;
  const int m0 = band * plan.band_m, m1 = std::min(m0 + plan.band_m, s.m);
  const int panel0 = int(std::ptrdiff_t(panels) * split / plan.panel_splits), panel1 = int(std::ptrdiff_t(panels) * (split + 1) / plan.panel_splits);
  if (m0 >= m1 || panel0 >= panel1) return;
  TileEntry entry{args.a + m0 * args.lda, s.k};
  TileArgs t{};
  set_epilogue(t, args.epilogue);
  t.a_step = args.lda;
  if (s.transpose_a) {
    for (int k = 0; k < s.k; ++k)
      for (int m = m0; m < m1; ++m) scratch[std::ptrdiff_t(m - m0) * s.k + k] = args.a[k * args.lda + m];
    entry.a = scratch;
    t.a_step = s.k;
  }
  t.entries = &entry;
  t.entry_count = 1;
  t.plain = true;
  t.c_step = args.ldc;
  t.c_block = t.r_block = width;
  t.r_step = args.epilogue.residual.row;
  const int widest = widest_panel(*plan.table, s), calls = ceil_div(m1 - m0, plan.table->tile->pixels[std::min(widest, plan.panels[panel0].vectors)]);
  const float* const end = args.b + plan.packed_floats;
  for (int p = panel0; p < panel1; ++p) {
    const GemmPanel& panel = plan.panels[p];
    const int parts = ceil_div(panel.vectors, widest);
    for (int v = 0, part = 0; part < parts; ++part) {
      const int now = ceil_div(panel.vectors - v, parts - part), column = panel.column + v * width;
      t.lanes = s.n - column;
      t.w = args.b + panel.offset + std::ptrdiff_t(v) * width;
      t.w_step = std::ptrdiff_t(panel.vectors) * width;
      t.ahead = fetch_ahead * t.w_step;
      if (part + 1 == parts && calls > 1 && plan.packed_floats > fetched_from) {  // the rows that follow the first ones have the next panel fetched meanwhile
        const std::ptrdiff_t floats = std::ptrdiff_t(s.k) * t.w_step;
        t.fetch = std::min(args.b + panel.offset + floats, end);
        t.fetch_end = std::min(t.fetch + floats, end);
        t.fetch_stride = std::min<std::ptrdiff_t>(width, t.w_step / calls / 4 * 4 + 4);
        t.fetch_step = s.k * t.fetch_stride;
      } else {
        t.fetch = t.fetch_end = nullptr;
      }
      t.a_offset = 0;
      t.c = args.c + m0 * args.ldc + column;
      if (args.epilogue.has_residual) t.residual = args.epilogue.residual.data + m0 * args.epilogue.residual.row + column;
      seek_channel(t, args.epilogue, column);
      if (t.lanes > 0) run_tiles(*plan.table->tile, t, now, m1 - m0);
      v += now;
    }
  }
}

}  // namespace cuvee
