#include "kernels/tuned.h"

#include <algorithm>
#include <mutex>

#include "base/memory.h"
#include "kernels/tile/tile.h"
#include "runtime/tuning.h"

namespace cuvee {
namespace {

constexpr double least_flops = 1e6;                      // less is not worth measuring
constexpr size_t most_floats = (size_t{256} << 20) / 4;  // operands of one layer

/// The same kernels with tiles of at most `vectors` vectors.
const KernelTable& narrowed(const KernelTable& table, int vectors) {
  struct Narrow {
    KernelTable table;
    TileKernels tile;
  };
  static std::mutex mutex;
  static std::vector<std::unique_ptr<Narrow>>* const all = new std::vector<std::unique_ptr<Narrow>>;  // never destroyed
  if (vectors >= table.tile->vectors) return table;
  std::lock_guard lock(mutex);
  for (const auto& n : *all)
    if (n->table.isa == table.isa && n->tile.vectors == vectors) return n->table;
  auto fresh = std::make_unique<Narrow>(Narrow{table, *table.tile});
  fresh->tile.vectors = vectors;
  fresh->table.tile = &fresh->tile;
  return all->emplace_back(std::move(fresh))->table;
}

AlignedFloats filled(size_t count) {
  AlignedFloats out(count);
  if (out.data()) std::fill_n(out.data(), count, 0.01f);
  return out;
}

std::string key_of(const StepContext& ctx, int threads, const char* family, std::initializer_list<int> sizes) {
  std::string key = std::string(isa_name(ctx.kernels->isa)) + "," + std::to_string(threads) + "," + family;
  for (const int size : sizes) key.append(",").append(std::to_string(size));
  return key;
}

/// Candidate 0 and those that differ from it and from each other; `select(i)` for i in [0, count).
template <class Plan, class Select, class Same> std::vector<std::pair<int, Plan>> distinct(int count, Select&& select, Same&& same) {
  std::vector<std::pair<int, Plan>> out;
  for (int i = 0; i < count; ++i) {
    Plan plan = select(i);
    if (std::none_of(out.begin(), out.end(), [&](const auto& known) { return same(known.second, plan); })) out.emplace_back(i, std::move(plan));
  }
  return out;
}

/// The plan of candidate `choice`, or the first.
template <class Plan> Tuned<Plan> pick(std::vector<std::pair<int, Plan>>& plans, int choice) {
  for (auto& [i, plan] : plans)
    if (i == choice) return {std::move(plan), true};
  return {std::move(plans.front().second), true};
}

/// Runs `run(plan index)` for each plan, remembers what was fastest.
template <class Plan, class Run> Tuned<Plan> measured(const std::string& key, std::vector<std::pair<int, Plan>>& plans, Run&& run) {
  std::vector<std::function<void()>> candidates;
  for (size_t i = 0; i < plans.size(); ++i) candidates.emplace_back([&, i] { run(i); });
  TunedChoice choice = measure_candidates(candidates);
  choice.candidate = plans[static_cast<size_t>(choice.candidate)].first;
  Tuning::learn(key, choice);
  return pick(plans, choice.candidate);
}

}  // namespace

Tuned<ConvPlan> tuned_conv(const StepContext& ctx, const ConvShape& s, int threads) {
  const int widths = ctx.kernels->tile->vectors;
  // Candidate w: tiles narrower by w vectors; widths + w: the same by plain multiply-adds.
  const auto select = [&](int i) {
    ConvShape shape = s;
    if (i >= widths) shape.allow_winograd = false, shape.split = SplitUse::never;
    ConvPlan plan = conv_select(narrowed(*ctx.kernels, widths - i % widths), shape, threads);
    return plan.method == ConvMethod::split ? conv_select(*ctx.kernels, shape, threads) : plan;  // its tiles have one width
  };
  if ((!ctx.tune && !Tuning::any()) || conv_flops(s) < least_flops || s.activated_input || s.shuffle > 1) return {select(0)};
  std::string key = key_of(ctx, threads, "conv", {s.batch, s.in_channels, s.out_channels, s.groups, s.in_h, s.in_w, s.out_h, s.out_w, s.kernel_h, s.kernel_w, s.stride_h, s.stride_w, s.dilation_h, s.dilation_w, s.pad_top, s.pad_left, s.planar_input, s.allow_winograd, static_cast<int>(s.split)});
  for (int p = 0; p < s.parts; ++p) key.append(",").append(std::to_string(s.part[p].channels)).append(">>").append(std::to_string(s.part[p].shift));
  const auto known = Tuning::find(key);
  if (known) {
    if (known->candidate >= 2 * widths) return {select(0)};
    return {select(known->candidate), true};
  }
  if (!ctx.tune) return {select(0)};

  auto plans = distinct<ConvPlan>(2 * widths, select, [](const ConvPlan& a, const ConvPlan& b) { return a.method == b.method && a.packing == b.packing && a.panels.size() == b.panels.size(); });
  const int parts = std::max(s.parts, 1), block = s.planar_input ? 1 : ctx.block;
  size_t scratch = 0, packed = 0, in = 0;
  for (const auto& [i, plan] : plans) scratch = std::max(scratch, (plan.scratch_floats + 15) / 16 * 16), packed = std::max(packed, plan.packed_floats);
  const auto channels = [&](int p) { return s.parts > 0 ? s.part[p].channels : s.in_channels; };
  for (int p = 0; p < parts; ++p) in += size_t(s.batch) * ((channels(p) + block - 1) / block * block) * s.in_h * s.in_w;
  const size_t out = size_t(s.batch) * ((s.out_channels + ctx.block - 1) / ctx.block * ctx.block) * s.out_h * s.out_w;
  if (in + out + plans.size() * packed > most_floats) return {std::move(plans.front().second)};
  const AlignedFloats x = filled(in + 64), y = filled(out + 64), filters = filled(size_t(s.out_channels) * (s.in_channels / s.groups) * s.kernel_h * s.kernel_w), room = filled((scratch + 16) * ctx.pool->threads());
  std::vector<AlignedFloats> weights;
  for (const auto& [i, plan] : plans) {
    weights.push_back(filled(plan.packed_floats + 64));
    if (!weights.back().data() || !x.data() || !y.data() || !filters.data() || !room.data()) return {std::move(plans.front().second)};
    for (size_t p = 0; p < plan.panels.size(); ++p) conv_pack(plan, filters.data(), weights.back().data(), static_cast<int>(p));
  }
  std::vector<Source> sources;
  size_t at = 0;
  for (int p = 0; p < parts; ++p) {
    const int shift = s.parts > 0 ? s.part[p].shift : 0;
    sources.push_back(dense_source(x.data() + at, channels(p), s.in_h >> shift, s.in_w >> shift, block));
    at += size_t(s.batch) * ((channels(p) + block - 1) / block * block) * s.in_h * s.in_w;
  }
  return measured(key, plans, [&](size_t i) {
    const ConvPlan& plan = plans[i].second;
    ConvArgs args;
    args.sources = sources.data(), args.weights = weights[i].data();
    args.sink = dense_sink(const_cast<float*>(y.data()), s.out_channels, s.out_h, s.out_w, ctx.block);
    parallel_for(*ctx.pool, plan.chunks, [&](int chunk, int thread) { conv_run_chunk(plan, args, chunk, const_cast<float*>(room.data()) + thread * scratch); });
  });
}

Tuned<GemmPlan> tuned_gemm(const StepContext& ctx, const GemmShape& s, int threads) {
  const int widths = ctx.kernels->tile->vectors;
  const auto select = [&](int i) { return gemm_select(narrowed(*ctx.kernels, widths - i), s, threads); };
  const double flops = 2.0 * s.m * s.n * s.k;
  if ((!ctx.tune && !Tuning::any()) || flops < least_flops) return {select(0)};
  const std::string key = key_of(ctx, threads, "gemm", {s.m, s.n, s.k, s.transpose_a, s.transpose_b});
  if (const auto known = Tuning::find(key)) {
    if (known->candidate >= widths) return {select(0)};
    return {select(known->candidate), true};
  }
  if (!ctx.tune) return {select(0)};

  auto plans = distinct<GemmPlan>(widths, select, [](const GemmPlan& a, const GemmPlan& b) { return a.panels.size() == b.panels.size(); });
  size_t scratch = 0;
  for (const auto& [i, plan] : plans) scratch = std::max(scratch, (plan.scratch_floats + 15) / 16 * 16);
  const size_t ma = size_t(s.m) * s.k, nb = size_t(s.n) * s.k, mc = size_t(s.m) * s.n;
  if (ma + mc + nb * (plans.size() + 1) > most_floats) return {std::move(plans.front().second)};
  const AlignedFloats a = filled(ma + 64), b = filled(nb + 64), c = filled(mc + 64), room = filled((scratch + 16) * ctx.pool->threads());
  std::vector<AlignedFloats> packed;
  for (const auto& [i, plan] : plans) {
    packed.push_back(filled(plan.packed_floats + 64));
    if (!packed.back().data() || !a.data() || !b.data() || !c.data() || !room.data()) return {std::move(plans.front().second)};
    for (size_t p = 0; p < plan.panels.size(); ++p) gemm_pack(plan, b.data(), s.transpose_b ? s.k : s.n, packed.back().data(), static_cast<int>(p));
  }
  return measured(key, plans, [&](size_t i) {
    const GemmPlan& plan = plans[i].second;
    GemmArgs args;
    args.a = a.data(), args.lda = s.transpose_a ? s.m : s.k, args.b = packed[i].data(), args.c = const_cast<float*>(c.data()), args.ldc = s.n;
    parallel_for(*ctx.pool, plan.chunks, [&](int chunk, int thread) { gemm_run_chunk(plan, args, chunk, const_cast<float*>(room.data()) + thread * scratch); });
  });
}

}  // namespace cuvee
