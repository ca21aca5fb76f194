// Layouts of one level's memory: what is alive at the same time lies apart, and regions are used while they may be.
#include <algorithm>
#include <random>

#include "base/memory.h"
#include "runtime/arena.h"
#include "tests/check.h"

using namespace cuvee;

namespace {

constexpr std::uint64_t mega = std::uint64_t{1} << 20;

void check_layout(const std::vector<Box>& boxes, const std::vector<Region>& regions, const ArenaPlan& plan) {
  std::uint64_t end = 0;
  for (const Box& b : boxes) {
    CHECK(b.offset % alignment == 0, "a box begins at %llu", (unsigned long long)b.offset);
    if (b.region < 0) {
      end = std::max(end, b.offset + b.bytes);
      continue;
    }
    const Region& region = regions[static_cast<std::size_t>(b.region)];
    CHECK(b.tensor, "a box that is no tensor lies in a region");
    CHECK(b.offset + b.bytes <= region.bytes, "a box ends behind its region");
    CHECK(b.last < region.until, "a box of steps %u to %u lies in a region that is free until %u", b.first, b.last, region.until);
  }
  CHECK(end == plan.bytes, "the block has %llu bytes, its boxes end at %llu", (unsigned long long)plan.bytes, (unsigned long long)end);
  CHECK(plan.bytes >= plan.lower_bound, "%llu bytes are less than the lower bound %llu", (unsigned long long)plan.bytes, (unsigned long long)plan.lower_bound);
  for (std::size_t i = 0; i < boxes.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) {
      const Box &a = boxes[i], &b = boxes[j];
      const bool together = a.region == b.region && a.first <= b.last && b.first <= a.last;
      CHECK(!together || a.offset + a.bytes <= b.offset || b.offset + b.bytes <= a.offset, "boxes %zu and %zu overlap", i, j);
    }
}

}  // namespace

TEST(arena_keeps_apart_what_is_alive_together) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<Box> boxes;
    const auto steps = 2 + random() % 30;
    for (std::size_t i = 0; i < 1 + random() % 40; ++i) {
      const auto first = static_cast<std::uint32_t>(random() % steps), last = static_cast<std::uint32_t>(first + random() % 6);
      boxes.push_back({random() % (8 * mega), first, last, random() % 4 != 0});
    }
    std::vector<Region> regions;
    for (std::size_t i = 0; i < random() % 3; ++i) regions.push_back({random() % (12 * mega) / 64 * 64, static_cast<std::uint32_t>(random() % steps)});
    std::vector<Box> alone = boxes;
    const ArenaPlan without = plan_arena(alone);
    check_layout(alone, {}, without);
    const ArenaPlan plan = plan_arena(boxes, regions);
    check_layout(boxes, regions, plan);
    CHECK(plan.bytes <= without.bytes, "regions made the block larger");
  }
}

TEST(arena_lends_an_outputs_memory) {
  // a -> b -> c -> the output, written in step 3: a and b fit into its memory one after the other, c is read while it is written.
  std::vector<Box> boxes{{8 * mega, 0, 1, true}, {8 * mega, 1, 2, true}, {8 * mega, 2, 3, true}, {mega, 3, 3, false}};
  const std::vector<Region> regions{{8 * mega, 3}};
  const ArenaPlan plan = plan_arena(boxes, regions);
  check_layout(boxes, regions, plan);
  CHECK(plan.bytes == 9 * mega && plan.lower_bound == 9 * mega, "the block has %llu bytes", (unsigned long long)plan.bytes);
  CHECK(boxes[2].region < 0 && boxes[3].region < 0, "what the last step needs lies where it writes");
}
