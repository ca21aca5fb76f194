// Family `deconv`: transposed convolution. Inputs and arguments: lower/convolution.ts.
#include <vector>

#include "kernels/deconv/deconv.h"
#include "kernels/epilogue_step.h"
#include "kernels/negligible.h"

namespace cuvee {
namespace {

struct DeconvState final : StepState {
  DeconvPlan plan;
  EpilogueState epilogue;
  std::shared_ptr<Packed> packed;
  size_t scratch_floats = 0;
};

struct PackJob {
  const DeconvPlan* plan;
  const float* scale;
};

// [I][O / G][kh][kw] weights, scaled per output channel, into the plan's panels.
void fill_weights(void* to, const TensorView& from, const void* argument, Parallel& pool) {
  const PackJob& job = *static_cast<const PackJob*>(argument);
  const DeconvShape& s = job.plan->shape;
  const float* w = from.as<float>();
  std::vector<float> scaled;
  if (job.scale) {
    const int per_group = s.out_channels / s.groups, in_per_group = s.in_channels / s.groups, taps = s.kernel_h * s.kernel_w;
    scaled.assign(w, w + from.size);
    for (int i = 0; i < s.in_channels; ++i)
      for (int o = 0; o < per_group; ++o)
        for (int t = 0; t < taps; ++t) scaled[(static_cast<size_t>(i) * per_group + o) * taps + t] *= job.scale[i / in_per_group * per_group + o];
    w = scaled.data();
  }
  const DeconvPlan& plan = *job.plan;
  parallel_for(pool, static_cast<int>(plan.blocks.panels.size()), [&](int panel, int) { deconv_pack(plan, w, static_cast<float*>(to), panel); });
}

void fill_constant(void* to, const TensorView& from, const void* argument, Parallel& pool) {
  fill_weights(to, from, argument, pool);
  drop_negligible(static_cast<float*>(to), static_cast<const PackJob*>(argument)->plan->packed_floats, pool);
}

DeconvShape shape_of(const StepContext& ctx) {
  const TensorView& x = ctx.in[0];
  const TensorView& w = ctx.in[1];
  const TensorView& y = ctx.out[0];
  const auto n = [](int64_t v) { return static_cast<int>(v); };
  const auto arg = [&](int i) { return static_cast<int>(ctx.args[i].i); };
  DeconvShape s;
  s.batch = n(x.dim(0)), s.in_channels = n(x.dim(1)), s.in_h = n(x.dim(2)), s.in_w = n(x.dim(3));
  s.out_channels = n(y.dim(1)), s.out_h = n(y.dim(2)), s.out_w = n(y.dim(3));
  s.kernel_h = n(w.dim(2)), s.kernel_w = n(w.dim(3));
  s.groups = arg(0), s.stride_h = arg(1), s.stride_w = arg(2), s.dilation_h = arg(3), s.dilation_w = arg(4), s.pad_top = arg(5), s.pad_left = arg(6);
  s.planar_output = y.layout == Layout::plain;
  return s;
}

Status bind(StepContext& ctx) {
  auto state = std::make_unique<DeconvState>();
  const DeconvShape s = shape_of(ctx);
  if (s.planar_output && !deconv_planar_fits(*ctx.kernels, s)) return Status::fail("INTERNAL", "a planar result of a transposed convolution that pads");
  state->plan = deconv_select(*ctx.kernels, s, useful_threads(deconv_flops(s), ctx.pool->threads()));
  state->scratch_floats = (state->plan.scratch_floats + 15) / 16 * 16;
  ctx.set_variant((s.planar_output ? "planar " : "transposed ") + std::to_string(s.kernel_h) + "x" + std::to_string(s.kernel_w) +
                  tile_words(*ctx.kernels->tile, state->plan.blocks.panels.empty() ? 0 : state->plan.blocks.panels[0].vectors));
  if (Status status = bind_epilogue(ctx, s.out_channels, 7, state->epilogue); !status.ok()) return status;
  const PackJob job{&state->plan, weight_scale(ctx)};
  size_t extra = 0;
  if (ctx.is_constant(1)) {
    const std::string format = "deconv:" + std::to_string(ctx.block) + ":" + std::to_string(state->plan.packing) + ":" + std::to_string(s.groups) + scale_format(ctx) + (ctx.accurate ? ":exact" : "");
    state->packed = ctx.pack(1, format, state->plan.packed_floats * sizeof(float), ctx.accurate ? fill_weights : fill_constant, &job);
    if (!state->packed) return Status::fail("OUT_OF_MEMORY", "packing its weights");
  } else {
    extra = (state->plan.packed_floats + 15) / 16 * 16;
  }
  ctx.need_scratch((state->scratch_floats * ctx.pool->threads() + extra) * sizeof(float));
  *ctx.state = std::move(state);
  return {};
}

// Weights for this run: packed at bind, or now into scratch behind the threads' own.
const float* weights(StepContext& ctx, const DeconvState& state) {
  if (state.packed) return static_cast<const float*>(state.packed->data());
  float* to = static_cast<float*>(ctx.scratch) + state.scratch_floats * ctx.pool->threads();
  const PackJob job{&state.plan, weight_scale(ctx)};
  fill_weights(to, ctx.in[1], &job, *ctx.pool);
  return to;
}

ConvArgs args_of(StepContext& ctx, const DeconvState& state, const Source& source) {
  ConvArgs args{&source, weights(ctx, state), view_of<Sink>(ctx, ctx.out[0]), state.epilogue.base};
  if (args.epilogue.has_residual) args.epilogue.residual = view_of<Source>(ctx, ctx.in[epilogue_residual]);
  return args;
}

Status run(StepContext& ctx) {
  auto& state = static_cast<DeconvState&>(**ctx.state);
  const Source source = view_of<Source>(ctx, ctx.in[0]);
  const ConvArgs args = args_of(ctx, state, source);
  float* scratch = static_cast<float*>(ctx.scratch);
  parallel_for(*ctx.pool, state.plan.chunks, [&](int chunk, int thread) { deconv_run_chunk(state.plan, args, chunk, scratch + thread * state.scratch_floats); });
  return {};
}

Status run_rows(StepContext& ctx, const Window& window) {
  auto& state = static_cast<DeconvState&>(**ctx.state);
  const Source source = view_of<Source>(ctx, ctx.in[0]);
  const ConvArgs args = args_of(ctx, state, source);
  for (int n = 0; n < state.plan.shape.batch; ++n)
    deconv_run_rows(state.plan, args, n, static_cast<int>(window.y0), static_cast<int>(window.y1), static_cast<int>(window.x0), static_cast<int>(window.x1), static_cast<float*>(ctx.scratch));
  return {};
}

bool rows_needed(const StepContext& ctx, int i, int64_t y0, int64_t y1, int64_t* a0, int64_t* a1) {
  if (i != 0 && i != epilogue_residual) return false;
  const RowRange range = i == 0 ? deconv_rows_needed(shape_of(ctx), static_cast<int>(y0), static_cast<int>(y1)) : RowRange{static_cast<int>(y0), static_cast<int>(y1)};
  *a0 = range.begin, *a1 = range.end;
  return true;
}

// Windows begin and end at multiples of eight columns: they hold whole strides.
bool columns_needed(const StepContext& ctx, int i, int64_t x0, int64_t x1, int64_t* a0, int64_t* a1) {
  if ((i != 0 && i != epilogue_residual) || 8 % shape_of(ctx).stride_w != 0) return false;
  const RowRange range = i == 0 ? deconv_columns_needed(shape_of(ctx), static_cast<int>(x0), static_cast<int>(x1)) : RowRange{static_cast<int>(x0), static_cast<int>(x1)};
  *a0 = range.begin, *a1 = range.end;
  return true;
}

}  // namespace

extern const Family deconv_family;
const Family deconv_family{"deconv", bind, run, run_rows, rows_needed, columns_needed};

}  // namespace cuvee
