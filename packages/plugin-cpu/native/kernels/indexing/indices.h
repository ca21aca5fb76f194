// What the families that read places from data have in common.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstring>
#include <string>
#include <vector>

#include "kernels/convert/elements.h"
#include "kernels/move/strided.h"
#include "runtime/step.h"

namespace cuvee {

inline int64_t count_of(const int64_t* dims, int from, int to) {
  int64_t n = 1;
  for (int i = from; i < to; ++i) n *= dims[i];
  return n;
}

inline size_t element_bytes(const TensorView& v) { return type_bits(v.type) / 8; }

// The one element of an integer input.
inline int64_t integer(const TensorView& v) {
  int64_t value = 0;
  load_row(v.type, v.data, 0, 1, 1, &value);
  return value;
}

// An axis counted from the front; -1 where it is outside the rank.
inline int64_t normal_axis(int64_t axis, int64_t rank) { return axis < -rank || axis >= rank ? -1 : axis < 0 ? axis + rank : axis; }

inline Status wrong_axis(int64_t axis, int64_t rank) { return Status::fail("ARGUMENT_INVALID", "axis " + std::to_string(axis) + " is outside rank " + std::to_string(rank)); }

// A place along an axis, counted from the end when negative; the first one outside is remembered.
class Places {
 public:
  int64_t operator()(int64_t index, int64_t length) {
    if (index >= -length && index < length) return index < 0 ? index + length : index;
    if (!wrong_.exchange(true)) index_ = index, length_ = length;
    return -1;
  }
  bool ok() const { return !wrong_.load(std::memory_order_relaxed); }
  Status status() const {
    if (ok()) return {};
    return Status::fail("ARGUMENT_INVALID", "index " + std::to_string(index_) + " is outside an axis of length " + std::to_string(length_));
  }

 private:
  std::atomic<bool> wrong_{false};
  int64_t index_ = 0, length_ = 0;
};

// Copies `bytes` that are mostly one element.
inline void copy_bytes(char* to, const char* from, size_t bytes) {
  switch (bytes) {
    case 1: *to = *from; return;
    case 2: std::memcpy(to, from, 2); return;
    case 4: std::memcpy(to, from, 4); return;
    case 8: std::memcpy(to, from, 8); return;
    default: std::memcpy(to, from, bytes);
  }
}

// Jobs for so many bytes of movement, at most `most`.
inline int jobs_for(int64_t bytes, int64_t most) { return static_cast<int>(std::clamp<int64_t>(bytes / 32768, 1, std::clamp<int64_t>(most, 1, 64))); }

// Copies a whole tensor.
inline void copy_tensor(const TensorView& from, TensorView& to, Parallel& pool) {
  const int jobs = jobs_for(from.bytes, 64);
  parallel_for(pool, jobs, [&](int job, int) {
    const int64_t begin = from.bytes * job / jobs, end = from.bytes * (job + 1) / jobs;
    if (end > begin) std::memcpy(to.as<char>() + begin, from.as<char>() + begin, static_cast<size_t>(end - begin));
  });
}

// An offset for each tuple of the last axis of `indices`: where its slice of `data` begins, after `batch` common leading axes.
// A job reads tuples [begin, end) with `at(tuple, offset in elements)`.
struct Tuples {
  int64_t count, depth, per_batch, batch_size, run;
  std::vector<int64_t> strides, lengths;

  Tuples(const TensorView& data, const TensorView& indices, int batch)
      : count(count_of(indices.dims, 0, indices.rank - 1)), depth(indices.dim(indices.rank - 1)), per_batch(count_of(indices.dims, batch, indices.rank - 1)),
        batch_size(count_of(data.dims, batch, data.rank)), run(1) {
    const std::vector<int64_t> all = row_major_strides(data.dims, data.rank);
    for (int64_t i = 0; i < depth && batch + i < data.rank; ++i) strides.push_back(all[static_cast<size_t>(batch + i)]), lengths.push_back(data.dim(static_cast<int>(batch + i)));
    if (batch + depth <= data.rank) run = count_of(data.dims, batch + static_cast<int>(depth), data.rank);
  }

  template <class At>
  void each(const TensorView& indices, int64_t begin, int64_t end, Places& places, At&& at) const {
    std::vector<int64_t> tuple(static_cast<size_t>(depth));
    for (int64_t t = begin; t < end && places.ok(); ++t) {
      load_row(indices.type, indices.data, t * depth, 1, depth, tuple.data());
      int64_t offset = t / std::max<int64_t>(per_batch, 1) * batch_size;
      for (size_t i = 0; i < tuple.size(); ++i) offset += places(tuple[i], lengths[i]) * strides[i];
      if (places.ok()) at(t, offset);
    }
  }
};

}  // namespace cuvee
