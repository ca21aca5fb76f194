// BLAKE3 (O'Connor, Aumasson, Neves, Wilcox-O'Hearn: "BLAKE3, one function, fast everywhere", 2020), 256 bits: names of cache entries and
// checksums of blobs. Its tree lets the lanes of a vector each take a chunk of their own, so that it runs at some bytes a cycle.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/cpu.h"

namespace cuvee {

// `lanes` whole chunks of 1,024 bytes, one after the other in memory, the first of them chunk `counter` of the input: their chaining values.
struct DigestKernel {
  int lanes;
  void (*chunks)(const uint8_t* from, uint64_t counter, uint32_t (*values)[8]);
};
const DigestKernel& digest_kernel(Isa isa);

// The hash of what `update` is given, however it is divided.
class Digest {
 public:
  explicit Digest(Isa isa = default_isa());
  void update(std::span<const uint8_t> bytes);
  std::array<uint8_t, 32> finish();

 private:
  using Words = std::array<uint32_t, 8>;
  void take_chunks(const uint8_t* from);
  void push(Words value);

  const DigestKernel& kernel_;
  // The last bytes: a chunk is closed when more follows, since the root is made in another way than inner nodes.
  std::vector<uint8_t> held_;
  std::vector<Words> stack_;  // roots of whole subtrees, the largest first
  uint64_t chunks_ = 0;       // in them
};

}  // namespace cuvee
