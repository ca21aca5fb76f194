/// Transposed convolution, float32, blocked to blocked.
///
///   y[n][o][oy][ox] = epilogue( sum over i, ky, kx of x[n][i][iy][ix] * w[i][o][ky][kx] )
///   over all (iy, ky) with iy * stride_h - pad_top + ky * dilation_h = oy, and likewise in x.
///
/// Runs as stride_h * stride_w interleaved convolutions of stride 1 ("phases"): output pixels of equal (oy + pad_top) mod
/// stride_h read the same subset of kernel taps. Nothing is multiplied by an inserted zero. Groups as in conv.h.
///
/// A planar result (nchw) is offered for upsampling heads, where few output channels would waste most of a block: kernel equal
/// to stride, no padding, no dilation, one group, and kernel_h * kernel_w * out_channels at most four vectors
/// (`deconv_planar_fits`). All taps of all channels are then lanes of one product.
#pragma once

#include <vector>

#include "kernels/conv/conv.h"

namespace cuvee {

struct DeconvShape {
  int batch = 1;
  int in_channels = 0, out_channels = 0, groups = 1;
  int in_h = 0, in_w = 0, out_h = 0, out_w = 0;  // out: the caller's (output padding included)
  int kernel_h = 2, kernel_w = 2, stride_h = 2, stride_w = 2, dilation_h = 1, dilation_w = 1;
  int pad_top = 0, pad_left = 0;
  bool planar_output = false;                    // only where deconv_planar_fits
};

/// A kernel tap along one axis, and the input offset that it reads: i = j + offset for output residue + stride * j - pad.
struct DeconvTap {
  int tap, offset;
};

struct DeconvPlan {
  DeconvShape shape;
  ConvPlan blocks;                                   // panels, input blocks, table; its grid is not used
  std::vector<std::vector<DeconvTap>> taps_y, taps_x;  // by residue, stride_h and stride_w lists
  std::size_t packed_floats = 0, scratch_floats = 0;
  std::uint64_t packing = 0;
  int chunks = 0, panel_splits = 1, bands_y = 1, bands_x = 1, band_h = 0, band_w = 0;
};

bool deconv_planar_fits(const KernelTable& table, const DeconvShape& shape);

DeconvPlan deconv_select(const KernelTable& table, const DeconvShape& shape, int threads);

/// Packs panel `panel` in [0, plan.blocks.panels.size()) (one panel when planar) of [I][O / G][kh][kw] weights.
void deconv_pack(const DeconvPlan& plan, const float* weights, float* dst, int panel);

/// Arguments as for a convolution with one source. Planar: `sink` and the residual are planar too.
void deconv_run_chunk(const DeconvPlan& plan, const ConvArgs& args, int chunk, float* scratch);

/// Output rows [y0, y1), columns [x0, x1) of image n, all channels.
void deconv_run_rows(const DeconvPlan& plan, const ConvArgs& args, int n, int y0, int y1, int x0, int x1, float* scratch);

/// Input rows inside the image that output rows [y0, y1) read.
RowRange deconv_rows_needed(const DeconvShape& shape, int y0, int y1);
RowRange deconv_columns_needed(const DeconvShape& shape, int x0, int x1);

double deconv_flops(const DeconvShape& shape);

}  // namespace cuvee
