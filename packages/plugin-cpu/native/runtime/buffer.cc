#include "runtime/buffer.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <utility>

#include "base/memory.h"
#include "base/system.h"

namespace cuvee {
namespace {

constexpr uint64_t map_from = 1 << 20;   // larger blocks are mappings of their own: given back at once
constexpr uint64_t slack = 64;          // vector loads may read past the last element

}  // namespace

bool Budget::take(uint64_t bytes) {
  uint64_t used = used_.load(std::memory_order_relaxed);
  do {
    if (bytes > limit_ || used > limit_ - bytes) return false;
  } while (!used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
  return true;
}

uint64_t default_memory_limit() { return usable_memory() / 5 * 4; }

Buffer& Buffer::operator=(Buffer&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(capacity_, other.capacity_);
  std::swap(taken_, other.taken_);
  std::swap(mapped_, other.mapped_);
  std::swap(budget_, other.budget_);
  return *this;
}

bool Buffer::ensure(uint64_t bytes, const std::shared_ptr<Budget>& budget, bool huge) {
  if (data_ && bytes <= capacity_) return true;
  release();
  const uint64_t size = round_up(bytes + slack, bytes >= map_from ? 4096 : alignment);
  if (size < bytes || !budget->take(size)) return false;
  if (size >= map_from) mapped_ = (data_ = static_cast<char*>(map_pages(size, huge))) != nullptr;
  else data_ = static_cast<char*>(aligned_allocate(size));
  if (!data_) {
    budget->give(size);
    return false;
  }
  if (!mapped_) std::memset(data_, 0, size);
  budget_ = budget;
  taken_ = size;
  capacity_ = size - slack;
  return true;
}

bool Buffer::grow(uint64_t bytes, uint64_t keep, const std::shared_ptr<Budget>& budget) {
  if (data_ && bytes <= capacity_) return true;
  Buffer larger;
  if (!larger.ensure(std::max(bytes, capacity_ + capacity_ / 2), budget) && !larger.ensure(bytes, budget)) return false;
  if (keep) std::memcpy(larger.data_, data_, keep);
  *this = std::move(larger);
  return true;
}

void Buffer::release() {
  if (!data_) return;
  if (mapped_) unmap_pages(data_, taken_);
  else aligned_free(data_);
  budget_->give(taken_);
  budget_.reset();
  data_ = nullptr;
  capacity_ = taken_ = 0;
  mapped_ = false;
}

void Buffer::discard() {
  if (mapped_) discard_pages(data_, taken_);
}

void Buffer::join() {
  if (mapped_) join_pages(data_, taken_);
}

}  // namespace cuvee
