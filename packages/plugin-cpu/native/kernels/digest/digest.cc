#include "kernels/digest/digest.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <mutex>
#include <new>

#include "base/shared_work.h"
#include "kernels/digest/rounds.h"
#include "kernels/select.h"

namespace cuvee {

CUVEE_VARIANTS(DigestKernel, digest, const DigestKernel&, digest_kernel)

namespace {

using Words = Digest::Words;

// A node of the tree before its last compression: of that depends whether it is the root.
struct Node {
  Words chain;
  uint32_t message[16];
  uint64_t counter;
  uint32_t length, flags;
  Words value(uint32_t more = 0) const {
    Words out = chain;
    blake3::compress<uint32_t>(out.data(), message, static_cast<uint32_t>(counter), static_cast<uint32_t>(counter >> 32), length, flags | more);
    return out;
  }
};

constexpr Words started() {
  Words w{};
  for (size_t i = 0; i < 8; ++i) w[i] = blake3::start[i];
  return w;
}

Node parent_of(const Words& left, const Words& right) {
  Node node{started(), {}, 0, blake3::block, blake3::parent};
  std::memcpy(node.message, left.data(), sizeof left);
  std::memcpy(node.message + 8, right.data(), sizeof right);
  return node;
}

// A chunk of up to 1,024 bytes.
Node chunk_node(std::span<const uint8_t> bytes, uint64_t counter) {
  Node node{started(), {}, counter, 0, blake3::chunk_start};
  for (;;) {
    const size_t n = std::min(bytes.size(), blake3::block);
    std::memset(node.message, 0, sizeof node.message);
    if (n) std::memcpy(node.message, bytes.data(), n);
    node.length = static_cast<uint32_t>(n);
    bytes = bytes.subspan(n);
    if (bytes.empty()) break;
    node.chain = node.value();
    node.flags = 0;
  }
  node.flags |= blake3::chunk_end;
  return node;
}

}  // namespace

Digest::Digest(Isa isa) : kernel_(digest_kernel(isa)) {}

// The root of a subtree of a power of two of chunks, level by level.
Words Digest::subtree(const uint8_t* from, uint64_t counter, size_t chunks) const {
  const auto lanes = static_cast<size_t>(kernel_.lanes);
  std::vector<Words> level(chunks);
  const auto words = [&](size_t i) { return reinterpret_cast<uint32_t(*)[8]>(&level[i]); };
  size_t i = 0;
  for (; i + lanes <= chunks; i += lanes) kernel_.values({from + i * blake3::chunk, blake3::chunk, blake3::chunk / blake3::block, counter + i, true}, words(i));
  for (; i < chunks; ++i) level[i] = chunk_node({from + i * blake3::chunk, blake3::chunk}, counter + i).value();
  for (size_t n = chunks / 2; n > 0; n /= 2) {
    // Two values after each other are a node's message; what is written was read before.
    for (i = 0; i + lanes <= n; i += lanes) kernel_.values({reinterpret_cast<const uint8_t*>(&level[2 * i]), blake3::block, 1, 0, false}, words(i));
    for (; i < n; ++i) level[i] = parent_of(level[2 * i], level[2 * i + 1]).value();
  }
  return level[0];
}

// By two threads where that pays. A power of two of parts, whose roots become one.
Words Digest::large_subtree(const uint8_t* from, uint64_t counter, size_t chunks) const {
  constexpr size_t part = 256;
  if (chunks <= part) return subtree(from, counter, chunks);
  std::vector<Words> roots(chunks / part);
  if (!share_work(roots.size(), [&](size_t i) { roots[i] = subtree(from + i * part * blake3::chunk, counter + i * part, part); })) throw std::bad_alloc();
  for (size_t n = roots.size() / 2; n > 0; n /= 2)
    for (size_t i = 0; i < n; ++i) roots[i] = parent_of(roots[2 * i], roots[2 * i + 1]).value();
  return roots[0];
}

// The root of the next subtree; two of equal size become one.
void Digest::push(Words value, size_t chunks) {
  chunks_ += chunks;
  for (uint64_t n = chunks_ / chunks; (n & 1) == 0; n >>= 1) {
    value = parent_of(stack_.back(), value).value();
    stack_.pop_back();
  }
  stack_.push_back(value);
}

void Digest::update(std::span<const uint8_t> bytes) {
  constexpr uint64_t most = 1 << 16;
  while (!bytes.empty()) {
    if (held_.size() == blake3::chunk) {
      push(chunk_node(held_, chunks_).value(), 1);
      held_.clear();
    }
    if (held_.empty() && bytes.size() > blake3::chunk) {
      const uint64_t whole = std::bit_floor((bytes.size() - 1) / blake3::chunk);
      const uint64_t aligned = chunks_ ? chunks_ & (~chunks_ + 1) : most;
      const auto n = static_cast<size_t>(std::min({whole, aligned, most}));
      push(large_subtree(bytes.data(), chunks_, n), n);
      bytes = bytes.subspan(n * blake3::chunk);
      continue;
    }
    const size_t n = std::min(bytes.size(), blake3::chunk - held_.size());
    held_.insert(held_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n));
    bytes = bytes.subspan(n);
  }
}

bool Digest::update(const File& file, std::string& problem) {
  constexpr size_t part = 256, part_bytes = part * blake3::chunk;
  const size_t parts = file.size() > 0 ? (file.size() - 1) / part_bytes : 0;  // closed ones: at least a byte follows
  std::vector<Words> roots(parts);
  std::mutex mutex;
  std::string failure;
  std::vector<std::vector<uint8_t>> buffers;  // that nobody reads into
  const bool whole = share_work(parts, [&](size_t i) {
    std::vector<uint8_t> buffer;
    {
      std::lock_guard lock(mutex);
      if (!buffers.empty()) buffer = std::move(buffers.back()), buffers.pop_back();
    }
    buffer.resize(part_bytes);
    std::string why;
    const bool good = file.read(i * part_bytes, part_bytes, buffer.data(), why);
    if (good) roots[i] = subtree(buffer.data(), i * part, part);
    std::lock_guard lock(mutex);
    if (!good) failure = why;
    buffers.push_back(std::move(buffer));
  });
  if (!whole) failure = "there is no memory for it";
  std::vector<uint8_t> last(static_cast<size_t>(file.size()) - parts * part_bytes);
  if (failure.empty() && !last.empty()) file.read(parts * part_bytes, last.size(), last.data(), failure);
  if (!failure.empty()) {
    problem = failure;
    return false;
  }
  for (const Words& root : roots) push(root, part);
  update(last);
  return true;
}

std::array<uint8_t, 32> Digest::finish() {
  Node node = chunk_node(held_, chunks_);
  for (; !stack_.empty(); stack_.pop_back()) node = parent_of(stack_.back(), node.value());
  const Words words = node.value(blake3::root);
  std::array<uint8_t, 32> out;
  std::memcpy(out.data(), words.data(), out.size());
  return out;
}

}  // namespace cuvee
