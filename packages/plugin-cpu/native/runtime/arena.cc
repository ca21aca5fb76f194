#include "runtime/arena.h"

#include <algorithm>
#include <numeric>

#include "base/memory.h"

namespace cuvee {
namespace {

// Places boxes in the order given, each at the lowest gap that fits between those alive at the same time.
uint64_t place(const std::vector<Box>& boxes, const std::vector<uint32_t>& order, std::vector<uint64_t>& offsets) {
  std::vector<uint32_t> placed;  // by offset
  placed.reserve(boxes.size());
  uint64_t total = 0;
  for (const uint32_t i : order) {
    const Box& box = boxes[i];
    uint64_t at = 0;
    for (const uint32_t j : placed) {
      const Box& other = boxes[j];
      if (other.last < box.first || other.first > box.last) continue;
      if (offsets[j] >= at + box.bytes) break;
      at = std::max(at, offsets[j] + other.bytes);
    }
    offsets[i] = at;
    total = std::max(total, at + box.bytes);
    placed.insert(std::upper_bound(placed.begin(), placed.end(), at, [&](uint64_t value, uint32_t j) { return value < offsets[j]; }), i);
  }
  return total;
}

}  // namespace

ArenaPlan plan_arena(std::vector<Box>& boxes) {
  uint32_t steps = 0;
  for (Box& box : boxes) {
    box.bytes = round_up(box.bytes, alignment);
    steps = std::max(steps, box.last + 1);
  }
  ArenaPlan plan;
  std::vector<uint64_t> alive(steps + 1, 0);  // differences, then sums
  for (const Box& box : boxes) {
    alive[box.first] += box.bytes;
    alive[box.last + 1] -= box.bytes;
  }
  std::partial_sum(alive.begin(), alive.end(), alive.begin());
  plan.heaviest = static_cast<uint32_t>(std::max_element(alive.begin(), alive.end()) - alive.begin());
  plan.lower_bound = alive[plan.heaviest];

  std::vector<uint32_t> order(boxes.size());
  std::iota(order.begin(), order.end(), 0u);
  const auto by_size = [&](uint32_t a, uint32_t b) { return boxes[a].bytes != boxes[b].bytes ? boxes[a].bytes > boxes[b].bytes : a < b; };
  std::sort(order.begin(), order.end(), by_size);
  std::vector<uint64_t> offsets(boxes.size());
  plan.bytes = place(boxes, order, offsets);

  if (plan.bytes > plan.lower_bound) {
    // Each box belongs to the heaviest step that needs it.
    std::vector<uint64_t> heaviest(boxes.size());
    for (size_t i = 0; i < boxes.size(); ++i)
      heaviest[i] = *std::max_element(alive.begin() + boxes[i].first, alive.begin() + boxes[i].last + 1);
    std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return heaviest[a] != heaviest[b] ? heaviest[a] > heaviest[b] : by_size(a, b); });
    std::vector<uint64_t> others(boxes.size());
    const uint64_t bytes = place(boxes, order, others);
    if (bytes < plan.bytes) {
      plan.bytes = bytes;
      offsets = std::move(others);
    }
  }
  for (size_t i = 0; i < boxes.size(); ++i) boxes[i].offset = offsets[i];
  return plan;
}

}  // namespace cuvee
