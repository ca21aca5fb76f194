/// Shared inside the family: the parts of a plan that its methods fill in and execute.
#pragma once

#include "kernels/conv/conv.h"
#include "kernels/tile/tile.h"

namespace cuvee::conv_detail {

/// Floats at the start of scratch that hold the tile entries.
std::size_t entry_floats(std::size_t entries);

/// Copies input rows [iy0, iy0 + rows) and columns [ix0, ix0 + cols) of one input block to dst[row][col][B], zero outside
/// the image.
void copy_halo(const ConvPlan& plan, const ConvArgs& args, int n, const ConvInBlock& in, int iy0, int rows, int ix0, int cols, float* dst);

/// Tile arguments with the epilogue of `args`.
TileArgs start_args(const ConvArgs& args, TileEntry* entries);

/// Points a tile at its panel's weights and channel arrays.
void seek_panel(const ConvPlan& plan, const ConvArgs& args, const ConvPanel& panel, TileArgs& t);

/// Channels of an input block that a panel reads: the block's own, cut to the panel's groups.
struct InChannels {
  int skip, count;  // the first so many lanes are of other groups; channels read
};
inline InChannels in_channels(const ConvPanel& panel, const ConvInBlock& in) {
  const int first = in.first > panel.from ? in.first : panel.from, end = in.first + in.count < panel.to ? in.first + in.count : panel.to;
  return {first - in.first, end - first};
}

/// Whether panels read some of their input blocks in part.
inline bool cuts_blocks(const ConvShape& shape, int width) { return shape.groups > 1 && shape.in_channels / shape.groups % width != 0; }

/// Points a tile at row y of an output block, pixels x, x + x_step, …; further blocks lie at sink.block from each other, or anywhere
/// when the sink is a row table.
void seek_output(const ConvPlan& plan, const ConvArgs& args, int n, int block, int y, int x, int x_step, TileArgs& t);

/// Do all pixels of sources and sink lie side by side, one behind the other?
bool is_dense(const ConvPlan& plan, const ConvArgs& args);

/// Whether rows of the sources lie at the same distance in all parts: then one list of entries serves all rows.
bool rows_are_even(const ConvPlan& plan, const ConvArgs& args);

/// Computes `pixels` pixels x, x + x_step, … of row y for one panel. A row-table sink may scatter the panel's blocks: then one
/// vector at a time. Of `t` what concerns place changes.
void run_segment(const ConvPlan& plan, const ConvArgs& args, const ConvPanel& panel, int n, int y, int x, int x_step, int pixels, TileArgs& t);

/// Lists input blocks and panels of a shape whose parts are set; fills packed_floats. `cut`: panels read of their first and last
/// input block only what is of their groups.
void list_blocks_and_panels(ConvPlan& plan, bool cut);

/// A rectangle of output pixels and a range of panels.
struct Region {
  int n, y0, y1, x0, x1, panel0, panel1;
};

void run_direct(const ConvPlan& plan, const ConvArgs& args, const Region& region, float* scratch);

bool split_suits(const KernelTable& table, const ConvShape& shape);
void split_select(ConvPlan& plan, int threads);
void split_pack(const ConvPlan& plan, const ConvFilters& filters, float* dst, int panel);
/// Output pixels of a band, in row-major order of one image.
RowRange split_band(const ConvPlan& plan, int band);
/// Output pixels [p0, p1) in that order.
void run_split(const ConvPlan& plan, const ConvArgs& args, int n, int p0, int p1, int panel0, int panel1, float* scratch);

/// Outputs of a tile in each direction, 4 or 2; 0 where another method is faster.
int winograd_tile(const KernelTable& table, const ConvShape& shape);
void winograd_select(ConvPlan& plan, int threads);
void winograd_pack(const ConvPlan& plan, const ConvFilters& filters, float* dst, int panel);
/// See conv_pack_channel; F(4x4) only.
void winograd_pack_channel(const ConvPlan& plan, const float* taps, std::ptrdiff_t tap_step, float* dst, int block, int channel);
/// The band'th of `bands` parts of the region's tiles.
void winograd_run(const ConvPlan& plan, const ConvArgs& args, const Region& region, int band, int bands, float* scratch);

}  // namespace cuvee::conv_detail
