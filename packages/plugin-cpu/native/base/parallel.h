/// The one interface through which kernels and the executor run chunks on several threads.
#pragma once

#include <type_traits>

namespace cuvee {

/// Work of one chunk. `thread` is in [0, threads()) and unique among the chunks running at one time.
using ChunkFunction = void (*)(void* context, int chunk, int thread);

/// Runs chunks; `run` returns when all are done. Not re-entrant: a chunk must not call `run` of the same object.
class Parallel {
 public:
  virtual ~Parallel() = default;
  virtual int threads() const = 0;
  virtual void run(int chunks, ChunkFunction function, void* context) = 0;
  /// Where long work may stand still, beside the ends of chunks.
  virtual void breathe() {}
};

/// Everything on the calling thread.
class Serial final : public Parallel {
 public:
  int threads() const override { return 1; }
  void run(int chunks, ChunkFunction function, void* context) override {
    for (int chunk = 0; chunk < chunks; ++chunk) function(context, chunk, 0);
  }
};

/// Threads worth using for that much work: sharing half a microsecond of one core costs more than it saves.
constexpr int useful_threads(double flops, int threads) { return flops < 1e5 ? 1 : threads; }

/// Calls `body(chunk, thread)` for every chunk in [0, chunks).
template <class Body>
void parallel_for(Parallel& parallel, int chunks, Body&& body) {
  using Plain = std::remove_reference_t<Body>;
  parallel.run(
      chunks, [](void* context, int chunk, int thread) { (*static_cast<Plain*>(context))(chunk, thread); },
      const_cast<void*>(static_cast<const void*>(&body)));
}

}  // namespace cuvee
