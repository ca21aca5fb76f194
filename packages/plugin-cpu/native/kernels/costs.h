/// The figures by which tiles, panels, bands and algorithms are chosen: the one table of them. What they are compared with is computed from
/// a layer's sizes where the choice is made; ARCHITECTURE.md tells the choices in words.
///
/// Bytes are of the caches of x86-64 and ARM64 servers since 2017 (32 to 64 KiB of first, 1 to 2 MiB of second cache a core), flops and cycles of
/// vectors of the instruction set at hand. Each group names the measurement by which it was set, and by which a change is to be judged:
/// `cuvee_native_test bench --only NAME` on one and two threads, beside whole networks by `bench/bench.mjs`.
/// The least work that threads share stands with them (base/parallel.h).
#pragma once

#include <cstddef>
#include <cstdint>

namespace cuvee::costs {

constexpr std::size_t kibi = 1024;

/// Convolutions by products over panels. Judged by bench_conv_1x1 and bench_conv_3x3.
namespace conv {
constexpr std::size_t band_floats = 128 * kibi;         // floats of input rows that a chunk copies: a quarter of 2 MiB of second cache
constexpr std::size_t panel_floats = 224 * kibi;        // floats of a panel's weights: less than half of the second cache
constexpr std::size_t pixel_floats = 64 * kibi;         // floats of pointwise input of a chunk
constexpr std::size_t heavy_pixel_floats = 256 * kibi;  // the same where weights are the larger part, and are thus read from memory once
constexpr std::size_t heavy_pointwise_floats = 64 * kibi, heavy_direct_floats = 256 * kibi;  // floats of weights from which they may count as that
constexpr int halved_pixels = 64;                       // fewer of them share a single panel in halves, if ...
constexpr std::size_t halved_floats = 32 * kibi;        // ... it has more floats than this
constexpr int chunks_each = 4;                          // chunks for each thread, so that all share evenly
constexpr int least_band_pixels = 48;                   // pixels of a band at least: some tiles
constexpr std::ptrdiff_t part_floats = 6 * 1024;        // floats of weights that stay in the first cache while all pixels pass
constexpr std::size_t fetched_from = 16 * kibi;         // floats of weights from which the next panel's are fetched ahead
constexpr int fetch_ahead = 24;                         // steps of k between a fetch and its product
}  // namespace conv

/// Winograd's method against the direct one, in cycles of one thread at two multiply-adds each. Judged by bench_conv_3x3.
namespace winograd {
constexpr double bytes_per_cycle = 6.5;              // of weights that stream from memory
constexpr double product_overhead = 1.1;             // time of the products over that of their multiply-adds
constexpr double direct_overhead = 1.15;             // the same of the direct method
constexpr double input_cycles[] = {50, 110};         // to transform a tile of one channel block: F(2x2), F(4x4)
constexpr double output_cycles[] = {35, 75};         // likewise back
constexpr double coarse_input = 0.2;                 // time to transform a tile that is read upsampled four times or more, over that of any other
constexpr double coarse_products = 0.75;             // share of the products that such channels save
constexpr double large_weights = 4e6;                // bytes of transformed weights from which ...
constexpr double most_of_direct = 0.75, most_of_direct_large = 0.6;  // ... the method must take less of the direct one's time
constexpr int least_tiles = 4, least_channels = 16;
}  // namespace winograd

/// Products on a tile unit for bfloat16, as sums of split numbers. Times of a pixel in those of a multiply-add of a vector. Judged by bench_conv_1x1 where there is the unit.
namespace split {
constexpr std::size_t tile_bytes = 640 * kibi;       // split pixels of a chunk: a third of the second cache
constexpr int least_pixels = 64;                     // fewer wait for weights
constexpr double least_flops = 20e6;                 // less, and the unit takes longer to wake
constexpr int shallow_channels = 96;                 // with fewer, ...
constexpr std::ptrdiff_t large_result = 512 * 1024;  // ... results of more floats are waited for by either method
constexpr double split_channel = 2.1, product = 1.0 / 30, epilogue = 0.6;  // of a channel in, of a pair of channels, of a channel out
constexpr double multiply_add = 0.9 / 15;            // of a pair of channels by multiply-adds, less what the choice must gain
}  // namespace split

/// Matrix products. Judged by bench_matmul.
namespace gemm {
constexpr int fetch_ahead = 24;                           // steps of k between a fetch and its product
constexpr int tall_rows = 24, tall_depth = 128;           // from so many rows and more steps of k on, tiles are taller than wide: B streams from the second cache
constexpr int tall_vectors = 3;                           // the width of such a tile
constexpr std::ptrdiff_t band_floats = 128 * 1024;        // floats of A that a band keeps in the second cache
constexpr int band_rows = 24, least_band_rows = 12;       // rows of a band at least, where there are others to share it, and at all
}  // namespace gemm

/// Transposed convolutions. Judged by bench_up.
namespace deconv {
constexpr std::size_t band_floats = 96 * kibi;  // floats of input rows that a chunk copies
}  // namespace deconv

/// Strips (runtime/segment.h). Judged by the detector at 640x640 and 800x12128 (bench/bench.mjs), two threads.
namespace strips {
constexpr double first_room = 0.75, second_room = 2;          // of the second cache, that a thread's buffers may take
constexpr double least_repeated = 1.06, more_repeated = 1.2;  // most work over that of whole tensors, where panels' edges are made twice
constexpr std::uint64_t third_level_share = 12 * kibi * kibi;  // bytes that they may take where a cut would go through memory ...
constexpr double third_repeated = 1.15;                        // ... and the most work then
constexpr std::uint64_t third_level_from = 24 * kibi * kibi;   // bytes of a result at a cut from which its way through memory costs more than that
constexpr int panels_each = 4;                                 // panels for each thread
}  // namespace strips

}  // namespace cuvee::costs
