// Family `gemm`: matrix products with broadcast batch dimensions. Inputs and arguments: lower/matrix.ts.
#include <algorithm>
#include <cstring>
#include <vector>

#include "kernels/epilogue_step.h"
#include "kernels/gemm/gemm.h"
#include "kernels/negligible.h"
#include "kernels/tuned.h"

namespace cuvee {
namespace {

struct GemmState final : StepState {
  GemmPlan plan;
  EpilogueState epilogue;
  std::shared_ptr<Packed> packed;      // all matrices of B one after the other
  size_t scratch_floats = 0, packed_floats = 0;
  std::vector<int64_t> a, b, c;        // offset of each product's matrices, in elements; b counts matrices
  int64_t b_count = 1;
  bool pack_in_place = false;          // each product packs its own B
  bool merged = false;                 // all products share one B and follow each other in A and C
};

struct PackJob {
  const GemmPlan* plan;
  const float* scale;
  int64_t matrices;
  size_t packed_floats;
};

// The matrix, or a copy of it scaled by column.
const float* scaled_matrix(const PackJob& job, const float* b, int64_t matrices, std::vector<float>& copy) {
  if (!job.scale) return b;
  const GemmShape& s = job.plan->shape;
  const size_t matrix = static_cast<size_t>(s.k) * s.n;
  copy.assign(b, b + matrix * matrices);
  for (size_t i = 0; i < copy.size(); ++i) copy[i] *= job.scale[s.transpose_b ? i % matrix / s.k : i % s.n];
  return copy.data();
}

void pack_all(const PackJob& job, const float* b, float* to, Parallel& pool) {
  const GemmShape& s = job.plan->shape;
  const std::ptrdiff_t ldb = s.transpose_b ? s.k : s.n;
  const size_t matrix = static_cast<size_t>(s.k) * s.n;
  const int panels = static_cast<int>(job.plan->panels.size());
  std::vector<float> scaled;
  b = scaled_matrix(job, b, job.matrices, scaled);
  parallel_for(pool, static_cast<int>(job.matrices) * panels, [&](int i, int) {
    gemm_pack(*job.plan, b + i / panels * matrix, ldb, to + i / panels * job.packed_floats, i % panels);
  });
}

void fill_b(void* to, const TensorView& from, const void* argument, Parallel& pool) {
  pack_all(*static_cast<const PackJob*>(argument), from.as<float>(), static_cast<float*>(to), pool);
}

void fill_constant_b(void* to, const TensorView& from, const void* argument, Parallel& pool) {
  fill_b(to, from, argument, pool);
  const PackJob& job = *static_cast<const PackJob*>(argument);
  for (int64_t i = 0; i < job.matrices; ++i) drop_negligible(static_cast<float*>(to) + i * job.packed_floats, job.plan->packed_floats, pool);
}

// Offsets of the matrices of `v` for every product, in matrices, under broadcasting of the leading dimensions.
std::vector<int64_t> matrix_indices(const TensorView& v, const TensorView& out) {
  const int batch = out.rank - 2, own = v.rank - 2;
  int64_t count = 1;
  for (int i = 0; i < batch; ++i) count *= out.dim(i);
  std::vector<int64_t> strides(std::max(batch, 0), 0);
  int64_t stride = 1;
  for (int i = own - 1; i >= 0; --i) {
    strides[i + batch - own] = v.dim(i) == 1 ? 0 : stride;
    stride *= v.dim(i);
  }
  std::vector<int64_t> out_index(count, 0);
  for (int64_t p = 0; p < count; ++p) {
    int64_t rest = p, at = 0;
    for (int i = batch - 1; i >= 0; --i) at += rest % out.dim(i) * strides[i], rest /= out.dim(i);
    out_index[p] = at;
  }
  return out_index;
}

Status bind_f32(StepContext& ctx) {
  auto state = std::make_unique<GemmState>();
  const TensorView& a = ctx.in[0];
  const TensorView& b = ctx.in[1];
  const TensorView& c = ctx.out[0];
  GemmShape s;
  s.transpose_a = ctx.args[0].i != 0, s.transpose_b = ctx.args[1].i != 0;
  s.m = static_cast<int>(c.dim(c.rank - 2)), s.n = static_cast<int>(c.dim(c.rank - 1));
  s.k = static_cast<int>(a.dim(a.rank - (s.transpose_a ? 2 : 1)));
  state->a = matrix_indices(a, c);
  state->b = matrix_indices(b, c);
  state->c.resize(state->a.size());
  for (size_t i = 0; i < state->c.size(); ++i) state->c[i] = static_cast<int64_t>(i);
  state->b_count = 1;
  for (int i = 0; i < b.rank - 2; ++i) state->b_count *= b.dim(i);
  // Products that share B and lie one after the other in A and C are one taller product.
  state->merged = !s.transpose_a && state->b_count == 1 && state->a == state->c;
  if (state->merged) s.m *= static_cast<int>(state->a.size());
  // Many products share the threads among themselves; a variable B is then packed by the thread that multiplies with it.
  const int threads = ctx.pool->threads(), products = state->merged ? 1 : static_cast<int>(state->c.size());
  const bool many = products >= 2 * threads;
  state->pack_in_place = many && !ctx.is_constant(1) && state->b_count == products;
  auto tuned = tuned_gemm(ctx, s, many ? 1 : useful_threads(2.0 * s.m * s.n * s.k, threads));
  state->plan = std::move(tuned.plan);
  state->packed_floats = (state->plan.packed_floats + 15) / 16 * 16;
  state->scratch_floats = (state->plan.scratch_floats + 15) / 16 * 16;
  ctx.set_variant("gemm " + std::to_string(s.m) + "x" + std::to_string(s.n) + "x" + std::to_string(s.k) + (tuned.measured ? ", measured" : "") + tile_words(*ctx.kernels->tile, state->plan.panels.empty() ? 0 : state->plan.panels[0].vectors));
  if (Status status = bind_epilogue(ctx, s.n, 2, state->epilogue); !status.ok()) return status;
  const size_t bytes = state->packed_floats * state->b_count * sizeof(float);
  size_t extra = 0;
  if (ctx.is_constant(1)) {
    const PackJob job{&state->plan, weight_scale(ctx), state->b_count, state->packed_floats};
    state->packed = ctx.pack(1, "gemm:" + std::to_string(ctx.block) + ":" + std::to_string(state->plan.packing) + scale_format(ctx) + (ctx.accurate ? ":exact" : ""), bytes, ctx.accurate ? fill_b : fill_constant_b, &job);
    if (!state->packed) return Status::fail("OUT_OF_MEMORY", "packing its matrix");
  } else {
    extra = bytes;
  }
  ctx.need_scratch(state->scratch_floats * sizeof(float) * ctx.pool->threads() + extra);
  *ctx.state = std::move(state);
  return {};
}

Status run_f32(StepContext& ctx) {
  auto& state = static_cast<GemmState&>(**ctx.state);
  const GemmPlan& plan = state.plan;
  const GemmShape& s = plan.shape;
  float* scratch = static_cast<float*>(ctx.scratch);
  const float* b;
  if (state.packed) {
    b = static_cast<const float*>(state.packed->data());
  } else {
    float* to = scratch + state.scratch_floats * ctx.pool->threads();
    if (!state.pack_in_place) pack_all({&plan, weight_scale(ctx), state.b_count, state.packed_floats}, ctx.in[1].as<float>(), to, *ctx.pool);
    b = to;
  }
  const int64_t a_matrix = static_cast<int64_t>(s.m) * s.k, c_matrix = static_cast<int64_t>(s.m) * s.n;
  const int products = state.merged ? 1 : static_cast<int>(state.c.size());
  const PackJob job{&plan, weight_scale(ctx), state.b_count, state.packed_floats};
  // One chunk packs and multiplies when products pack in place.
  const int per_product = state.pack_in_place ? 1 : plan.chunks;
  parallel_for(*ctx.pool, products * per_product, [&](int i, int thread) {
    const int p = i / per_product;
    if (state.pack_in_place) {
      std::vector<float> copy;
      const float* from = scaled_matrix(job, ctx.in[1].as<float>() + state.b[p] * (static_cast<int64_t>(s.k) * s.n), 1, copy);
      float* to = const_cast<float*>(b) + state.b[p] * static_cast<int64_t>(state.packed_floats);
      for (int panel = 0; panel < static_cast<int>(plan.panels.size()); ++panel) gemm_pack(plan, from, s.transpose_b ? s.k : s.n, to, panel);
    }
    GemmArgs args;
    args.a = ctx.in[0].as<float>() + (state.merged ? 0 : state.a[p] * a_matrix);
    args.lda = s.transpose_a ? s.m : s.k;
    args.b = b + (state.merged ? 0 : state.b[p]) * static_cast<int64_t>(state.packed_floats);
    args.c = ctx.out[0].as<float>() + p * c_matrix;
    args.ldc = s.n;
    args.epilogue = state.epilogue.base;
    if (args.epilogue.has_residual) args.epilogue.residual = {ctx.in[epilogue_residual].as<float>() + p * c_matrix, 0, 0, s.n};
    const int first = state.pack_in_place ? 0 : i % plan.chunks, last = state.pack_in_place ? plan.chunks : first + 1;
    for (int chunk = first; chunk < last; ++chunk) gemm_run_chunk(plan, args, chunk, scratch + thread * state.scratch_floats);
  });
  return {};
}

// Any other type: plain sums in T.
template <class T, class Load, class Store>
void product(const StepContext& ctx, Load load, Store store) {
  const TensorView& a = ctx.in[0];
  const TensorView& b = ctx.in[1];
  TensorView& c = ctx.out[0];
  const bool ta = ctx.args[0].i != 0, tb = ctx.args[1].i != 0;
  const int64_t m = c.dim(c.rank - 2), n = c.dim(c.rank - 1), k = a.dim(a.rank - (ta ? 2 : 1));
  const std::vector<int64_t> ia = matrix_indices(a, c), ib = matrix_indices(b, c);
  parallel_for(*ctx.pool, static_cast<int>(ia.size() * m), [&](int row, int) {
    const int64_t p = row / m, y = row % m;
    for (int64_t x = 0; x < n; ++x) {
      T sum = 0;
      for (int64_t i = 0; i < k; ++i) sum += load(a, ia[p] * m * k + (ta ? i * m + y : y * k + i)) * load(b, ib[p] * k * n + (tb ? x * k + i : i * n + x));
      store(c, (p * m + y) * n + x, sum);
    }
  });
}

template <class S, class T>
void same_type(const StepContext& ctx) {
  product<T>(ctx, [](const TensorView& v, int64_t i) { return static_cast<T>(v.as<S>()[i]); }, [](TensorView& v, int64_t i, T x) { v.as<S>()[i] = static_cast<S>(x); });
}

Status bind(StepContext& ctx) { return ctx.out[0].type == Type::f32 ? bind_f32(ctx) : Status{}; }

Status run(StepContext& ctx) {
  switch (ctx.out[0].type) {
    case Type::f32: return run_f32(ctx);
    case Type::f64: same_type<double, double>(ctx); return {};
    case Type::i8: same_type<int8_t, uint32_t>(ctx); return {};
    case Type::u8: same_type<uint8_t, uint32_t>(ctx); return {};
    case Type::i16: same_type<int16_t, uint32_t>(ctx); return {};
    case Type::u16: same_type<uint16_t, uint32_t>(ctx); return {};
    case Type::i32: same_type<int32_t, uint32_t>(ctx); return {};
    case Type::u32: same_type<uint32_t, uint32_t>(ctx); return {};
    case Type::i64: same_type<int64_t, uint64_t>(ctx); return {};
    case Type::u64: same_type<uint64_t, uint64_t>(ctx); return {};
    default: return Status::fail("TYPE_MISMATCH", "gemm does not compute in this type");
  }
}

}  // namespace

extern const Family gemm_family;
const Family gemm_family{"gemm", bind, run};

}  // namespace cuvee
