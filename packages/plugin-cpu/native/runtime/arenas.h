// Memory for intermediate tensors that the requests of a compiled model take in turn.
#pragma once

#include <mutex>
#include <vector>

#include "runtime/buffer.h"

namespace cuvee {

// Only runs hold such memory: a model with many requests needs as much of it as run at the same time. The last request that goes frees it.
class Arenas {
 public:
  explicit Arenas(std::shared_ptr<Budget> budget) : budget_(std::move(budget)) {}

  void join();
  void leave();

  // Memory of at least `bytes` bytes with unknown contents: the one at `last`, where it is free and large enough, since what points there
  // is right still; else the smallest that is large enough. Empty when the budget or the system does not give it.
  // `huge`: whether new memory comes in huge pages.
  Buffer take(uint64_t bytes, const char* last, bool huge = true);
  void give(Buffer buffer);
  // Gives back the pages of large ones that no run holds; the next run pays page faults and no more.
  void rest();

 private:
  const std::shared_ptr<Budget> budget_;
  std::mutex mutex_;
  size_t requests_ = 0;
  std::vector<Buffer> free_;
};

}  // namespace cuvee
