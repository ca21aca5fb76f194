#include "runtime/buffer.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <utility>

#include "base/memory.h"

#if defined(__linux__)
#include <sys/mman.h>
#include <unistd.h>
#endif

namespace cuvee {
namespace {

constexpr uint64_t map_from = 1 << 20;   // larger blocks are mappings of their own: given back at once
constexpr uint64_t huge_from = 4 << 20;
constexpr uint64_t slack = 64;           // vector loads may read past the last element

}  // namespace

bool Budget::take(uint64_t bytes) {
  uint64_t used = used_.load(std::memory_order_relaxed);
  do {
    if (bytes > limit_ || used > limit_ - bytes) return false;
  } while (!used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
  return true;
}

uint64_t default_memory_limit() {
  uint64_t total = uint64_t{1} << 40;
#if defined(__linux__)
  const long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGE_SIZE);
  if (pages > 0 && size > 0) total = static_cast<uint64_t>(pages) * static_cast<uint64_t>(size);
  for (const char* path : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    std::FILE* file = std::fopen(path, "r");
    if (!file) continue;
    unsigned long long limit = 0;
    if (std::fscanf(file, "%llu", &limit) == 1 && limit > 0) total = std::min<uint64_t>(total, limit);
    std::fclose(file);
  }
#endif
  return total / 5 * 4;
}

Buffer& Buffer::operator=(Buffer&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(capacity_, other.capacity_);
  std::swap(taken_, other.taken_);
  std::swap(mapped_, other.mapped_);
  std::swap(budget_, other.budget_);
  return *this;
}

bool Buffer::ensure(uint64_t bytes, const std::shared_ptr<Budget>& budget) {
  if (data_ && bytes <= capacity_) return true;
  release();
  const uint64_t size = round_up(bytes + slack, bytes >= map_from ? 4096 : alignment);
  if (size < bytes || !budget->take(size)) return false;
#if defined(__linux__)
  if (size >= map_from) {
    void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory != MAP_FAILED) {
      data_ = static_cast<char*>(memory);
      mapped_ = true;
      if (size >= huge_from) madvise(memory, size, MADV_HUGEPAGE);
    }
  } else
#endif
    data_ = static_cast<char*>(aligned_allocate(size));
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
#if defined(__linux__)
  if (mapped_) munmap(data_, taken_);
  else
#endif
    aligned_free(data_);
  budget_->give(taken_);
  budget_.reset();
  data_ = nullptr;
  capacity_ = taken_ = 0;
  mapped_ = false;
}

void Buffer::discard() {
#if defined(__linux__)
  if (mapped_) madvise(data_, taken_, MADV_DONTNEED);
#endif
}

}  // namespace cuvee
