#include "runtime/arenas.h"

#include <algorithm>

namespace cuvee {

void Arenas::join() {
  std::lock_guard lock(mutex_);
  ++requests_;
}

void Arenas::leave() {
  std::lock_guard lock(mutex_);
  if (--requests_ == 0) free_.clear();
}

Buffer Arenas::take(uint64_t bytes, const char* last, bool huge) {
  Buffer taken;
  {
    std::lock_guard lock(mutex_);
    // The smallest that is large enough; where none is, the largest, which makes room for a larger one.
    const auto better = [&](const Buffer& a, const Buffer& b) {
      const bool fits = a.capacity() >= bytes;
      if (fits != (b.capacity() >= bytes)) return fits;
      return fits ? a.capacity() < b.capacity() : a.capacity() > b.capacity();
    };
    auto best = free_.end();
    for (auto it = free_.begin(); it != free_.end(); ++it) {
      if (it->data() == last && it->capacity() >= bytes) {
        best = it;
        break;
      }
      if (best == free_.end() || better(*it, *best)) best = it;
    }
    if (best != free_.end()) {
      taken = std::move(*best);
      free_.erase(best);
    }
  }
  if (taken.ensure(bytes, budget_, huge)) return taken;
  {
    std::lock_guard lock(mutex_);
    free_.clear();
  }
  taken.ensure(bytes, budget_, huge);
  return taken;
}

void Arenas::give(Buffer buffer) {
  if (!buffer.data()) return;
  std::lock_guard lock(mutex_);
  free_.push_back(std::move(buffer));
}

void Arenas::rest() {
  constexpr uint64_t large = 16 << 20;  // smaller ones are not worth their faults
  std::lock_guard lock(mutex_);
  for (Buffer& buffer : free_)
    if (buffer.capacity() >= large) buffer.discard();
}

}  // namespace cuvee
