/// Convolution, float32: blocked (or planar, few channels) input to blocked output.
///
///   y[n][o][oy][ox] = epilogue( sum over i, ky, kx of x[n][g(o) * I/G + i][iy][ix] * w[o][i][ky][kx] )
///   iy = oy * stride_h - pad_top + ky * dilation_h, ix likewise; x outside the image is 0. I = in_channels, G = groups.
///
/// Use: fill a ConvShape, `conv_select` a plan (cheap: microseconds; again for every new shape), pack the weights once per
/// distinct `ConvPlan::packing` (panels are independent: pack them in parallel), then for every inference run chunks
/// [0, plan.chunks) in any order on any threads, each thread with its own scratch of `plan.scratch_floats` floats.
/// A strip executor calls `conv_run_rows` instead. Results do not depend on the chunking.
///
/// Methods, chosen by `conv_select`:
///  pointwise  1x1 without padding, any stride; reads the source in place, merges rows when source and sink are dense.
///  direct     any kernel, stride, dilation, padding: a band of input rows is copied with its zero halo into scratch (this
///             is also where nearest-upsampled parts are read), then every panel of output channels sweeps it.
///  planar     direct from a planar source (first layers), or from a picture of bytes or floats.
///  split      pointwise on a tile unit, with every number in three parts (kernels/split/split.h): no less exact.
///  winograd   F(4x4, 3x3) with points 0, +-sqrt(1/2), +-sqrt(2), infinity; error bound 4e-6 * sqrt(I / 64) * max|y|. F(2x2, 3x3) where few
///             pixels share many weights, of which it has less than half as many.
/// Groups need no special care by the caller: panels read only the input channels of their groups. Where a block of output
/// channels belongs to several groups the packed weights hold zeros for the neighbours (whose NaN and infinity therefore
/// spread within the block).
///
/// A virtual concatenation is a shape with several parts: part p has `channels` channels in a blocked tensor of its own
/// (so each part's channel count is padded by itself) and may be `1 << shift` times smaller in both directions (nearest
/// upsampling: pixel (y, x) is read at (y >> shift, x >> shift)).
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/image/image.h"
#include "kernels/split/split.h"
#include "kernels/table.h"
#include "kernels/tensor.h"

