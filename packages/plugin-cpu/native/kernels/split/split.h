/// f32 products on a tile unit that multiplies bfloat16 numbers and adds in f32 (Intel's AMX).
///
/// Three bfloat16 numbers, each the rounded rest of those before it, hold all 24 bits of an f32: x = x0 + x1 + x2, |x1| <= 2^-8 |x0|,
/// |x2| <= 2^-16 |x0|. A product is the sum of the six products of parts that matter, each of them exact in f32:
///   x w = x2 w0 + x1 w0 + x1 w1 + x0 w1 + x0 w2 + x0 w0,  what is left out is below 2^-23 |x w|.
/// 32 channels are summed before their sum is rounded into the result, so that errors are smaller than those of a chain of
/// multiply-adds. The tile unit takes numbers below 2^-126 for zero and knows no infinity minus its rest; so pixels whose largest
/// magnitude lies outside [2^-30, 2^60], and is not zero, are computed by multiply-adds ("odd" pixels), and matrices whose columns
/// do not lie within [2^-70, 2^60] are not split at all.
///
/// Layouts. A step is 32 channels: two blocks of 16, whose channels i make a pair. Split pixels: tiles of 16 pixels, each
/// [step][part][pixel][16 pairs]. Split weights: panels of `vectors` times 16 output channels, each [step][part][vector][16 pairs][16
/// outputs]. A last block without another pairs parts with parts, so that three products do: pixels (x2, x1), (x1, x0), (x0, x0),
/// weights (w0, w0), (w1, w1), (w2, w0).
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/tile/tile.h"

namespace cuvee {

/// Use of split products: where they are faster, nowhere, wherever they can be.
enum class SplitUse : std::uint8_t { faster, never, always };

struct SplitKernels {
  /// Before and after products, on every thread: the tile unit's configuration.
  void (*begin)();
  void (*end)();
  /// Splits `pixels` pixels into rows [row, row + pixels) of `to`. Block b of pixel i is `count` <= 16 floats at
  /// blocks[b].a + offset + i * step. odd[i]: see above.
  void (*split)(const TileEntry* blocks, int block_count, std::ptrdiff_t offset, std::ptrdiff_t step, int pixels, std::uint16_t* to, int row, bool* odd);
  /// sums[v][32][16]: products of one or two tiles of pixels with a panel of one or two vectors.
  void (*product)(const std::uint16_t* tiles, int tile_count, const std::uint16_t* weights, int vectors, int block_count, float* sums);
  /// Splits a panel of weights, given as rows[block * 16 + channel][vectors * 16].
  void (*pack)(const float* rows, int block_count, int vectors, std::uint16_t* to);
  /// One pixel by multiply-adds; block b at blocks[b].a + offset. Results at sums[v * 512].
  void (*exact)(const TileEntry* blocks, int block_count, std::ptrdiff_t offset, const std::uint16_t* weights, int vectors, float* sums);
  /// Epilogue and store of `pixels` pixels from sums[v * 512 + i * 16].
  void (*finish)(const TileArgs& t, const float* sums, int vectors, int pixels);
};

/// Null where this processor or operating system has no such unit.
const SplitKernels* split_kernels();

constexpr int split_steps(int blocks) { return (blocks + 1) / 2; }
/// 16-bit numbers of one vector of a panel of weights.
constexpr std::size_t split_vector(int steps) { return std::size_t(steps) * 3 * 512; }
/// 16-bit numbers between tiles of pixels: never whole pages, which would share sets of the first cache.
constexpr std::size_t split_tile(int steps) { return split_vector(steps) + (steps % 4 == 0 ? 512 : 0); }
/// Floats of scratch memory that SplitWork needs for `pixels` pixels.
std::size_t split_scratch_floats(int blocks, int pixels);

/// Is a matrix of `outputs` columns of `depth` finite weights, column o at weights + o * step_o, fit to be split?
bool split_fits(const float* weights, int outputs, int depth, std::ptrdiff_t step_o, std::ptrdiff_t step_k);

/// A run of pixels that lie side by side: in the sources and in the result.
struct SplitRun {
  std::ptrdiff_t offset, step;  // floats from the blocks to the first pixel, and between pixels
  int pixels;
};

/// Splits pixels once and multiplies them with one panel after the other; on one thread.
class SplitWork {
 public:
  /// `scratch` of split_scratch_floats, 64-byte aligned.
  SplitWork(const SplitKernels& kernels, int blocks, int pixels, float* scratch);
  SplitWork(const SplitWork&) = delete;
  ~SplitWork() { kernels_.end(); }

  void clear() { used_ = 0; }
  /// Splits a run behind the others: at most `pixels` in all.
  void add(const TileEntry* blocks, const SplitRun& run);
  /// Products of all pixels with a panel: store(sums, pixel, count) for stretches of the pixels, in order.
  template <class Store>
  void multiply(const TileEntry* blocks, const std::uint16_t* panel, int vectors, Store&& store) {
    for (int first = 0; first < used_; first += 32) {
      const int count = used_ - first < 32 ? used_ - first : 32;
      kernels_.product(tiles_ + std::size_t(first / 16) * split_tile(steps_), count > 16 ? 2 : 1, panel, vectors, blocks_, sums_);
      for (int i = 0; i < count; ++i)
        if (odd_[first + i]) kernels_.exact(blocks, blocks_, offsets_[first + i], panel, vectors, sums_ + i * 16);
      store(sums_, first, count);
    }
  }
  void finish(const TileArgs& t, const float* sums, int vectors, int pixels) { kernels_.finish(t, sums, vectors, pixels); }

 private:
  const SplitKernels& kernels_;
  int blocks_, steps_, used_ = 0;
  std::uint16_t* tiles_;
  float* sums_;
  std::ptrdiff_t* offsets_;
  bool* odd_;
};

}  // namespace cuvee
