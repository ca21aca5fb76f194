#include "runtime/arena.h"

#include <algorithm>
#include <numeric>

#include "base/memory.h"

namespace cuvee {
namespace {

constexpr uint64_t worth_moving = uint64_t{256} << 10;  // bytes of a tensor that goes into a region: smaller ones save nothing
constexpr uint64_t worth_regions = uint64_t{1} << 20;   // bytes that the block must lose by regions

struct Place {
  uint64_t offset = 0;
  int32_t region = -1;
};

struct Attempt {
  uint64_t bytes = 0;
  std::vector<Place> places;
};

bool may_lie(const Box& box, const Region& region) { return box.tensor && box.bytes >= worth_moving && box.last < region.until; }

// Boxes in one space, by offset.
class Space {
 public:
  explicit Space(const std::vector<Box>& boxes) : boxes_(boxes) {}

  // The lowest gap between those alive at the same time.
  uint64_t gap(const Box& box, const std::vector<Place>& places) const {
    uint64_t at = 0;
    for (const uint32_t j : placed_) {
      const Box& other = boxes_[j];
      if (other.last < box.first || other.first > box.last) continue;
      if (places[j].offset >= at + box.bytes) break;
      at = std::max(at, places[j].offset + other.bytes);
    }
    return at;
  }
  void put(uint32_t i, const std::vector<Place>& places) {
    placed_.insert(std::upper_bound(placed_.begin(), placed_.end(), places[i].offset, [&](uint64_t value, uint32_t j) { return value < places[j].offset; }), i);
  }

 private:
  const std::vector<Box>& boxes_;
  std::vector<uint32_t> placed_;
};

// Places boxes in the order given: in the block up to `enough` bytes or where it ends already, else in a region, else behind what is there.
Attempt place(const std::vector<Box>& boxes, const std::vector<uint32_t>& order, std::span<const Region> regions, uint64_t enough) {
  Attempt attempt;
  attempt.places.resize(boxes.size());
  Space block(boxes);
  std::vector<Space> beside(regions.size(), block);
  for (const uint32_t i : order) {
    const Box& box = boxes[i];
    Place& at = attempt.places[i];
    at.offset = block.gap(box, attempt.places);
    const bool grows = at.offset + box.bytes > std::max(attempt.bytes, enough);
    for (size_t r = 0; grows && r < regions.size() && at.region < 0; ++r) {
      if (!may_lie(box, regions[r])) continue;
      const uint64_t offset = beside[r].gap(box, attempt.places);
      if (offset + box.bytes <= regions[r].bytes) at = {offset, static_cast<int32_t>(r)};
    }
    if (at.region >= 0) {
      beside[static_cast<size_t>(at.region)].put(i, attempt.places);
      continue;
    }
    attempt.bytes = std::max(attempt.bytes, at.offset + box.bytes);
    block.put(i, attempt.places);
  }
  return attempt;
}

// Bytes alive at each step that the regions have no room for.
std::vector<uint64_t> alive_at(const std::vector<Box>& boxes, std::span<const Region> regions) {
  uint32_t steps = 0;
  for (const Box& box : boxes) steps = std::max(steps, box.last + 1);
  std::vector<uint64_t> alive(steps + 1, 0);  // differences, then sums
  for (const Box& box : boxes) {
    alive[box.first] += box.bytes;
    alive[box.last + 1] -= box.bytes;
  }
  std::partial_sum(alive.begin(), alive.end(), alive.begin());
  for (const Region& region : regions)
    for (uint32_t s = 0; s < std::min(region.until, steps); ++s) alive[s] -= std::min(alive[s], region.bytes);
  return alive;
}

// Both orders, and what of them is smaller.
Attempt best_attempt(const std::vector<Box>& boxes, std::span<const Region> regions, ArenaPlan& plan) {
  const std::vector<uint64_t> alive = alive_at(boxes, regions);
  plan.heaviest = static_cast<uint32_t>(std::max_element(alive.begin(), alive.end()) - alive.begin());
  plan.lower_bound = alive[plan.heaviest];
  std::vector<uint32_t> order(boxes.size());
  std::iota(order.begin(), order.end(), 0u);
  std::vector<char> bound(boxes.size());  // to the block, which therefore must have room for them
  for (size_t i = 0; i < boxes.size(); ++i) bound[i] = std::none_of(regions.begin(), regions.end(), [&](const Region& r) { return may_lie(boxes[i], r); });
  const auto by_size = [&](uint32_t a, uint32_t b) {
    if (bound[a] != bound[b]) return bound[a] > bound[b];
    return boxes[a].bytes != boxes[b].bytes ? boxes[a].bytes > boxes[b].bytes : a < b;
  };
  std::sort(order.begin(), order.end(), by_size);
  Attempt attempt = place(boxes, order, regions, plan.lower_bound);
  if (attempt.bytes > plan.lower_bound) {
    // Each box belongs to the heaviest step that needs it.
    std::vector<uint64_t> heaviest(boxes.size());
    for (size_t i = 0; i < boxes.size(); ++i)
      heaviest[i] = *std::max_element(alive.begin() + boxes[i].first, alive.begin() + boxes[i].last + 1);
    std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return heaviest[a] != heaviest[b] ? heaviest[a] > heaviest[b] : by_size(a, b); });
    Attempt other = place(boxes, order, regions, plan.lower_bound);
    if (other.bytes < attempt.bytes) attempt = std::move(other);
  }
  plan.bytes = attempt.bytes;
  return attempt;
}

}  // namespace

ArenaPlan plan_arena(std::vector<Box>& boxes, std::span<const Region> regions) {
  for (Box& box : boxes) box.bytes = round_up(box.bytes, alignment);
  ArenaPlan plan;
  Attempt attempt = best_attempt(boxes, {}, plan);
  if (!regions.empty()) {
    ArenaPlan smaller;
    Attempt other = best_attempt(boxes, regions, smaller);
    if (smaller.bytes + worth_regions <= plan.bytes) plan = smaller, attempt = std::move(other);
  }
  for (size_t i = 0; i < boxes.size(); ++i) boxes[i].offset = attempt.places[i].offset, boxes[i].region = attempt.places[i].region;
  return plan;
}

}  // namespace cuvee