namespace cuvee {

inline constexpr int max_conv_parts = 8;

struct ConvPart {
  int channels;
  int shift;
};

/// Sizes in pixels and channels; out_h and out_w are the caller's (so that any rounding rule can be expressed).
struct ConvShape {
  int batch = 1;
  int in_channels = 0, out_channels = 0, groups = 1;
  int in_h = 0, in_w = 0, out_h = 0, out_w = 0;  // in_h, in_w: after upsampling
  int kernel_h = 1, kernel_w = 1, stride_h = 1, stride_w = 1, dilation_h = 1, dilation_w = 1;
  int pad_top = 0, pad_left = 0;                 // bottom and right follow from the output size
  bool planar_input = false;                     // source is nchw instead of blocked; one part, shift 0
  bool activated_input = false;                  // max(x * scale + shift, 0) is read instead of x: one part, 1x1, stride 1, no padding
  int shuffle = 1;                               // logical channel i lies at i % shuffle * (in_channels / shuffle) + i / shuffle: as activated_input
  bool allow_winograd = true;                    // false for EXECUTION_MODE_HINT=ACCURACY
  SplitUse split = SplitUse::faster;             // never for weights that `split_fits` refuses
  int parts = 0;                                 // 0: one part of in_channels channels, shift 0
  ConvPart part[max_conv_parts] = {};
};

enum class ConvMethod : std::uint8_t { pointwise, direct, planar, winograd, split };
const char* conv_method_name(ConvMethod method);

/// A run of output blocks computed together, and the input blocks that it reads.
struct ConvPanel {
  int block, vectors;      // output blocks [block, block + vectors)
  int in_begin, in_end;    // input blocks
  int from, to;            // input channels that it reads of these
  std::ptrdiff_t depth;    // reduction length
  std::size_t offset;      // floats from the start of the packed weights
};

/// One input channel block (or, for planar input, channel). Of a shuffled source a run of lanes of a block: channels of one group of the
/// convolution, `first` of which is the group's.
struct ConvInBlock {
  int part, block;         // block within the part
  int first, count;        // logical channels [first, first + count)
  int lane = 0;            // where they begin in the block
};

struct ConvPlan {
  const KernelTable* table = nullptr;
  ConvShape shape;
  ConvMethod method = ConvMethod::direct;
  int winograd_tile = 0;           // winograd: outputs of a tile in each direction, 4 or 2
  int fine_blocks = 0;             // winograd: in_blocks from here on are of coarse parts (kernels/winograd/winograd.h)
  std::vector<ConvPanel> panels;
  std::vector<ConvInBlock> in_blocks;
  std::size_t packed_floats = 0;   // size of the packed weights
  std::uint64_t packing = 0;       // plans of equal packing, table and weights share packed weights
  const SplitKernels* split = nullptr;  // of method split
  int chunks = 0;                  // = panel_splits * batch * bands_y * bands_x
  int panel_splits = 1, bands_y = 1, bands_x = 1, band_h = 0, band_w = 0;
  std::size_t scratch_floats = 0;  // per thread, 64-byte aligned
};

/// `threads` only shapes the chunk grid.
ConvPlan conv_select(const KernelTable& table, const ConvShape& shape, int threads);

/// OIHW weights [O][I / G][kh][kw], times a factor for each output channel where there are such; the split method takes magnitudes below
/// `least` for zero.
struct ConvFilters {
  const float* weights;
  const float* scale;
  float least;
  ConvFilters(const float* w, const float* s = nullptr, float l = 0) : weights(w), scale(s), least(l) {}
  float factor(int output) const { return scale ? scale[output] : 1.0f; }
};

/// Packs panel `panel` in [0, plan.panels.size()); dst is the start of the packed weights, 64-byte aligned.
void conv_pack(const ConvPlan& plan, const ConvFilters& filters, float* dst, int panel);

/// Whether `conv_pack_channel` serves the plan.
bool conv_packs_channels(const ConvPlan& plan);

/// Packs what logical input channel in_blocks[block].first + channel has of all panels, quickly: for weights that every run makes anew. taps[t *
/// tap_step + o]: tap t of output channel o, padded with zeros to whole blocks. Any thread, any order; dst holds zeros or earlier weights.
void conv_pack_channel(const ConvPlan& plan, const float* taps, std::ptrdiff_t tap_step, float* dst, int block, int channel);

/// Instead of a planar source, a picture: its planes are made where the halo is copied, so that zeros around the picture
/// are zeros of the planes.
struct ConvArgs {
  const Source* sources = nullptr;  // one for each part
  const float* weights = nullptr;   // packed
  Sink sink;                        // blocked
  Epilogue epilogue;
  const float *in_scale = nullptr, *in_shift = nullptr;  // of an activated input, one a channel, padded as Epilogue's arrays
  const Image* image = nullptr;     // planar method only: read instead of `sources`, by `image_row`
  ImageRow image_row = nullptr;
};

/// Computes chunk `chunk` in [0, plan.chunks).
void conv_run_chunk(const ConvPlan& plan, const ConvArgs& args, int chunk, float* scratch);

/// Computes output rows [y0, y1), columns [x0, x1), all channels of image n. Sources must offer the rows that these rows need.
/// Equal to the chunks' result bit by bit. The winograd method computes whole tiles: multiples of 4 avoid waste.
void conv_run_rows(const ConvPlan& plan, const ConvArgs& args, int n, int y0, int y1, int x0, int x1, float* scratch);

/// First and one-past-last input row (inside the image) that output rows [y0, y1) read. Of a plan: what its method reads.
struct RowRange {
  int begin, end;
};
RowRange conv_rows_needed(const ConvPlan& plan, int y0, int y1);
RowRange conv_rows_needed(const ConvShape& shape, int y0, int y1);
/// Input columns that output columns [x0, x1) read; with `tiles`, those of the Winograd tiles that they lie in.
RowRange conv_columns_needed(const ConvShape& shape, bool tiles, int x0, int x1);

/// Multiply-accumulates times two of the mathematical convolution, for profiles.
double conv_flops(const ConvShape& shape);

}  // namespace cuvee
