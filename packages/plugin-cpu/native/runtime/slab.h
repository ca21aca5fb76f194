// Memory for packed weights. A network streams through all of them in every inference, often from beyond the second cache, and a page of
// 4 KiB holds a few steps of a product: neighbours therefore share large blocks of huge pages.
#pragma once

#include <cstdint>
#include <memory>

#include "runtime/buffer.h"

namespace cuvee {

// Huge pages serve what every inference reads. What is written once and soon given back lies in plain ones: a system that has to find,
// clear or (in a virtual machine) back two megabytes for a first write takes up to milliseconds for each.
enum class Pages { huge, plain };

// A run of bytes within a block that others may share; the block lives as long as any of its runs.
class SlabRun {
 public:
  SlabRun() = default;
  SlabRun(const SlabRun&) = delete;
  SlabRun& operator=(const SlabRun&) = delete;
  ~SlabRun();

  // `bytes` bytes at a 64-byte boundary, 64 more readable. False, and nothing held, when the budget or the system does not give them.
  bool ensure(uint64_t bytes, const std::shared_ptr<Budget>& budget, Pages pages = Pages::huge);
  char* data() const { return data_; }

 private:
  struct Block;
  static std::shared_ptr<Block> block_for(uint64_t bytes, Pages pages);

  std::shared_ptr<Block> block_;
  char* data_ = nullptr;
  uint64_t taken_ = 0;
  std::shared_ptr<Budget> budget_;
};

}  // namespace cuvee
