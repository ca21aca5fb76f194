// Family `channels`: a blocked tensor whose channels are those of the inputs, also blocked, in some order. Actions: `shuffle` (args:
// groups g; channel k * g + i is channel i * (C / g) + k of the input), `join` (one input after the other).
#include <algorithm>

#include "kernels/reorder/reorder.h"
#include "runtime/step.h"

namespace cuvee {
namespace {

struct ChannelsState final : StepState {
  struct Part {
    int input, block;
    std::vector<int32_t> lanes;
  };
  std::vector<std::vector<Part>> blocks;  // by block of the result
  int bands = 1;
};

struct Origin {
  int input, channel;
};

std::vector<Origin> origins(const StepContext& ctx, int channels) {
  std::vector<Origin> all;
  if (ctx.action == "shuffle") {
    const int groups = static_cast<int>(ctx.args[0].i);
    for (int c = 0; c < channels; ++c) all.push_back({0, c % groups * (channels / groups) + c / groups});
    return all;
  }
  for (size_t i = 0; i < ctx.in.size(); ++i)
    for (int c = 0; c < ctx.in[i].dim(1); ++c) all.push_back({static_cast<int>(i), c});
  return all;
}

Status bind(StepContext& ctx) {
  const TensorView& y = ctx.out[0];
  const int channels = static_cast<int>(y.dim(1)), width = ctx.block;
  if (ctx.action == "shuffle" && (ctx.args[0].i < 1 || channels % ctx.args[0].i != 0)) return Status::fail("SHAPE_MISMATCH", std::to_string(channels) + " channels have no " + std::to_string(ctx.args[0].i) + " equal groups");
  for (const TensorView& x : ctx.in) {
    const bool fits = !x.absent && x.type == Type::f32 && x.layout == y.layout && x.rank == y.rank && x.dim(0) == y.dim(0) && std::equal(x.dims + 2, x.dims + x.rank, y.dims + 2);
    if (!fits || y.layout != Layout::blocked || y.type != Type::f32) return Status::fail("SHAPE_MISMATCH", "an input and the result are not both blocked and of one size");
  }
  const std::vector<Origin> from = origins(ctx, channels);
  if (static_cast<int>(from.size()) != channels) return Status::fail("SHAPE_MISMATCH", "joins " + std::to_string(from.size()) + " channels to " + std::to_string(channels));
  auto state = std::make_unique<ChannelsState>();
  state->blocks.resize(static_cast<size_t>((channels + width - 1) / width));
  for (int c = 0; c < channels; ++c) {
    auto& parts = state->blocks[static_cast<size_t>(c / width)];
    const auto [input, channel] = from[static_cast<size_t>(c)];
    auto part = std::find_if(parts.begin(), parts.end(), [&](const auto& p) { return p.input == input && p.block == channel / width; });
    if (part == parts.end()) part = parts.insert(part, {input, channel / width, std::vector<int32_t>(static_cast<size_t>(width), -1)});
    part->lanes[static_cast<size_t>(c % width)] = channel % width;
  }
  const int64_t plane = y.size / std::max<int64_t>(1, y.dim(0) * channels);
  // As convolutions share pixels, so that a thread finds what it made.
  state->bands = static_cast<int>(std::clamp<int64_t>(plane / 512, std::min<int64_t>(plane, ctx.pool->threads()), 64));
  *ctx.state = std::move(state);
  return {};
}

Status run(StepContext& ctx) {
  const auto& state = static_cast<const ChannelsState&>(**ctx.state);
  const TensorView& y = ctx.out[0];
  const int64_t width = ctx.block, plane = y.size / (y.dim(0) * y.dim(1)), blocks = static_cast<int64_t>(state.blocks.size());
  const auto blocks_of = [&](const TensorView& v) { return (v.dim(1) + width - 1) / width; };
  parallel_for(*ctx.pool, static_cast<int>(y.dim(0) * state.bands * blocks), [&](int chunk, int) {
    const int64_t block = chunk % blocks, band = chunk / blocks % state.bands, n = chunk / blocks / state.bands;
    const int64_t first = plane * band / state.bands, count = plane * (band + 1) / state.bands - first;
    LanePiece pieces[64];  // every piece gives a lane at least
    int count_of = 0;
    for (const auto& part : state.blocks[static_cast<size_t>(block)]) {
      const TensorView& x = ctx.in[static_cast<size_t>(part.input)];
      pieces[count_of++] = {x.as<float>() + ((n * blocks_of(x) + part.block) * plane + first) * width, part.lanes.data()};
    }
    ctx.kernels->reorder->gather(y.as<float>() + ((n * blocks + block) * plane + first) * width, pieces, count_of, count);
  });
  return {};
}

}  // namespace

extern const Family channels_family;
const Family channels_family{"channels", bind, run};

}  // namespace cuvee
