// Memory of requests: counted against a budget before it is taken, 64-byte aligned, large parts in huge pages.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace cuvee {

// Bytes that a compiled model and its requests may hold together.
class Budget {
 public:
  explicit Budget(uint64_t limit) : limit_(limit) {}
  // Counts `bytes` more; false, and nothing counted, when that would pass the limit.
  bool take(uint64_t bytes);
  void give(uint64_t bytes) { used_.fetch_sub(bytes, std::memory_order_relaxed); }
  uint64_t used() const { return used_.load(std::memory_order_relaxed); }
  uint64_t limit() const { return limit_; }

 private:
  const uint64_t limit_;
  std::atomic<uint64_t> used_{0};
};

// 80 % of what this process may use: the machine's memory or the control group's limit.
uint64_t default_memory_limit();

// A block of memory of its own.
class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept { *this = std::move(other); }
  Buffer& operator=(Buffer&& other) noexcept;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { release(); }

  // At least `bytes` bytes (64 more are always readable); contents are lost when it grows. False when the budget or the
  // system does not give it; the buffer is then empty. Without `huge` its pages come one by one, each quickly, until `join`.
  bool ensure(uint64_t bytes, const std::shared_ptr<Budget>& budget, bool huge = true);
  // The same, keeping the first `keep` bytes.
  bool grow(uint64_t bytes, uint64_t keep, const std::shared_ptr<Budget>& budget);
  void release();
  // Gives pages back to the system; contents are lost.
  void discard();
  // Huge pages would serve from now on: the system makes them in its own time.
  void join();

  char* data() const { return data_; }
  uint64_t capacity() const { return capacity_; }

 private:
  char* data_ = nullptr;
  uint64_t capacity_ = 0, taken_ = 0;
  bool mapped_ = false;
  std::shared_ptr<Budget> budget_;
};

}  // namespace cuvee
