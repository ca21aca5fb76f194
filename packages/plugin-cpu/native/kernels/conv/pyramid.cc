// Family `pyramid`: a 3x3 convolution of the sum of a feature pyramid's laterals and upsampled levels, without that sum.
//
//   y = conv(sum over parts p of up_p(z_p), w),   z_p = s_p * (f_p * x_p)
//
// x_p are pictures 1 << shift times smaller than y, f_p pointwise filters that widen them (or none), s_p one factor for each channel and image (or
// none), plus one where the part says so. The convolution is linear: part p goes through filters of its own channels, fewer than z_p's,
//
//   w_p[o][c] = sum over m of w[o][m] * s_p[m] * f_p[m][c],
//
// which every run makes of its factors. The parts are a virtual concatenation (conv.h). The result may be multiplied by factors, too.
// Inputs: w (constant, [O, M, 3, 3]), factors of the result ([N or 1, O, 1, 1], blocked; -1: none), then for each part x_p (blocked), f_p (constant, [M, C, 1, 1]) and s_p ([N or 1, M, 1, 1], blocked), -1: none.
// Arguments: whether one is added to the result's factors, then for each part: shift, whether one is added to s_p.
#include <algorithm>
#include <vector>

#include "base/memory.h"
#include "kernels/conv/conv.h"
#include "kernels/epilogue_step.h"
#include "runtime/buffer.h"
#include "runtime/step.h"

