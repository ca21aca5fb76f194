#include "runtime/slab.h"

#include <algorithm>
#include <mutex>

#include "base/memory.h"

namespace cuvee {
namespace {

constexpr uint64_t slack = 64;              // vector loads may read past the last element
constexpr uint64_t block_bytes = 32 << 20;  // pages that nobody has written take no memory
constexpr uint64_t page = 4096;

}  // namespace

struct SlabRun::Block {
  char* memory = nullptr;
  uint64_t size = 0, used = 0;
  ~Block() {
    if (memory) unmap_pages(memory, size);
  }
};

// The blocks that the next runs come from, one for each kind of pages. Never destroyed: runs may outlive everything else.
struct Current {
  std::mutex mutex;
  std::weak_ptr<void> blocks[2];
};
static Current& current() {
  static Current* const it = new Current;
  return *it;
}

// Called under the lock.
std::shared_ptr<SlabRun::Block> SlabRun::block_for(uint64_t bytes, Pages pages) {
  std::weak_ptr<void>& entry = current().blocks[static_cast<int>(pages)];
  auto known = std::static_pointer_cast<Block>(entry.lock());
  if (known && known->size - known->used >= bytes) return known;
  auto fresh = std::make_shared<Block>();
  fresh->size = round_up(std::max(bytes, block_bytes), page);
  fresh->memory = static_cast<char*>(map_pages(fresh->size, pages == Pages::huge));
  if (!fresh->memory) return nullptr;
  if (bytes < block_bytes) entry = fresh;
  return fresh;
}

bool SlabRun::ensure(uint64_t bytes, const std::shared_ptr<Budget>& budget, Pages pages) {
  const uint64_t size = round_up(bytes + slack, alignment);
  if (size < bytes || !budget->take(size)) return false;
  {
    std::lock_guard lock(current().mutex);
    block_ = block_for(size, pages);
    if (block_) {
      data_ = block_->memory + block_->used;
      block_->used += size;
    }
  }
  if (!data_) {
    budget->give(size);
    return false;
  }
  if (pages == Pages::plain && size >= page) take_pages(data_, size);
  taken_ = size;
  budget_ = budget;
  return true;
}

SlabRun::~SlabRun() {
  if (!data_) return;
  // Whole pages within go back at once, though their addresses wait for the neighbours.
  const uint64_t begin = round_up(reinterpret_cast<uintptr_t>(data_), page), end = (reinterpret_cast<uintptr_t>(data_) + taken_) / page * page;
  if (end > begin && block_.use_count() > 1) discard_pages(reinterpret_cast<char*>(begin), end - begin);
  budget_->give(taken_);
}

}  // namespace cuvee
