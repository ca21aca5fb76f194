#include <algorithm>
#include <cstdio>

#include "kernels/gemm/gemm.h"
#include "tests/check.h"

using namespace cuvee;
using namespace cuvee::test;

namespace {

void check_gemm(int m, int n, int k, bool ta, bool tb, int kind, std::uint64_t seed, int slack = 0, int threads = 2) {
  Random random(seed);
  const int lda = (ta ? m : k) + slack, ldb = (tb ? k : n) + slack, ldc = n + slack;
  Guarded a(std::size_t(ta ? k : m) * lda + 1), b(std::size_t(tb ? n : k) * ldb + 1), residual(std::size_t(m) * ldc);
  random.fill(a);
  random.fill(b);
  random.fill(residual);
  EpilogueCase e = make_epilogue(kind, n, seed);
  if (e.epilogue.has_residual) e.epilogue.residual.data = residual.data(), e.epilogue.residual.row = ldc;
  std::vector<double> want(std::size_t(m) * n);
  for (int i = 0; i < m; ++i)
    for (int j = 0; j < n; ++j) {
      double sum = 0;
      for (int p = 0; p < k; ++p) sum += double(ta ? a[std::size_t(p) * lda + i] : a[std::size_t(i) * lda + p]) * (tb ? b[std::size_t(j) * ldb + p] : b[std::size_t(p) * ldb + j]);
      want[std::size_t(i) * n + j] = e.apply(sum, j, e.epilogue.has_residual ? residual[std::size_t(i) * ldc + j] : 0);
    }
  for (Isa isa : isas()) {
    const GemmPlan plan = gemm_select(kernel_table(isa), {m, n, k, ta, tb}, threads);
    char what[160];
    std::snprintf(what, sizeof what, "%s gemm %dx%dx%d %d%d epilogue %d", isa_name(isa), m, n, k, ta, tb, kind);
    Guarded packed(plan.packed_floats), scratch(plan.scratch_floats, NAN), c(std::size_t(m) * ldc, 9);
    for (std::size_t p = 0; p < plan.panels.size(); ++p) gemm_pack(plan, b.data(), ldb, packed.data(), int(p));
    const GemmArgs args{a.data(), lda, packed.data(), c.data(), ldc, e.epilogue};
    for (int chunk = 0; chunk < plan.chunks; ++chunk) gemm_run_chunk(plan, args, chunk, scratch.data());
    std::vector<float> got;
    for (int i = 0; i < m; ++i)
      for (int j = 0; j < ldc; ++j) {
        const float value = c[std::size_t(i) * ldc + j];
        if (j < n) got.push_back(value);
        else CHECK(value == 9, "%s: wrote beyond row %d", what, i);
      }
    expect_close(got, want, 1e-6 * std::max(1.0, std::sqrt(k / 64.0)), 1e-5, what, std::sqrt(double(k)));
  }
}

}  // namespace

TEST(gemm_packs_a_square_matrix_and_its_transpose_apart) {
  for (Isa isa : isas()) {
    const auto packing = [&](bool transposed) { return gemm_select(kernel_table(isa), {64, 48, 48, false, transposed}, 1).packing; };
    CHECK(packing(false) != packing(true), "%s: one packing for both", isa_name(isa));
  }
}

TEST(gemm_tails) {
  std::uint64_t seed = 1;
  for (int m : {1, 2, 5, 13, 14, 29})
    for (int n : {1, 7, 16, 17, 40, 64, 75, 130})
      for (int k : {1, 3, 32, 65}) check_gemm(m, n, k, seed % 2 == 0, seed % 3 == 0, int(seed % epilogue_kinds), seed), ++seed;
}

TEST(gemm_leading_dimensions_and_epilogues) {
  for (int kind = 0; kind < epilogue_kinds; ++kind) check_gemm(19, 53, 37, kind % 2 == 0, kind % 3 == 0, kind, 500 + kind, 3);
}

TEST(gemm_sizes_that_split) {
  check_gemm(1, 1000, 240, false, true, 1, 600);
  check_gemm(40, 663, 120, false, false, 1, 601);
  check_gemm(300, 200, 150, false, false, 2, 602, 0, 3);
  check_gemm(300, 200, 600, true, false, 2, 603, 0, 3);
  check_gemm(3, 5, 0, false, false, 1, 604);
}
