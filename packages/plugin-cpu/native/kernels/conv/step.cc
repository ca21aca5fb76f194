// Family `conv`: convolution of one or several (virtually concatenated) tensors; depthwise where it is one.
// Action `image`: input 0 is a picture of bytes or floats. Action `activated`: max(x * scale + shift, 0) is read instead of input 0,
// scale and shift are inputs 7 and 8. Action `shuffled`: input 0 is read as if its channels were shuffled, in as many groups as a further
// argument says. Inputs and arguments: lower/convolution.ts.
#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <vector>

#include "base/memory.h"
#include "kernels/conv/conv.h"
#include "kernels/depthwise/depthwise.h"
#include "kernels/epilogue_step.h"
#include "kernels/image/image_step.h"
#include "kernels/negligible.h"
#include "kernels/split/split.h"
#include "kernels/tuned.h"

namespace cuvee {
namespace {

struct ConvState final : StepState {
  bool depthwise = false;
  ConvPlan conv;
  DepthwisePlan dw;
  EpilogueState epilogue;
  std::shared_ptr<Packed> packed, in_scale, in_shift;
  size_t packed_floats = 0, scratch_floats = 0;
  int groups = 1;
  bool is_split() const { return !depthwise && conv.method == ConvMethod::split; }
};

struct PackJob {
  const ConvState* state;
  const float* scale;
  int outputs;
  size_t per_output;
};

// OIHW weights, scaled per output channel, into the plan's panels.
void fill_weights(void* to, const TensorView& from, const void* argument, Parallel& pool) {
  const PackJob& job = *static_cast<const PackJob*>(argument);
  const float* w = from.as<float>();
  float* dst = static_cast<float*>(to);
  if (job.state->depthwise) {
    std::vector<float> scaled(w, w + job.outputs * job.per_output);
    for (size_t i = 0; job.scale && i < scaled.size(); ++i) scaled[i] *= job.scale[i / job.per_output];
    depthwise_pack(job.state->dw, scaled.data(), dst);
    return;
  }
  const ConvPlan& plan = job.state->conv;
  parallel_for(pool, static_cast<int>(plan.panels.size()), [&](int panel, int) { conv_pack(plan, {w, job.scale}, dst, panel); });
}

// The same for the split method, and behind the panels whether they fit to be split.
void fill_split(void* to, const TensorView& from, const void* argument, Parallel& pool) {
  const PackJob& job = *static_cast<const PackJob*>(argument);
  const ConvPlan& plan = job.state->conv;
  ConvFilters filters{from.as<float>(), job.scale};
  // The largest magnitude of each output's weights: it stands for all of them where split_fits is asked.
  std::vector<float> most(job.outputs);
  constexpr int each = 16;
  parallel_for(pool, ceil_div(job.outputs, each), [&](int chunk, int) {
    for (int o = chunk * each, end = std::min(o + each, job.outputs); o < end; ++o) {
      const float *w = filters.weights + o * job.per_output, factor = filters.factor(o);
      std::int32_t bits = 0;
      for (size_t i = 0; i < job.per_output; ++i) bits = std::max(bits, static_cast<std::int32_t>(std::bit_cast<std::uint32_t>(w[i] * factor) & 0x7fffffff));
      most[o] = std::bit_cast<float>(bits);
    }
  });
  filters.least = negligible_below(magnitudes(most.data(), most.size()).most);
  for (float& m : most)
    if (m < filters.least) m = 0;
  auto* dst = static_cast<float*>(to);
  const bool fits = split_fits(most.data(), job.outputs, 1, 1, 1);
  dst[job.state->packed_floats] = fits ? 1.0f : 0.0f;
  if (fits) parallel_for(pool, static_cast<int>(plan.panels.size()), [&](int panel, int) { conv_pack(plan, filters, dst, panel); });
}

void fill_constant(void* to, const TensorView& from, const void* argument, Parallel& pool) {
  fill_weights(to, from, argument, pool);
  drop_negligible(static_cast<float*>(to), static_cast<const PackJob*>(argument)->state->packed_floats, pool);
}

// Inputs and arguments that every convolution has; those of a virtual concatenation follow.
constexpr int first_part_input = 7, first_part_arg = 11;

bool reads_image(const StepContext& ctx) { return ctx.action == "image"; }
bool reads_activated(const StepContext& ctx) { return ctx.action == "activated"; }
bool reads_shuffled(const StepContext& ctx) { return ctx.action == "shuffled"; }
int part_count(const StepContext& ctx) { return reads_activated(ctx) ? 1 : 1 + std::max<int>(static_cast<int>(ctx.in.size()) - first_part_input, 0); }
const TensorView& part_view(const StepContext& ctx, int p) { return ctx.in[p == 0 ? 0 : first_part_input + p - 1]; }
int part_shift(const StepContext& ctx, int p) {
  const size_t at = first_part_arg + p;
  return !reads_image(ctx) && !reads_activated(ctx) && !reads_shuffled(ctx) && at < ctx.args.size() ? static_cast<int>(ctx.args[at].i) : 0;
}

// A virtual concatenation's parts must agree; null when they do.
const char* parts_problem(const StepContext& ctx) {
  const int parts = part_count(ctx);
  if (parts > max_conv_parts) return "too many parts";
  const TensorView& first = ctx.in[0];
  int64_t channels = 0;
  for (int p = 0; p < parts; ++p) {
    const TensorView& v = part_view(ctx, p);
    const int shift = part_shift(ctx, p);
    if (shift < 0 || shift > 16) return "a part's shift is out of range";
    if (parts == 1 && shift == 0) return nullptr;
    if (v.absent || v.rank != 4 || v.layout != Layout::blocked || v.type != Type::f32 || v.dim(0) != first.dim(0)) return "a part is not a blocked picture";
    for (int i : {2, 3})
      if (v.dim(i) << shift != first.dim(i) << part_shift(ctx, 0)) return "parts differ in size";
    channels += v.dim(1);
  }
  return ctx.args[0].i == 1 && channels == ctx.in[1].dim(1) ? nullptr : "parts and filters differ in channels";
}

// The picture that the step reads, or none.
ImageArgs image_of(const StepContext& ctx) {
  ImageArgs a;
  if (reads_image(ctx)) image_args(ctx, ctx.in[0], first_part_arg, &a);
  return a;
}

ConvShape shape_of(const StepContext& ctx) {
  const TensorView& x = ctx.in[0];
  const TensorView& w = ctx.in[1];
  const TensorView& y = ctx.out[0];
  ConvShape s;
  s.batch = static_cast<int>(x.dim(0));
  s.in_channels = static_cast<int>(x.dim(1));
  s.in_h = static_cast<int>(x.dim(2));
  s.in_w = static_cast<int>(x.dim(3));
  s.out_channels = static_cast<int>(y.dim(1));
  s.out_h = static_cast<int>(y.dim(2));
  s.out_w = static_cast<int>(y.dim(3));
  s.kernel_h = static_cast<int>(w.dim(2));
  s.kernel_w = static_cast<int>(w.dim(3));
  const auto arg = [&](int i) { return static_cast<int>(ctx.args[i].i); };
  s.groups = arg(0);
  s.stride_h = arg(1), s.stride_w = arg(2), s.dilation_h = arg(3), s.dilation_w = arg(4);
  s.pad_top = arg(5), s.pad_left = arg(6);
  s.planar_input = x.layout == Layout::plain;
  if (reads_image(ctx)) {
    const ImageArgs a = image_of(ctx);
    s.batch = a.batch, s.in_channels = a.image.channels, s.in_h = a.height, s.in_w = a.width;
  }
  s.allow_winograd = !ctx.accurate;
  if (ctx.accurate || !ctx.is_constant(1)) s.split = SplitUse::never;
  s.activated_input = reads_activated(ctx);
  if (reads_shuffled(ctx)) s.shuffle = ctx.args.size() > first_part_arg ? static_cast<int>(ctx.args[first_part_arg].i) : 0;
  const int parts = part_count(ctx);
  if (parts == 1 && part_shift(ctx, 0) == 0) return s;
  s.in_h <<= part_shift(ctx, 0), s.in_w <<= part_shift(ctx, 0);
  s.in_channels = 0;
  s.parts = parts;
  for (int p = 0; p < parts; ++p) {
    s.part[p] = {static_cast<int>(part_view(ctx, p).dim(1)), part_shift(ctx, p)};
    s.in_channels += s.part[p].channels;
  }
  return s;
}

// An activated or shuffled input is read pixel by pixel, in place; null when the step does so.
const char* activated_problem(const StepContext& ctx, const ConvShape& s) {
  if (!s.activated_input && !reads_shuffled(ctx)) return nullptr;
  if (s.activated_input && (ctx.in.size() != first_part_input + 2 || ctx.in[7].absent || ctx.in[8].absent || ctx.in[7].size != s.in_channels || ctx.in[8].size != s.in_channels))
    return "scale and shift of an activated input do not fit";
  const bool pixels = s.kernel_h == 1 && s.kernel_w == 1 && s.stride_h == 1 && s.stride_w == 1 && s.pad_top == 0 && s.pad_left == 0 && s.out_h <= s.in_h && s.out_w <= s.in_w;
  if (reads_shuffled(ctx) && (ctx.in.size() != first_part_input || s.shuffle < 1 || s.groups < 1 || s.in_channels % s.shuffle || s.in_channels % s.groups))
    return "a shuffle does not fit the channels";
  return pixels && (s.groups == 1 || reads_shuffled(ctx)) && !s.planar_input ? nullptr : "an activated or shuffled input of a convolution that is not pointwise";
}

bool is_depthwise(const StepContext& ctx, const ConvShape& s) {
  return s.parts == 0 && !reads_shuffled(ctx) && s.groups == s.in_channels && s.groups == s.out_channels && s.groups > 1 && !s.planar_input;
}

DepthwiseShape depthwise_of(const ConvShape& s) {
  return {s.batch, s.in_channels, s.in_h, s.in_w, s.out_h, s.out_w, s.kernel_h, s.kernel_w, s.stride_h, s.stride_w, s.dilation_h, s.dilation_w, s.pad_top, s.pad_left};
}

PackJob pack_job(StepContext& ctx, const ConvState& state) {
  const int outputs = static_cast<int>(ctx.out[0].dim(1));
  return {&state, weight_scale(ctx), outputs, static_cast<size_t>(ctx.in[1].size / std::max(outputs, 1))};
}

// Weights of the split method; null when memory does not suffice or they do not fit to be split.
std::shared_ptr<Packed> pack_split(StepContext& ctx, ConvState& state) {
  state.packed_floats = state.conv.packed_floats;
  const PackJob job = pack_job(ctx, state);
  auto packed = ctx.pack(1, "split:" + std::to_string(state.conv.packing) + scale_format(ctx), (state.packed_floats + 16) * sizeof(float), fill_split, &job);
  return packed && static_cast<const float*>(packed->data())[state.packed_floats] != 0 ? packed : nullptr;
}

Status bind(StepContext& ctx) {
  auto state = std::make_unique<ConvState>();
  if (const char* problem = parts_problem(ctx)) return Status::fail("MODEL_INVALID", problem);
  if (ImageArgs a; reads_image(ctx) && (!image_args(ctx, ctx.in[0], first_part_arg, &a) || ctx.args[0].i != 1 || a.image.channels != ctx.in[1].dim(1)))
    return Status::fail("MODEL_INVALID", "a picture and filters do not fit");
  ConvShape s = shape_of(ctx);
  if (const char* problem = activated_problem(ctx, s)) return Status::fail("MODEL_INVALID", problem);
  state->depthwise = is_depthwise(ctx, s);
  if (state->depthwise) {
    state->dw = depthwise_select(*ctx.kernels, depthwise_of(s), useful_threads(conv_flops(s), ctx.pool->threads()));
    state->packed_floats = state->dw.packed_floats;
    ctx.set_variant("depthwise " + std::to_string(s.kernel_h) + "x" + std::to_string(s.kernel_w));
  } else {
    const int threads = useful_threads(conv_flops(s), ctx.pool->threads());
    auto tuned = tuned_conv(ctx, s, threads);
    state->conv = std::move(tuned.plan);
    if (state->is_split() && !(state->packed = pack_split(ctx, *state))) {
      s.split = SplitUse::never;
      tuned = tuned_conv(ctx, s, threads);
      state->conv = std::move(tuned.plan);
    }
    state->packed_floats = state->conv.packed_floats;
    state->scratch_floats = (state->conv.scratch_floats + 15) / 16 * 16;
    ctx.set_variant(std::string(conv_method_name(state->conv.method)) + " " + std::to_string(s.kernel_h) + "x" + std::to_string(s.kernel_w) +
                    (reads_image(ctx) ? " of a picture" : s.activated_input ? " of relu(x * s + b)" : s.shuffle > 1 ? " of a shuffle" : "") +
                    (s.parts > 1 ? " of " + std::to_string(s.parts) + " parts" : "") + (tuned.measured ? ", measured" : "") +
                    (state->is_split() ? "; tile 32x32" : tile_words(*ctx.kernels->tile, state->conv.panels.empty() ? 0 : state->conv.panels[0].vectors)));
  }
  if (s.activated_input) {
    state->in_scale = pack_channels(ctx, 7, s.in_channels);
    state->in_shift = pack_channels(ctx, 8, s.in_channels);
    if (!state->in_scale || !state->in_shift) return Status::fail("OUT_OF_MEMORY", "its channel arrays");
  }
  if (Status status = bind_epilogue(ctx, s.out_channels, 7, state->epilogue); !status.ok()) return status;
  if (state->packed) {
    ctx.need_scratch(state->scratch_floats * sizeof(float) * ctx.pool->threads());
  } else if (ctx.is_constant(1)) {
    const PackJob job = pack_job(ctx, *state);
    const std::string format = (state->depthwise ? "depthwise:" + std::to_string(ctx.block) : "conv:" + std::to_string(ctx.block) + ":" + std::to_string(state->conv.packing)) + scale_format(ctx) + (ctx.accurate ? ":exact" : "");
    state->packed = ctx.pack(1, format, state->packed_floats * sizeof(float), ctx.accurate ? fill_weights : fill_constant, &job);
    if (!state->packed) return Status::fail("OUT_OF_MEMORY", "packing its weights");
    ctx.need_scratch(state->scratch_floats * sizeof(float) * ctx.pool->threads());
  } else {
    ctx.need_scratch((state->scratch_floats * ctx.pool->threads() + (state->packed_floats + 15) / 16 * 16) * sizeof(float));
  }
  *ctx.state = std::move(state);
  return {};
}

// Weights for this run: packed at bind, or now into scratch behind the threads' own.
const float* weights(StepContext& ctx, ConvState& state) {
  if (state.packed) return static_cast<const float*>(state.packed->data());
  float* to = static_cast<float*>(ctx.scratch) + state.scratch_floats * ctx.pool->threads();
  const PackJob job = pack_job(ctx, state);
  fill_weights(to, ctx.in[1], &job, *ctx.pool);
  return to;
}

Epilogue epilogue_of(const StepContext& ctx, const ConvState& state) {
  Epilogue e = state.epilogue.base;
  if (e.has_residual) e.residual = view_of<Source>(ctx, ctx.in[epilogue_residual]);
  return e;
}

const float* channels(const std::shared_ptr<Packed>& array) { return array ? static_cast<const float*>(array->data()) : nullptr; }

using Sources = std::array<Source, max_conv_parts>;

Sources sources_of(const StepContext& ctx) {
  Sources sources;
  if (reads_image(ctx)) return sources;
  for (int p = 0; p < part_count(ctx); ++p) sources[p] = view_of<Source>(ctx, part_view(ctx, p));
  return sources;
}

Status run(StepContext& ctx) {
  auto& state = static_cast<ConvState&>(**ctx.state);
  const float* w = weights(ctx, state);
  const Sources sources = sources_of(ctx);
  const Sink sink = view_of<Sink>(ctx, ctx.out[0]);
  const Epilogue epilogue = epilogue_of(ctx, state);
  if (state.depthwise) {
    const DepthwiseArgs args{sources[0], w, sink, epilogue};
    parallel_for(*ctx.pool, state.dw.chunks, [&](int chunk, int) { depthwise_run_chunk(state.dw, args, chunk); });
    return {};
  }
  const ImageArgs image = image_of(ctx);
  const ConvArgs args{sources.data(), w, sink, epilogue, channels(state.in_scale), channels(state.in_shift), reads_image(ctx) ? &image.image : nullptr, image_row(ctx.kernels->isa)};
  float* scratch = static_cast<float*>(ctx.scratch);
  parallel_for(*ctx.pool, state.conv.chunks, [&](int chunk, int thread) { conv_run_chunk(state.conv, args, chunk, scratch + thread * state.scratch_floats); });
  return {};
}

Status run_rows(StepContext& ctx, const Window& window) {
  auto& state = static_cast<ConvState&>(**ctx.state);
  const float* w = weights(ctx, state);
  const Sources sources = sources_of(ctx);
  const Sink sink = view_of<Sink>(ctx, ctx.out[0]);
  const Epilogue epilogue = epilogue_of(ctx, state);
  const ImageArgs image = image_of(ctx);
  const int batch = static_cast<int>(ctx.out[0].dim(0));
  const auto [y0, y1, x0, x1] = std::array{static_cast<int>(window.y0), static_cast<int>(window.y1), static_cast<int>(window.x0), static_cast<int>(window.x1)};
  for (int n = 0; n < batch; ++n) {
    if (state.depthwise) {
      const DepthwiseArgs args{sources[0], w, sink, epilogue};
      depthwise_run_rows(state.dw, args, n, y0, y1, x0, x1, 0, state.dw.blocks);
    } else {
      const ConvArgs args{sources.data(), w, sink, epilogue, channels(state.in_scale), channels(state.in_shift), reads_image(ctx) ? &image.image : nullptr, image_row(ctx.kernels->isa)};
      conv_run_rows(state.conv, args, n, y0, y1, x0, x1, static_cast<float*>(ctx.scratch));
    }
  }
  return {};
}

bool rows_needed(const StepContext& ctx, int i, int64_t y0, int64_t y1, int64_t* a0, int64_t* a1) {
  if (i == epilogue_residual) {
    *a0 = y0, *a1 = y1;
    return true;
  }
  if ((i != 0 && (i < first_part_input || reads_activated(ctx))) || reads_image(ctx)) return false;
  const auto& state = static_cast<const ConvState&>(**ctx.state);
  const RowRange range = state.depthwise ? conv_rows_needed(shape_of(ctx), static_cast<int>(y0), static_cast<int>(y1))
                                         : conv_rows_needed(state.conv, static_cast<int>(y0), static_cast<int>(y1));
  const int shift = part_shift(ctx, i == 0 ? 0 : i - first_part_input + 1);
  *a0 = range.begin >> shift, *a1 = ((range.end - 1) >> shift) + 1;
  return true;
}

bool columns_needed(const StepContext& ctx, int i, int64_t x0, int64_t x1, int64_t* a0, int64_t* a1) {
  if (i == epilogue_residual) {
    *a0 = x0, *a1 = x1;
    return true;
  }
  if ((i != 0 && (i < first_part_input || reads_activated(ctx))) || reads_image(ctx)) return false;
  const auto& state = static_cast<const ConvState&>(**ctx.state);
  const RowRange range = conv_columns_needed(state.depthwise ? shape_of(ctx) : state.conv.shape, !state.depthwise && state.conv.method == ConvMethod::winograd, static_cast<int>(x0), static_cast<int>(x1));
  const int shift = part_shift(ctx, i == 0 ? 0 : i - first_part_input + 1);
  *a0 = range.begin >> shift, *a1 = ((range.end - 1) >> shift) + 1;
  return true;
}

int64_t row_step(const StepContext& ctx) {
  const auto& state = static_cast<const ConvState&>(**ctx.state);
  return !state.depthwise && state.conv.method == ConvMethod::winograd ? 4 : 1;
}

// Bands for convolutions of one pixel, whose weights every thread then reads whole, and depthwise ones.
int rows_shared(const StepContext& ctx, int i) {
  const ConvShape s = shape_of(ctx);
  const bool depthwise = is_depthwise(ctx, s);
  const bool pixels = s.kernel_h == 1 && s.kernel_w == 1 && s.stride_h == 1 && s.stride_w == 1 && s.pad_top == 0 && s.pad_left == 0 && s.out_h == s.in_h && s.out_w == s.in_w;
  if (i == epilogue_residual) return 0;
  if (i < 0) return ctx.is_constant(1) && (depthwise || s.planar_input || (pixels && ctx.in[1].bytes <= ctx.in[0].bytes + ctx.out[0].bytes)) ? 0 : -1;
  if (i == 0 && depthwise) return std::max((s.kernel_h - 1) * s.dilation_h + 1 - s.stride_h, 0);
  return pixels && (i == 0 || (i >= first_part_input && !reads_activated(ctx))) && part_shift(ctx, i == 0 ? 0 : i - first_part_input + 1) == 0 ? 0 : -1;
}

}  // namespace

extern const Family conv_family;
const Family conv_family{"conv", bind, run, run_rows, rows_needed, columns_needed, row_step, rows_shared};

}  // namespace cuvee
