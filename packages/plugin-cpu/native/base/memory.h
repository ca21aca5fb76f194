/// Aligned memory for activations, packed weights and scratch. One file for each kind of system: memory_posix.cc, memory_windows.cc.
#pragma once

#include <cstddef>
#include <utility>

namespace cuvee {

/// Alignment in bytes of every blocked tensor, packed weight panel and scratch region.
inline constexpr std::size_t alignment = 64;

/// Memory of at least `bytes` bytes at a 64-byte boundary, or null when there is none. Free with `aligned_free`.
void* aligned_allocate(std::size_t bytes);
void aligned_free(void* memory);

/// Zeroed pages of their own, with `huge` huge ones where the system has them and the block is large; null when there are none.
/// `bytes` is a multiple of 4096.
void* map_pages(std::size_t bytes, bool huge = true);
/// Takes pages that are about to be written at once, where the system can: cheaper than one by one as they are touched.
void take_pages(void* memory, std::size_t bytes);
/// Lets the system make huge pages of the plain ones that lie whole in this memory, where it does and when it has the time; fresh memory is had in
/// a few large pieces when it is first written.
void join_pages(void* memory, std::size_t bytes);
void unmap_pages(void* memory, std::size_t bytes);
/// Gives the pages' memory back until they are next written; their contents are lost.
void discard_pages(void* memory, std::size_t bytes);

/// Rounds up to a multiple.
constexpr std::size_t round_up(std::size_t value, std::size_t multiple) { return (value + multiple - 1) / multiple * multiple; }

/// Quotient, rounded up, of a >= 0 and b > 0.
constexpr int ceil_div(std::ptrdiff_t a, std::ptrdiff_t b) { return static_cast<int>((a + b - 1) / b); }

/// An owned, 64-byte aligned run of floats. Contents start undefined. Empty after a failed allocation.
class AlignedFloats {
 public:
  AlignedFloats() = default;
  explicit AlignedFloats(std::size_t count)
      : data_(static_cast<float*>(aligned_allocate(count * sizeof(float)))), size_(data_ ? count : 0) {}
  AlignedFloats(AlignedFloats&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  AlignedFloats& operator=(AlignedFloats&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  AlignedFloats(const AlignedFloats&) = delete;
  AlignedFloats& operator=(const AlignedFloats&) = delete;
  ~AlignedFloats() { aligned_free(data_); }

  float* data() { return data_; }
  const float* data() const { return data_; }
  std::size_t size() const { return size_; }
  float& operator[](std::size_t i) { return data_[i]; }
  float operator[](std::size_t i) const { return data_[i]; }

 private:
  float* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace cuvee
