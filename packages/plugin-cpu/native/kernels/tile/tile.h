/// The one multiply-accumulate microkernel behind convolution, transposed convolution, GEMM and Winograd.
///
/// A call computes MR pixels (rows of C) by NV vectors of output channels (columns of C):
///   acc[m][n] = sum over entries e, over k < e.count:  e.a[offset + m * a_step + k] * w[k'][n]
/// where k' runs over all entries' k in order: a "batch reduce". Convolution lists one entry per (channel block, ky, kx),
/// GEMM lists one. Weights w are NV vectors of B floats every `w_step` floats. Then the epilogue, then the store of
/// vector v of pixel m at c + v * c_block + m * c_step.
#pragma once

#include <cstddef>

#include "kernels/tensor.h"

namespace cuvee {

/// One term of the reduction: `count` consecutive floats of every pixel's operand.
struct TileEntry {
  const float* a;
  std::ptrdiff_t count;
};

struct TileArgs {
  const TileEntry* entries;
  int entry_count;
  std::ptrdiff_t a_offset;  // floats, added to every entry's a
  std::ptrdiff_t a_step;    // floats between pixels
  const float* w;
  std::ptrdiff_t w_step;    // floats between consecutive k
  std::ptrdiff_t ahead;     // floats by which the first call of run_tiles fetches w into the second cache ahead of its use; 0: not
  /// Memory that is read after this: calls of run_tiles fetch it into the second cache, fetch_stride floats for each k, up to fetch_end.
  /// Null: nothing.
  const float *fetch, *fetch_end;
  std::ptrdiff_t fetch_stride, fetch_step;  // fetch_step: floats that one call fetches, its k times fetch_stride
  float* c;
  std::ptrdiff_t c_step, c_block;
  const float* residual;    // null: none; addressed as c with the next two
  std::ptrdiff_t r_step, r_block;
  const float* bias;        // null: none; at the first output channel of this call, as the next four
  const float *pre_scale, *pre_shift, *post_scale, *post_shift;
  bool stem;                // entries of three floats, pixels two floats apart: `run_tiles` takes TileKernels::stem where there is one
  int lanes;                // channels that exist in this call, at most NV * B; lanes beyond are zero or, see below, unwritten
  bool plain;               // the sink is row-major (GEMM): lanes beyond `lanes` do not exist and are not written
  bool accumulate;          // the sums start from what c holds instead of the bias; not with half tiles nor a plain sink
  bool residual_after;
  int form;                 // see tile_form
  Act act;
  float lo, hi;             // form clip: bounds; else Epilogue::a, b
};

using TileKernel = void (*)(const TileArgs&);

constexpr int max_tile_vectors = 4, max_tile_pixels = 16;

struct TileKernels {
  int block;                               // B
  int vectors;                             // largest NV
  int pixels[max_tile_vectors + 1];        // largest MR for NV = 1..vectors, [0] unused
  TileKernel kernel[max_tile_vectors][max_tile_pixels];  // [NV - 1][MR - 1]
  /// Tiles of one and a half vectors, for 24 channels without a quarter of idle lanes; null where there are none. Weights go
  /// pair by pair of k: B floats of k, B of k + 1, then for the half vector B floats {k, k + 1} interleaved; an entry of odd
  /// count reads one operand more, which must exist and is multiplied by zero. Stores two vectors, the upper half zero.
  TileKernel half[max_tile_pixels];
  int half_pixels;
  /// The first layers of networks, 3 columns wide with stride 2, of one vector: a pixel's last operand is the next one's first. Null where there are none.
  TileKernel stem[max_tile_pixels];
  /// y = act(x) over `count` floats, in place allowed; for epilogues outside tiles and for tests.
  void (*activate)(float* y, const float* x, std::ptrdiff_t count, Act act, float a, float b);
  /// y = max(x * scale + shift, 0) over `pixels` vectors; scale and shift are one vector each.
  void (*affine_relu)(float* y, const float* x, std::ptrdiff_t pixels, const float* scale, const float* shift);
};

/// Forms of epilogue: the first ones stay in registers, `general` goes through a buffer in L1.
namespace tile_form {
enum : int { linear = 0, relu = 1, clip = 2, hard_swish = 3, general = 4 };
}

/// Fills form, act, lo, hi, residual_after and the channel arrays (at channel 0) from an epilogue.
void set_epilogue(TileArgs& args, const Epilogue& epilogue);

/// Moves the channel arrays to channel `channel`.
inline void seek_channel(TileArgs& args, const Epilogue& epilogue, std::ptrdiff_t channel) {
  args.bias = epilogue.bias ? epilogue.bias + channel : nullptr;
  args.pre_scale = epilogue.pre_scale ? epilogue.pre_scale + channel : nullptr;
  args.pre_shift = epilogue.pre_shift ? epilogue.pre_shift + channel : nullptr;
  args.post_scale = epilogue.post_scale ? epilogue.post_scale + channel : nullptr;
  args.post_shift = epilogue.post_shift ? epilogue.post_shift + channel : nullptr;
}

/// The same with the kernels of one and a half vectors.
void run_half_tiles(const TileKernels& kernels, TileArgs& args, int pixels);

/// Covers `pixels` pixels with calls of nearly equal MR for the given NV; a, c, residual and fetch advance by their steps, `ahead` becomes 0.
void run_tiles(const TileKernels& kernels, TileArgs& args, int vectors, int pixels);

}  // namespace cuvee