namespace cuvee {
namespace {

struct Part {
  int input;             // of the step: x_p; f_p and s_p follow
  int channels;
  bool made;             // its filters are made by each run
  bool plus;
  bool spread;           // a row or column that stands for all of them: copied to full size
  std::shared_ptr<Packed> narrow;  // f_p as [C][M]
};

struct PyramidState final : StepState {
  ConvPlan conv;
  std::vector<Part> parts;
  std::shared_ptr<Packed> taps;   // w as [M][9][lanes]
  std::shared_ptr<Packed> fixed;  // weights of the parts that are not made: packed, or as OIHW of all parts
  std::size_t lanes = 0, wide = 0;  // padded O; M
  bool by_channel = false;          // packed channel by channel; else as OIHW first
  // Floats: of scratch for each thread, of an image's weights, of the same as OIHW, of spread pictures.
  std::size_t each = 0, packed = 0, oihw = 0, spread = 0;
  std::size_t channels = 0;  // of the result's factors and as many zeros, if it has them
  Buffer prepared;    // the weights and factors that strips share, and room to make them
  Epilogue epilogue;  // of strips
};

constexpr int result_factors = 1, first_part = 2, first_arg = 1;  // of the inputs, of the arguments

// Factors of an image; null when there are none.
const float* factors_at(const StepContext& ctx, const TensorView& s, std::int64_t n) {
  const std::size_t image = round_up(static_cast<std::size_t>(s.absent ? 0 : s.dim(1)), s.layout == Layout::blocked ? ctx.block : 1);
  return s.absent ? nullptr : s.as<float>() + (s.dim(0) == 1 ? 0 : n * static_cast<std::int64_t>(image));
}

bool factors_fit(const TensorView& s, std::int64_t images, std::int64_t channels) {
  return s.absent || (s.rank == 4 && s.type == Type::f32 && s.dim(1) == channels && s.dim(2) == 1 && s.dim(3) == 1 && (s.dim(0) == 1 || s.dim(0) == images));
}

const TensorView& data_of(const StepContext& ctx, const Part& part) { return ctx.in[static_cast<std::size_t>(part.input)]; }
const TensorView& factors_of(const StepContext& ctx, const Part& part) { return ctx.in[static_cast<std::size_t>(part.input) + 2]; }

void fill_taps(void* to, const TensorView& from, const void* argument, Parallel&) {
  const auto lanes = *static_cast<const std::size_t*>(argument);
  const auto outputs = static_cast<std::size_t>(from.dim(0)), wide = static_cast<std::size_t>(from.dim(1));
  float* taps = static_cast<float*>(to);
  std::fill_n(taps, wide * 9 * lanes, 0.0f);
  for (std::size_t o = 0; o < outputs; ++o)
    for (std::size_t i = 0; i < wide * 9; ++i) taps[i * lanes + o] = from.as<float>()[o * wide * 9 + i];
}

void fill_narrow(void* to, const TensorView& from, const void*, Parallel&) {
  const auto wide = from.dim(0), channels = from.dim(1);
  for (std::int64_t m = 0; m < wide; ++m)
    for (std::int64_t c = 0; c < channels; ++c) static_cast<float*>(to)[c * wide + m] = from.as<float>()[m * channels + c];
}

// Weights of the parts that have w's channels as they are; zeros for the others.
void fill_fixed(void* to, const TensorView& from, const void* argument, Parallel& pool) {
  const auto& state = *static_cast<const PyramidState*>(argument);
  const int outputs = state.conv.shape.out_channels, all = state.conv.shape.in_channels;
  std::vector<float> oihw(std::size_t(outputs) * all * 9);
  std::ptrdiff_t first = 0;
  for (const Part& part : state.parts) {
    for (int o = 0; o < outputs && !part.made; ++o)
      std::copy_n(from.as<float>() + std::ptrdiff_t(o) * state.wide * 9, part.channels * 9, oihw.data() + (std::ptrdiff_t(o) * all + first) * 9);
    first += part.channels;
  }
  float* dst = static_cast<float*>(to);
  if (!state.by_channel) std::copy(oihw.begin(), oihw.end(), dst);
  else parallel_for(pool, static_cast<int>(state.conv.panels.size()), [&](int panel, int) { conv_pack(state.conv, oihw.data(), dst, panel); });
}

// Reads the parts; null when they fit.
const char* read_parts(StepContext& ctx, PyramidState& state, ConvShape& s) {
  const TensorView &w = ctx.in[0], &y = ctx.out[0];
  const std::size_t count = ctx.in.size() / 3;
  if (ctx.in.size() % 3 != first_part || count == 0 || count > max_conv_parts || ctx.args.size() != first_arg + 2 * count) return "its parts are not described";
  if (!ctx.is_constant(0) || w.rank != 4 || y.rank != 4 || w.type != Type::f32 || y.type != Type::f32 || y.layout != Layout::blocked || w.dim(2) != 3 || w.dim(3) != 3 || w.dim(0) != y.dim(1))
    return "its filters do not fit";
  if (!factors_fit(ctx.in[result_factors], y.dim(0), y.dim(1))) return "its factors do not fit";
  if (!ctx.in[result_factors].absent) state.channels = channel_array_size(static_cast<int>(y.dim(1)));
  state.wide = static_cast<std::size_t>(w.dim(1));
  s.parts = static_cast<int>(count);
  for (std::size_t p = 0; p < count; ++p) {
    const int input = static_cast<int>(first_part + 3 * p), shift = static_cast<int>(ctx.args[first_arg + 2 * p].i);
    const TensorView &x = ctx.in[input], &f = ctx.in[input + 1], &factors = ctx.in[input + 2];
    if (shift < 0 || shift > 16 || x.absent || x.rank != 4 || x.layout != Layout::blocked || x.type != Type::f32 || x.dim(0) != y.dim(0)) return "a part is not a blocked picture";
    Part part{input, static_cast<int>(x.dim(1)), !f.absent || !factors.absent, ctx.args[first_arg + 2 * p + 1].i != 0, false, {}};
    if (f.absent ? x.dim(1) != w.dim(1) : !ctx.is_constant(input + 1) || f.type != Type::f32 || f.rank != 4 || f.dim(0) != w.dim(1) || f.size != w.dim(1) * x.dim(1)) return "a part's filters do not fit";
    if (!factors_fit(factors, y.dim(0), w.dim(1))) return "a part's factors do not fit";
    for (int axis : {2, 3}) {
      if (x.dim(axis) << shift == y.dim(axis)) continue;
      if (x.dim(axis) != 1) return "parts differ in size";
      part.spread = true;
    }
    if (part.spread) state.spread += round_up(std::size_t(y.dim(2)) * y.dim(3) * round_up(x.dim(1), ctx.block), alignment / sizeof(float));
    s.part[p] = {part.channels, part.spread ? 0 : shift};
    s.in_channels += part.channels;
    state.parts.push_back(std::move(part));
  }
  return nullptr;
}

Status bind(StepContext& ctx) {
  auto state = std::make_unique<PyramidState>();
  ConvShape s;
  if (const char* problem = read_parts(ctx, *state, s)) return Status::fail("MODEL_INVALID", problem);
  const TensorView& y = ctx.out[0];
  s.out_channels = static_cast<int>(y.dim(1));
  s.in_h = s.out_h = static_cast<int>(y.dim(2));
  s.in_w = s.out_w = static_cast<int>(y.dim(3));
  s.kernel_h = s.kernel_w = 3;
  s.pad_top = s.pad_left = 1;
  s.allow_winograd = !ctx.accurate;
  state->conv = conv_select(*ctx.kernels, s, useful_threads(conv_flops(s), ctx.pool->threads()));
  state->by_channel = conv_packs_channels(state->conv);
  state->lanes = round_up(s.out_channels, ctx.block);
  const auto whole = [](std::size_t floats) { return round_up(floats, alignment / sizeof(float)); };
  state->packed = whole(state->conv.packed_floats);
  state->oihw = state->by_channel ? 0 : whole(std::size_t(s.out_channels) * s.in_channels * 9);
  state->each = whole(std::max(state->conv.scratch_floats, ctx.block * (state->wide + 9 * state->lanes)));
  state->taps = ctx.pack(0, "pyramid:" + std::to_string(ctx.block), state->wide * 9 * state->lanes * sizeof(float), fill_taps, &state->lanes);
  std::string format = "pyramid parts:" + std::to_string(ctx.block) + ":" + std::to_string(state->conv.packing) + (state->by_channel ? "" : ":oihw");
  for (const Part& part : state->parts) format += part.made ? ":-" : ":" + std::to_string(part.channels);
  state->fixed = ctx.pack(0, format, (state->by_channel ? state->packed : state->oihw) * sizeof(float), fill_fixed, state.get());
  bool there = state->taps && state->fixed;
  for (Part& part : state->parts) {
    if (ctx.in[part.input + 1].absent) continue;
    part.narrow = ctx.pack(part.input + 1, "pyramid", static_cast<std::size_t>(ctx.in[part.input + 1].bytes), fill_narrow, nullptr);
    there = there && part.narrow;
  }
  if (!there) return Status::fail("OUT_OF_MEMORY", "packing its weights");
  ctx.need_scratch((state->each * ctx.pool->threads() + state->packed + state->oihw + state->spread + 2 * state->channels) * sizeof(float));
  ctx.set_variant(std::string("pyramid ") + conv_method_name(state->conv.method) + " 3x3 of " + std::to_string(s.parts) + " parts" + tile_words(*ctx.kernels->tile, state->conv.panels[0].vectors));
  *ctx.state = std::move(state);
  return {};
}

// Filters of an input block of a part for one image: [channel of the block][tap][lane].
void make_taps(const StepContext& ctx, const PyramidState& state, const ConvInBlock& in, std::int64_t n, float* factors, float* made) {
  const Part& part = state.parts[static_cast<std::size_t>(in.part)];
  const std::size_t wide = state.wide, row = 9 * state.lanes, first = std::size_t(in.block) * ctx.block;
  const float* given = factors_at(ctx, factors_of(ctx, part), n);
  const auto factor = [&](std::size_t m) { return (given ? given[m] : 1.0f) + (part.plus ? 1.0f : 0.0f); };
  const float* taps = static_cast<const float*>(state.taps->data());
  if (!part.narrow) {
    for (int c = 0; c < in.count; ++c) {
      const float by = factor(first + c);
      for (std::size_t i = 0; i < row; ++i) made[c * row + i] = taps[(first + c) * row + i] * by;
    }
    return;
  }
  for (int c = 0; c < in.count; ++c) {
    const float* f = static_cast<const float*>(part.narrow->data()) + (first + c) * wide;
    for (std::size_t m = 0; m < wide; ++m) factors[c * wide + m] = f[m] * factor(m);
  }
  const TileEntry entry{factors, static_cast<std::ptrdiff_t>(wide)};
  const TileKernels& tile = *ctx.kernels->tile;
  const int vectors = static_cast<int>(row) / ctx.block, most = std::min(tile.vectors, 3);
  for (int v = 0; v < vectors; v += most) {
    const int now = std::min(most, vectors - v);
    TileArgs t{};
    t.entries = &entry;
    t.entry_count = 1;
    t.a_step = static_cast<std::ptrdiff_t>(wide);
    t.w = taps + v * ctx.block;
    t.w_step = t.c_step = static_cast<std::ptrdiff_t>(row);
    t.c = made + v * ctx.block;
    t.c_block = ctx.block;
    t.lanes = now * ctx.block;
    run_tiles(tile, t, now, in.count);
  }
}

// All weights for one image.
void make_weights(const StepContext& ctx, const PyramidState& state, std::int64_t n, float* scratch, float* packed, float* oihw) {
  const ConvPlan& plan = state.conv;
  constexpr std::size_t each = 1 << 14;
  const std::size_t floats = state.by_channel ? state.packed : state.oihw;
  float* const to = state.by_channel ? packed : oihw;
  const auto* const fixed = static_cast<const float*>(state.fixed->data());
  parallel_for(*ctx.pool, ceil_div(floats, each), [&](int chunk, int) { std::copy(fixed + chunk * each, fixed + std::min(floats, (chunk + 1) * each), to + chunk * each); });
  std::vector<int> blocks;
  for (std::size_t b = 0; b < plan.in_blocks.size(); ++b)
    if (state.parts[static_cast<std::size_t>(plan.in_blocks[b].part)].made) blocks.push_back(static_cast<int>(b));
  parallel_for(*ctx.pool, static_cast<int>(blocks.size()), [&](int i, int thread) {
    const ConvInBlock& in = plan.in_blocks[static_cast<std::size_t>(blocks[static_cast<std::size_t>(i)])];
    float *factors = scratch + thread * state.each, *made = factors + ctx.block * state.wide;
    make_taps(ctx, state, in, n, factors, made);
    for (int c = 0; c < in.count; ++c) {
      const float* taps = made + c * 9 * state.lanes;
      if (state.by_channel) {
        conv_pack_channel(plan, taps, static_cast<std::ptrdiff_t>(state.lanes), packed, blocks[static_cast<std::size_t>(i)], c);
        continue;
      }
      for (int o = 0; o < plan.shape.out_channels; ++o)
        for (int t = 0; t < 9; ++t) oihw[(std::ptrdiff_t(o) * plan.shape.in_channels + in.first + c) * 9 + t] = taps[t * state.lanes + o];
    }
  });
  if (!state.by_channel) parallel_for(*ctx.pool, static_cast<int>(plan.panels.size()), [&](int panel, int) { conv_pack(plan, oihw, packed, panel); });
}

// A picture of one row or column, or both, at full size.
Source spread_out(const StepContext& ctx, const TensorView& x, std::int64_t n, int height, int width, float* to) {
  const int b = ctx.block, channels = static_cast<int>(x.dim(1)), rows = static_cast<int>(x.dim(2)), columns = static_cast<int>(x.dim(3));
  const Source from = dense_source(x.as<float>(), channels, rows, columns, b);
  float* at = to;
  for (int c = 0; c < ceil_div(channels, b); ++c)
    for (int y = 0; y < height; ++y)
      for (int xx = 0; xx < width; ++xx, at += b)
        std::copy_n(from.at(static_cast<int>(n), c, rows == 1 ? 0 : y * rows / height) + std::ptrdiff_t(columns == 1 ? 0 : xx * columns / width) * b, b, at);
  return dense_source(to, channels, height, width, b);
}

// The result's factors of an image, if it has them; `room`: for them and as many zeros.
Epilogue factors_of_result(const StepContext& ctx, const PyramidState& state, std::int64_t n, float* room) {
  Epilogue epilogue;
  const float* given = factors_at(ctx, ctx.in[result_factors], n);
  if (!given) return epilogue;
  std::fill_n(room, 2 * state.channels, 0.0f);
  for (int c = 0; c < state.conv.shape.out_channels; ++c) room[c] = given[c] + (ctx.args[0].i != 0 ? 1.0f : 0.0f);
  epilogue.post_scale = room;
  epilogue.post_shift = room + state.channels;
  return epilogue;
}

Status run(StepContext& ctx) {
  auto& state = static_cast<PyramidState&>(**ctx.state);
  const ConvPlan& plan = state.conv;
  const TensorView& y = ctx.out[0];
  const int height = static_cast<int>(y.dim(2)), width = static_cast<int>(y.dim(3));
  float* scratch = static_cast<float*>(ctx.scratch);
  float* packed = scratch + state.each * ctx.pool->threads();
  float* oihw = packed + state.packed;
  const Sink sink = dense_sink(y.as<float>(), static_cast<int>(y.dim(1)), height, width, ctx.block);
  for (std::int64_t n = 0; n < y.dim(0); ++n) {
    if (ctx.cancelled()) return {};
    make_weights(ctx, state, n, scratch, packed, oihw);
    Source sources[max_conv_parts];
    float* spread = oihw + state.oihw;
    for (std::size_t p = 0; p < state.parts.size(); ++p) {
      const TensorView& x = data_of(ctx, state.parts[p]);
      if (state.parts[p].spread) {
        sources[p] = spread_out(ctx, x, n, height, width, spread);
        spread += round_up(std::size_t(height) * width * round_up(x.dim(1), ctx.block), alignment / sizeof(float));
        continue;
      }
      sources[p] = dense_source(x.as<float>(), static_cast<int>(x.dim(1)), static_cast<int>(x.dim(2)), static_cast<int>(x.dim(3)), ctx.block);
      sources[p].data += n * sources[p].image;
    }
    ConvArgs args;
    args.sources = sources;
    args.weights = packed;
    args.sink = sink;
    args.sink.data += n * sink.image;
    args.epilogue = factors_of_result(ctx, state, n, oihw + state.oihw + state.spread);
    parallel_for(*ctx.pool, plan.chunks, [&](int chunk, int thread) { conv_run_chunk(plan, args, chunk, scratch + thread * state.each); });
  }
  return {};
}

Status prepare(StepContext& ctx) {
  auto& state = static_cast<PyramidState&>(**ctx.state);
  const std::size_t floats = state.packed + state.oihw + 2 * state.channels + state.each * ctx.pool->threads();
  if (!state.prepared.ensure(floats * sizeof(float), ctx.budget)) return Status::fail("OUT_OF_MEMORY", "its weights");
  float* packed = reinterpret_cast<float*>(state.prepared.data());
  float *oihw = packed + state.packed, *factors = oihw + state.oihw;
  make_weights(ctx, state, 0, factors + 2 * state.channels, packed, oihw);
  state.epilogue = factors_of_result(ctx, state, 0, factors);
  return {};
}

Status run_rows(StepContext& ctx, const Window& window) {
  const auto& state = static_cast<const PyramidState&>(**ctx.state);
  Source sources[max_conv_parts];
  for (std::size_t p = 0; p < state.parts.size(); ++p) sources[p] = view_of<Source>(ctx, data_of(ctx, state.parts[p]));
  ConvArgs args;
  args.sources = sources;
  args.weights = reinterpret_cast<const float*>(state.prepared.data());
  args.sink = view_of<Sink>(ctx, ctx.out[0]);
  args.epilogue = state.epilogue;
  conv_run_rows(state.conv, args, 0, static_cast<int>(window.y0), static_cast<int>(window.y1), static_cast<int>(window.x0), static_cast<int>(window.x1), static_cast<float*>(ctx.scratch));
  return {};
}

// What [begin, end) of the sum needs of a part.
bool needed(const StepContext& ctx, int i, RowRange range, int64_t* a0, int64_t* a1) {
  const auto& state = static_cast<const PyramidState&>(**ctx.state);
  if (i < first_part || (i - first_part) % 3 != 0) return false;
  const int shift = state.conv.shape.part[(i - first_part) / 3].shift;
  *a0 = range.begin >> shift, *a1 = ((range.end - 1) >> shift) + 1;
  return true;
}
const ConvPlan& plan_of(const StepContext& ctx) { return static_cast<const PyramidState&>(**ctx.state).conv; }
bool rows_needed(const StepContext& ctx, int i, int64_t y0, int64_t y1, int64_t* a0, int64_t* a1) {
  return needed(ctx, i, conv_rows_needed(plan_of(ctx), static_cast<int>(y0), static_cast<int>(y1)), a0, a1);
}
bool columns_needed(const StepContext& ctx, int i, int64_t x0, int64_t x1, int64_t* a0, int64_t* a1) {
  return needed(ctx, i, conv_columns_needed(plan_of(ctx).shape, plan_of(ctx).method == ConvMethod::winograd, static_cast<int>(x0), static_cast<int>(x1)), a0, a1);
}
// Strips are of one image, whose weights there are, and of parts that lie as they are read.
int64_t row_step(const StepContext& ctx) {
  if (ctx.out[0].dim(0) != 1 || static_cast<const PyramidState&>(**ctx.state).spread) return 0;
  return plan_of(ctx).method == ConvMethod::winograd ? 4 : 1;
}

}  // namespace

extern const Family pyramid_family;
const Family pyramid_family{"pyramid", bind, run, run_rows, rows_needed, columns_needed, row_step, nullptr, prepare};

}  // namespace cuvee
