// Where the tensors of one level lie in one block of memory.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace cuvee {

// Memory that steps [first, last] need.
struct Box {
  uint64_t bytes;
  uint32_t first, last;
  bool tensor = false;  // may lie in a region
  uint64_t offset = 0;  // found by `plan_arena`, a multiple of 64
  int32_t region = -1;  // likewise: where it lies instead of the block
};

// Memory beside the block that nobody needs before step `until`, such as that of an output.
struct Region {
  uint64_t bytes;
  uint32_t until;
};

struct ArenaPlan {
  uint64_t bytes = 0;        // of the block
  uint64_t lower_bound = 0;  // the most that is alive at one step and that regions have no room for: no layout is smaller
  uint32_t heaviest = 0;     // that step
};

// Finds offsets such that boxes alive at the same time do not overlap. Two greedy orders are tried, by size and by the
// steps' total ("breadth"), and the smaller result kept (Pisarchyk and Lee, "Efficient memory management for deep neural
// net inference", 2020). Large tensors go into regions where that saves a megabyte at least. Sizes must sum to less than 2^62.
ArenaPlan plan_arena(std::vector<Box>& boxes, std::span<const Region> regions = {});

}  // namespace cuvee
