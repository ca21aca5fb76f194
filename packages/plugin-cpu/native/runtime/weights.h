// Constants of plans, and what kernels make of them. Both are shared by everything in the process.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/file.h"
#include "runtime/buffer.h"
#include "runtime/plan.h"
#include "runtime/step.h"

namespace cuvee {

// Bytes of a constant. Blobs of one identity have the same content.
class Blob {
 public:
  virtual ~Blob() = default;
  const uint8_t* data = nullptr;
  uint64_t bytes = 0;
  std::string identity;
};

// A constant handed over in memory: copied once per process, however often the same bytes are handed over; one in a mapped file stays there.
Status make_blob(const void* data, uint64_t bytes, const std::shared_ptr<Budget>& budget, std::shared_ptr<const Blob>& blob);

// The constants of one plan. Thread-safe.
class WeightStore {
 public:
  // `constants`: what was handed over beside the plan. `seed`: identity of what the prologue computes from.
  WeightStore(const Plan& plan, const std::vector<std::shared_ptr<const Blob>>& constants, std::shared_ptr<Budget> budget, std::string seed);
  ~WeightStore();

  // Opens the files that constants lie in: from then on they may be renamed or deleted.
  Status open_files();

  // The bytes of constant `index`, read from the file when nobody holds them; null for a computed one that is not there (any more).
  Status acquire(uint32_t index, std::shared_ptr<const Blob>& blob);

  // Memory for a constant that the prologue computes. What is made becomes visible with `publish_computed(true)`, is dropped
  // with `publish_computed(false)`, and stays until `release_computed`, then as long as a signature holds it.
  Status make_computed(uint32_t index, uint64_t bytes, void*& memory);
  void publish_computed(bool good);
  void release_computed();

 private:
  struct Slot;
  Status open(std::string_view path, std::shared_ptr<File>& file);

  std::shared_ptr<Budget> budget_;
  std::string seed_;
  std::mutex mutex_;
  std::vector<Slot> slots_;
  std::vector<std::pair<std::string, std::shared_ptr<File>>> files_;
};

// The packed form `key` of a constant, made by `fill` if nobody in the process holds it. Null when memory does not suffice.
std::shared_ptr<Packed> find_packed(const std::string& key, size_t bytes, const std::shared_ptr<Budget>& budget, StepContext::Fill fill,
                                    const TensorView& from, const void* argument, Parallel& pool);

}  // namespace cuvee
