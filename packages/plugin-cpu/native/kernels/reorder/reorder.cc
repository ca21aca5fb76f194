#include "kernels/reorder/reorder.h"

#include <algorithm>

namespace cuvee {
namespace {

constexpr std::ptrdiff_t band = 16384;  // pixels

struct Piece {
  std::ptrdiff_t planar, blocked, pixels, plane;
  int channels;
};

Piece piece_of(const KernelTable& table, const ReorderShape& s, int chunk) {
  const std::ptrdiff_t plane = std::ptrdiff_t(s.height) * s.width, bands = (plane + band - 1) / band;
  const int blocks = (s.channels + table.block - 1) / table.block;
  const std::ptrdiff_t part = chunk % bands, block = chunk / bands % blocks, n = chunk / bands / blocks;
  const int first = int(block) * table.block;
  return {(n * s.channels + first) * plane + part * band, ((n * blocks + block) * plane + part * band) * table.block,
          std::min(band, plane - part * band), plane, std::min(table.block, s.channels - first)};
}

}  // namespace

int reorder_chunks(const KernelTable& table, const ReorderShape& s) {
  const std::ptrdiff_t plane = std::ptrdiff_t(s.height) * s.width;
  return int((plane + band - 1) / band) * ((s.channels + table.block - 1) / table.block) * s.batch;
}

void reorder_to_blocked(const KernelTable& table, const ReorderShape& shape, const float* planar, float* blocked, int chunk) {
  const Piece p = piece_of(table, shape, chunk);
  table.reorder->to_blocked(blocked + p.blocked, planar + p.planar, p.plane, p.channels, p.pixels);
}

void reorder_to_planar(const KernelTable& table, const ReorderShape& shape, const float* blocked, float* planar, int chunk) {
  const Piece p = piece_of(table, shape, chunk);
  table.reorder->to_planar(planar + p.planar, p.plane, blocked + p.blocked, p.channels, p.pixels);
}

}  // namespace cuvee
