#include "kernels/split/split.h"

#include <algorithm>
#include <cmath>

#include "base/memory.h"

namespace cuvee {
namespace {

constexpr std::size_t sums_floats = 2 * 32 * 16;

std::size_t tiles_floats(int blocks, int pixels) { return std::size_t((pixels + 31) / 32 * 2) * split_tile(split_steps(blocks)) / 2; }

}  // namespace

std::size_t split_scratch_floats(int blocks, int pixels) {
  const std::size_t bytes = std::size_t(pixels) * (sizeof(std::ptrdiff_t) + sizeof(bool));
  return tiles_floats(blocks, pixels) + sums_floats + round_up(bytes, alignment) / sizeof(float);
}

bool split_fits(const float* weights, int outputs, int depth, std::ptrdiff_t step_o, std::ptrdiff_t step_k) {
  for (int o = 0; o < outputs; ++o) {
    float most = 0;
    for (int k = 0; k < depth; ++k) {
      const float x = std::fabs(weights[o * step_o + k * step_k]);
      if (!(x <= 0x1p60f)) return false;
      most = std::max(most, x);
    }
    if (most > 0 && most < 0x1p-70f) return false;
  }
  return true;
}

SplitWork::SplitWork(const SplitKernels& kernels, int blocks, int pixels, float* scratch) : kernels_(kernels), blocks_(blocks), steps_(split_steps(blocks)) {
  tiles_ = reinterpret_cast<std::uint16_t*>(scratch);
  sums_ = scratch + tiles_floats(blocks, pixels);
  offsets_ = reinterpret_cast<std::ptrdiff_t*>(sums_ + sums_floats);
  odd_ = reinterpret_cast<bool*>(offsets_ + pixels);
  kernels_.begin();
}

void SplitWork::add(const TileEntry* blocks, const SplitRun& run) {
  kernels_.split(blocks, blocks_, run.offset, run.step, run.pixels, tiles_, used_, odd_ + used_);
  for (int i = 0; i < run.pixels; ++i) offsets_[used_ + i] = run.offset + i * run.step;
  used_ += run.pixels;
}

#if !CUVEE_X64_KERNELS
const SplitKernels* split_kernels() { return nullptr; }
#endif

}  // namespace cuvee
