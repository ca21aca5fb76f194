#include "kernels/epilogue_step.h"

#include <cstring>

#include "kernels/negligible.h"

namespace cuvee {
namespace {

void fill_channels(void* to, const TensorView& from, const void* argument, Parallel&) {
  const int channels = *static_cast<const int*>(argument);
  std::memset(to, 0, channel_array_size(channels) * sizeof(float));
  std::memcpy(to, from.data, static_cast<size_t>(channels) * sizeof(float));
}

void fill_bias(void* to, const TensorView& from, const void* argument, Parallel& pool) {
  fill_channels(to, from, argument, pool);
  drop_negligible(static_cast<float*>(to), static_cast<size_t>(*static_cast<const int*>(argument)), pool);
}

}  // namespace

std::shared_ptr<Packed> pack_channels(StepContext& ctx, int input, int channels) {
  return ctx.pack(input, "channels", channel_array_size(channels) * sizeof(float), fill_channels, &channels);
}

Status bind_epilogue(StepContext& ctx, int channels, int first_arg, EpilogueState& state) {
  Epilogue& e = state.base;
  const auto array = [&](int input, std::shared_ptr<Packed>& keep) -> const float* {
    if (ctx.in[input].absent) return nullptr;
    keep = pack_channels(ctx, input, channels);
    return keep ? static_cast<const float*>(keep->data()) : nullptr;
  };
  // A denormal bias starts a dead channel's sums, which then stay denormal all along.
  if (ctx.accurate || ctx.in[epilogue_first].absent) e.bias = array(epilogue_first, state.bias);
  else if ((state.bias = ctx.pack(epilogue_first, "bias", channel_array_size(channels) * sizeof(float), fill_bias, &channels))) e.bias = static_cast<const float*>(state.bias->data());
  e.post_scale = array(epilogue_first + 2, state.post_scale);
  e.post_shift = array(epilogue_first + 3, state.post_shift);
  const bool missing = (!ctx.in[epilogue_first].absent && !e.bias) || (!ctx.in[epilogue_first + 2].absent && !e.post_scale);
  if (missing) return Status::fail("OUT_OF_MEMORY", "its channel arrays");
  e.act = static_cast<Act>(ctx.args[first_arg].i);
  e.a = static_cast<float>(ctx.args[first_arg + 1].f);
  e.b = static_cast<float>(ctx.args[first_arg + 2].f);
  e.has_residual = !ctx.in[epilogue_residual].absent;
  e.residual_after = ctx.args[first_arg + 3].i != 0;
  return {};
}

std::string scale_format(const StepContext& ctx) {
  const TensorView& v = ctx.in[epilogue_weight_scale];
  if (v.absent) return {};
  uint64_t hash = 0xcbf29ce484222325u;
  const auto* bytes = v.as<unsigned char>();
  for (int64_t i = 0; i < v.bytes; ++i) hash = (hash ^ bytes[i]) * 0x100000001b3u;
  return ":" + std::to_string(hash);
}

std::string tile_words(const TileKernels& tile, int vectors) {
  return vectors == 0 ? std::string() : "; tile " + std::to_string(tile.pixels[vectors]) + "x" + std::to_string(vectors * tile.block);
}

}  // namespace cuvee
