#include "kernels/reorder/reorder.h"
#include "tests/check.h"

using namespace cuvee;
using namespace cuvee::test;

TEST(reorder_both_ways_is_exact) {
  for (Isa isa : isas()) {
    const KernelTable& table = kernel_table(isa);
    for (int c : {1, 3, 8, 15, 16, 17, 24, 48})
      for (int w : {1, 2, 7, 8, 15, 16, 17, 33, 20000}) {
        if (w > 100 && c > 3) continue;
        const ReorderShape shape{2, c, 1, w};
        std::vector<float> x(std::size_t(2) * c * w);
        Random random(c * 100 + w);
        random.fill(x);
        Guarded planar(x.size()), back(x.size(), 9);
        std::copy(x.begin(), x.end(), planar.data());
        const Guarded want = to_blocked(x, 2, c, w, table.block);
        Guarded got(want.size(), 9);
        for (int chunk = 0; chunk < reorder_chunks(table, shape); ++chunk) reorder_to_blocked(table, shape, planar.data(), got.data(), chunk);
        CHECK(std::equal(want.data(), want.data() + want.size(), got.data()), "%s c%d w%d: to blocked", isa_name(isa), c, w);
        for (int chunk = 0; chunk < reorder_chunks(table, shape); ++chunk) reorder_to_planar(table, shape, got.data(), back.data(), chunk);
        CHECK(std::equal(x.begin(), x.end(), back.data()), "%s c%d w%d: to planar", isa_name(isa), c, w);
      }
  }
}

TEST(reorder_gathers_lanes_of_several_blocks) {
  for (Isa isa : isas()) {
    const KernelTable& table = kernel_table(isa);
    const int block = table.block, pixels = 21;
    for (int count = 1; count <= block; ++count) {
      Random random(static_cast<std::uint64_t>(count));
      std::vector<Guarded> from;
      std::vector<std::vector<std::int32_t>> lanes(static_cast<std::size_t>(count), std::vector<std::int32_t>(static_cast<std::size_t>(block), -1));
      std::vector<LanePiece> pieces;
      for (int i = 0; i < count; ++i) {
        from.emplace_back(std::size_t(pixels) * block);
        for (int k = 0; k < pixels * block; ++k) from.back()[k] = random.value();
        for (int lane = i; lane < block; lane += count) lanes[i][lane] = lane == block - 1 ? -1 : random.below(block);
        pieces.push_back({from.back().data(), lanes[i].data()});
      }
      Guarded got(std::size_t(pixels) * block, 9);
      table.reorder->gather(got.data(), pieces.data(), count, pixels);
      bool right = true;
      for (int p = 0; p < pixels; ++p)
        for (int lane = 0; lane < block; ++lane) {
          const std::int32_t taken = lanes[lane % count][lane];
          right = right && got[p * block + lane] == (taken < 0 ? 0 : from[lane % count][p * block + taken]);
        }
      CHECK(right, "%s: %d pieces", isa_name(isa), count);
    }
  }
}
