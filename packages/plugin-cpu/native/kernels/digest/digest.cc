#include "kernels/digest/digest.h"

#include <algorithm>
#include <cstring>

#include "kernels/digest/rounds.h"
#include "kernels/select.h"

namespace cuvee {

CUVEE_VARIANTS(DigestKernel, digest, const DigestKernel&, digest_kernel)

namespace {

using Words = std::array<uint32_t, 8>;

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

// A value of the next chunk; whole subtrees of equal size become one.
void Digest::push(Words value) {
  for (uint64_t n = ++chunks_; (n & 1) == 0; n >>= 1) {
    value = parent_of(stack_.back(), value).value();
    stack_.pop_back();
  }
  stack_.push_back(value);
}

void Digest::take_chunks(const uint8_t* from) {
  uint32_t values[16][8];
  kernel_.chunks(from, chunks_, values);
  for (int l = 0; l < kernel_.lanes; ++l) {
    Words value;
    std::memcpy(value.data(), values[l], sizeof value);
    push(value);
  }
}

void Digest::update(std::span<const uint8_t> bytes) {
  const size_t step = static_cast<size_t>(kernel_.lanes) * blake3::chunk;
  while (!bytes.empty()) {
    if (held_.size() == step) {
      take_chunks(held_.data());
      held_.clear();
    }
    if (held_.empty() && bytes.size() > step) {
      take_chunks(bytes.data());
      bytes = bytes.subspan(step);
      continue;
    }
    const size_t n = std::min(bytes.size(), step - held_.size());
    held_.insert(held_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n));
    bytes = bytes.subspan(n);
  }
}

std::array<uint8_t, 32> Digest::finish() {
  std::span<const uint8_t> left = held_;
  for (; left.size() > blake3::chunk; left = left.subspan(blake3::chunk)) push(chunk_node(left.first(blake3::chunk), chunks_).value());
  Node node = chunk_node(left, chunks_);
  for (; !stack_.empty(); stack_.pop_back()) node = parent_of(stack_.back(), node.value());
  const Words words = node.value(blake3::root);
  std::array<uint8_t, 32> out;
  std::memcpy(out.data(), words.data(), out.size());
  return out;
}

}  // namespace cuvee
