// BLAKE3 (O'Connor, Aumasson, Neves, Wilcox-O'Hearn: "BLAKE3, one function, fast everywhere", 2020), 256 bits: names of cache entries and
// checksums of blobs. Its tree lets the lanes of a vector, and threads, each take a part of their own, so that it runs at some bytes a cycle.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/cpu.h"
#include "base/file.h"

namespace cuvee {

// Some messages of equal length: `blocks` blocks of 64 bytes each, `stride` bytes apart. They are chunks of the input, of which the first has
// number `counter`, or inner nodes of the tree.
struct DigestMessages {
  const uint8_t* from;
  size_t stride, blocks;
  uint64_t counter;
  bool chunks;
};
// `lanes` messages at once: their chaining values.
struct DigestKernel {
  int lanes;
  void (*values)(const DigestMessages& messages, uint32_t (*to)[8]);
};
const DigestKernel& digest_kernel(Isa isa);

// The hash of what `update` is given, however it is divided. Large pieces are hashed by two threads.
class Digest {
 public:
  using Words = std::array<uint32_t, 8>;

  explicit Digest(Isa isa = default_isa());
  void update(std::span<const uint8_t> bytes);
  std::array<uint8_t, 32> finish();

  // The bytes of a file from its begin on, without holding them; false, with the reason, when they do not come. For an input of nothing else.
  bool update(const File& file, std::string& problem);

 private:
  Words subtree(const uint8_t* from, uint64_t counter, size_t chunks) const;
  Words large_subtree(const uint8_t* from, uint64_t counter, size_t chunks) const;
  void push(Words value, size_t chunks);

  const DigestKernel& kernel_;
  // The last bytes: a chunk is closed when more follows, since the root is made in another way than inner nodes.
  std::vector<uint8_t> held_;
  std::vector<Words> stack_;  // roots of whole subtrees, the largest first
  uint64_t chunks_ = 0;       // in them
};

}  // namespace cuvee
