// Family `eltwise`: an elementwise program over broadcast tensors. `action` is the compute type; arguments: src/lower/elementwise.ts.
#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <type_traits>
#include <vector>

#include "base/cpu.h"
#include "kernels/convert/elements.h"
#include "kernels/eltwise/eltwise.h"
#include "kernels/select.h"
#include "kernels/table.h"
#include "runtime/step.h"

namespace cuvee {
namespace {

constexpr int most_dims = 12, most_inputs = 16, row_elements = 1024;

// One operand: strides of the collapsed output dimensions, in elements.
struct Operand {
  std::array<int64_t, most_dims> strides{};
  bool direct = false;  // whole chunks can be read in place
  bool fixed = false;   // the same elements for every chunk of an outer position
};

struct EltwiseState final : StepState {
  std::vector<Instruction> program;
  std::vector<Operand> operands;
  int rank = 0;                             // collapsed; the last two dimensions are covered by chunks
  std::array<int64_t, most_dims> dims{};
  int64_t outer = 1, rows = 1, row = 1;     // outer positions; rows and elements of a row under each
  int64_t chunk_rows = 1, chunk_elements = 1, chunks_per_outer = 1;
  int registers = 0;
  int64_t padded_blocks = 0, tail_lanes = 0;  // blocked with a partial last block: blocks in a row of blocks; lanes that exist
  EltwiseRow f32 = nullptr;
};

// Physical dimensions: blocked tensors are [N, blocks, spatial…, B].
std::vector<int64_t> physical(const TensorView& v, int block) {
  std::vector<int64_t> d(v.dims, v.dims + v.rank);
  if (v.layout == Layout::blocked) {
    d[1] = (d[1] + block - 1) / block;
    d.push_back(block);
  }
  return d;
}

std::vector<int64_t> strides_for(const TensorView& v, const std::vector<int64_t>& out, int block) {
  std::vector<int64_t> own = physical(v, block);
  if (v.layout == Layout::plain && v.size == 1) return std::vector<int64_t>(out.size(), 0);
  std::vector<int64_t> strides(out.size(), 0);
  int64_t stride = 1;
  for (int i = static_cast<int>(own.size()) - 1; i >= 0; --i) {
    strides[i + out.size() - own.size()] = own[i] == 1 ? 0 : stride;
    stride *= own[i];
  }
  return strides;
}

Status bind(StepContext& ctx) {
  auto state = std::make_unique<EltwiseState>();
  const int inputs = static_cast<int>(ctx.in.size());
  if (inputs > most_inputs) return Status::fail("INTERNAL", "too many operands");
  for (size_t i = 0; i + 2 < ctx.args.size(); i += 3) {
    const uint64_t bits = static_cast<uint64_t>(ctx.args[i].i);
    const auto byte = [&](int k) { return static_cast<uint8_t>(bits >> (8 * k)); };
    state->program.push_back({byte(0), byte(1), byte(2), byte(3), byte(4), static_cast<float>(ctx.args[i + 1].f), static_cast<float>(ctx.args[i + 2].f)});
  }
  state->registers = inputs + static_cast<int>(state->program.size());
  const TensorView& out = ctx.out[0];
  const std::vector<int64_t> dims = physical(out, ctx.block);
  std::vector<std::vector<int64_t>> strides;
  for (const TensorView& v : ctx.in) strides.push_back(strides_for(v, dims, ctx.block));
  // Collapses neighbouring dimensions that every operand steps through evenly.
  std::vector<int64_t> merged;
  std::vector<std::vector<int64_t>> kept(inputs);
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] == 1) continue;
    bool joins = !merged.empty();
    for (int k = 0; k < inputs && joins; ++k) joins = kept[k].back() == strides[k][i] * dims[i];
    if (joins) {
      merged.back() *= dims[i];
      for (int k = 0; k < inputs; ++k) kept[k].back() = strides[k][i];
    } else {
      merged.push_back(dims[i]);
      for (int k = 0; k < inputs; ++k) kept[k].push_back(strides[k][i]);
    }
  }
  while (merged.size() < 2) {
    merged.insert(merged.begin(), 1);
    for (auto& k : kept) k.insert(k.begin(), 0);
  }
  if (merged.size() > most_dims) return Status::fail("MODEL_UNSUPPORTED", "an elementwise operation on more than 12 dimensions");
  state->rank = static_cast<int>(merged.size());
  std::copy(merged.begin(), merged.end(), state->dims.begin());
  state->row = merged.back();
  state->rows = merged[merged.size() - 2];
  for (size_t i = 0; i + 2 < merged.size(); ++i) state->outer *= merged[i];
  state->chunk_rows = std::clamp<int64_t>(row_elements / std::max<int64_t>(state->row, 1), 1, std::max<int64_t>(state->rows, 1));
  state->chunk_elements = state->chunk_rows > 1 ? state->row : std::min<int64_t>(state->row, row_elements);
  const int64_t pieces = state->chunk_rows > 1 ? 1 : (state->row + state->chunk_elements - 1) / std::max<int64_t>(state->chunk_elements, 1);
  state->chunks_per_outer = (state->rows + state->chunk_rows - 1) / state->chunk_rows * pieces;
  for (int k = 0; k < inputs; ++k) {
    Operand o;
    std::copy(kept[k].begin(), kept[k].end(), o.strides.begin());
    const int64_t s0 = o.strides[state->rank - 1], s1 = o.strides[state->rank - 2];
    o.direct = s0 == 1 && (state->chunk_rows == 1 || s1 == state->row);
    o.fixed = s1 == 0 && (s0 == 0 || state->chunk_rows > 1);
    state->operands.push_back(o);
  }
  if (out.layout == Layout::blocked && out.dims[1] % ctx.block != 0) {
    state->padded_blocks = (out.dims[1] + ctx.block - 1) / ctx.block;
    state->tail_lanes = out.dims[1] % ctx.block;
  }
  state->f32 = eltwise_row(ctx.kernels->isa);
  *ctx.state = std::move(state);
  return {};
}

template <class T> struct Runner {
  const StepContext& ctx;
  const EltwiseState& state;
  Type own;  // element type that T stores as it is

  // Chunks [from, to), counted over all outer positions.
  void operator()(int64_t from, int64_t to) const {
    const int inputs = static_cast<int>(ctx.in.size());
    std::vector<T> memory(static_cast<size_t>(state.registers) * row_elements);
    std::array<const T*, 256> reg{};
    std::array<int64_t, most_inputs> loaded;  // outer position for which a fixed operand is there
    loaded.fill(-1);
    const TensorView& out = ctx.out[0];
    for (int64_t chunk = from; chunk < to; ++chunk) {
      const int64_t outer = chunk / state.chunks_per_outer, at = chunk % state.chunks_per_outer;
      const int64_t pieces = state.chunk_rows > 1 ? 1 : (state.row + state.chunk_elements - 1) / state.chunk_elements;
      const int64_t y = at / pieces * state.chunk_rows, x = at % pieces * state.chunk_elements;
      const int64_t rows = std::min(state.chunk_rows, state.rows - y), width = std::min(state.chunk_elements, state.row - x), n = rows * width;
      for (int k = 0; k < inputs; ++k) {
        const Operand& o = state.operands[k];
        int64_t index = 0;
        for (int64_t d = state.rank - 3, rest = outer; d >= 0; --d) index += rest % state.dims[d] * o.strides[d], rest /= state.dims[d];
        const int64_t s0 = o.strides[state.rank - 1], s1 = o.strides[state.rank - 2];
        const TensorView& v = ctx.in[k];
        if (o.direct && v.type == own) {
          reg[k] = v.as<T>() + index + y * s1 + x;
          continue;
        }
        T* to = memory.data() + static_cast<size_t>(k) * row_elements;
        reg[k] = to;
        if (o.fixed && loaded[k] == outer) continue;
        const int64_t need = o.fixed ? state.chunk_rows : rows, wide = o.fixed && state.chunk_rows == 1 ? state.chunk_elements : width;
        for (int64_t r = 0; r < need; ++r) load_row(v.type, v.data, index + (y + r) * s1 + x * s0, s0, wide, to + r * wide);
        if (o.fixed) loaded[k] = outer;
      }
      const int64_t offset = (outer * state.rows + y) * state.row + x;
      const bool in_place = out.type == own;
      for (size_t i = 0; i < state.program.size(); ++i) {
        const Instruction& in = state.program[i];
        const bool last = i + 1 == state.program.size();
        T* d = last && in_place ? out.as<T>() + offset : memory.data() + static_cast<size_t>(in.d) * row_elements;
        const auto operand = [&](uint8_t r) { return r == 255 ? nullptr : reg[r]; };
        if constexpr (std::is_same_v<T, float>) state.f32(in, d, operand(in.a), operand(in.b), operand(in.c), n);
        else eltwise_plain<T>(in, d, operand(in.a), operand(in.b), operand(in.c), n);
        reg[in.d] = d;
      }
      if (!in_place) store_row(out.type, out.data, offset, n, reg[state.program.back().d]);
      if (state.padded_blocks) clear_lanes(out.as<float>(), offset, n);
    }
  }

  // Lanes of the last channel block that are no channels become zero again.
  void clear_lanes(float* out, int64_t offset, int64_t n) const {
    const int64_t block = ctx.block;
    int64_t plane = block;
    for (int i = 2; i < ctx.out[0].rank; ++i) plane *= ctx.out[0].dims[i];
    for (int64_t i = offset; i < offset + n;) {
      const int64_t in_plane = i % plane, left = std::min(offset + n - i, plane - in_plane);
      if (i / plane % state.padded_blocks == state.padded_blocks - 1)
        for (int64_t p = i / block * block; p < i + left; p += block)
          for (int64_t lane = state.tail_lanes; lane < block; ++lane)
            if (p + lane >= i && p + lane < i + left) out[p + lane] = 0;
      i += left;
    }
  }
};

template <class T>
Status run_as(StepContext& ctx, Type own) {
  const auto& state = static_cast<const EltwiseState&>(**ctx.state);
  const int64_t chunks = state.outer * state.chunks_per_outer;
  const Runner<T> runner{ctx, state, own};
  const int64_t per = std::max<int64_t>(1, std::max<int64_t>(chunks / (ctx.pool->threads() * 4), 8192 / std::max<int64_t>(state.chunk_rows * state.chunk_elements, 1)));
  const int parts = static_cast<int>((chunks + per - 1) / per);
  if (parts <= 1) runner(0, chunks);
  else parallel_for(*ctx.pool, parts, [&](int part, int) { runner(part * per, std::min(chunks, (part + 1) * per)); });
  return {};
}

Status run(StepContext& ctx) {
  if (ctx.action == "f32") return run_as<float>(ctx, Type::f32);
  if (ctx.action == "f64") return run_as<double>(ctx, Type::f64);
  if (ctx.action == "i32") return run_as<int32_t>(ctx, Type::i32);
  if (ctx.action == "i64") return run_as<int64_t>(ctx, Type::i64);
  if (ctx.action == "u64") return run_as<uint64_t>(ctx, Type::u64);
  return Status::fail("INTERNAL", "unknown compute type");
}

// One operand of a strip: strides over [N, channel blocks, rows, columns, lanes] of a 4-D result, 0 where it broadcasts.
struct StripOperand {
  const TensorView* view;
  int64_t n, c, y, x, lane, row0, col0;
  bool dense = false;   // columns and lanes of a row follow each other as in the result, f32: read in place
  bool lanes = false;   // the same lanes everywhere in a plane

  StripOperand(const StepContext& ctx, const TensorView& v) : view(&v), n(0), c(0), y(0), x(0), lane(0), row0(0), col0(0) {
    const bool blocked = v.layout == Layout::blocked;
    const auto dim = [&](int i) { return i + v.rank >= 4 ? v.dims[i + v.rank - 4] : 1; };  // aligned at the end
    const int64_t b = blocked ? ctx.block : 1, blocks = blocked ? (dim(1) + b - 1) / b : dim(1);
    const int64_t held = v.rank == 4 && v.rows ? v.rows : dim(2), wide = v.rank == 4 && v.cols ? v.cols : dim(3);
    lane = blocked ? 1 : 0;
    x = dim(3) == 1 ? 0 : b;
    y = dim(2) == 1 ? 0 : wide * b;
    c = dim(1) == 1 ? 0 : held * wide * b;
    n = dim(0) == 1 ? 0 : blocks * held * wide * b;
    row0 = y == 0 || v.rank != 4 ? 0 : v.row0;
    col0 = x == 0 || v.rank != 4 ? 0 : v.col0;
    const TensorView& out = ctx.out[0];
    dense = v.type == Type::f32 && x == b && (dim(2) == out.dims[2] && dim(3) == out.dims[3]) && blocked == (out.layout == Layout::blocked);
    lanes = y == 0 && x == 0;
  }

  int64_t at(int64_t in, int64_t ic, int64_t iy, int64_t ix) const { return in * n + ic * c + (iy - row0) * y + (ix - col0) * x; }
};

// Elements [from, from + count) of rows [w.y0, …), columns [w.x0, w.x1) of one plane, into `to`.
void load_strip(const StripOperand& o, int64_t in, int64_t ic, const Window& w, int64_t block, int64_t from, int64_t count, float* to) {
  const int64_t width = w.x1 - w.x0;
  for (int64_t i = from; i < from + count;) {
    const int64_t row = i / (width * block), column = i / block % width, lane = i % block;
    const int64_t run = std::min(block - lane, from + count - i);
    load_row(o.view->type, o.view->data, o.at(in, ic, w.y0 + row, w.x0 + column) + lane * o.lane, o.lane, run, to + (i - from));
    i += run;
  }
}

// f32 on 4-D tensors: a window of axes 2 and 3. Rows that follow each other in all operands are one run.
Status run_rows(StepContext& ctx, const Window& window) {
  const auto& state = static_cast<const EltwiseState&>(**ctx.state);
  const TensorView& out = ctx.out[0];
  const bool blocked = out.layout == Layout::blocked;
  const int64_t block = blocked ? ctx.block : 1, planes = blocked ? (out.dims[1] + block - 1) / block : out.dims[1];
  const int64_t row = (window.x1 - window.x0) * block;
  const StripOperand result(ctx, out);
  const int inputs = static_cast<int>(ctx.in.size());
  std::vector<StripOperand> operands;
  bool joined = result.y == row || out.dims[2] == 1;
  for (const TensorView& v : ctx.in) {
    operands.emplace_back(ctx, v);
    joined = joined && (!operands.back().dense || operands.back().y == result.y);
  }
  std::vector<float> memory(static_cast<size_t>(state.registers) * row_elements);
  std::array<const float*, 256> reg{};
  const int64_t rows = joined ? window.y1 - window.y0 : 1, count = rows * row;
  for (int64_t n = 0; n < out.dims[0]; ++n)
    for (int64_t c = 0; c < planes; ++c)
      for (int64_t y = window.y0; y < window.y1; y += rows) {
        const Window part{y, y + rows, window.x0, window.x1};
        float* to = out.as<float>() + result.at(n, c, y, window.x0);
        for (int64_t from = 0; from < count; from += row_elements) {
          const int64_t now = std::min<int64_t>(row_elements, count - from);
          for (int k = 0; k < inputs; ++k) {
            const StripOperand& o = operands[k];
            float* own = memory.data() + static_cast<size_t>(k) * row_elements;
            if (o.dense) reg[k] = o.view->as<float>() + o.at(n, c, y, window.x0) + from;
            else if (!o.lanes || (from == 0 && y == window.y0)) load_strip(o, n, c, part, block, from, o.lanes ? std::min<int64_t>(row_elements, count) : now, own), reg[k] = own;
          }
          for (size_t i = 0; i < state.program.size(); ++i) {
            const Instruction& in = state.program[i];
            float* d = i + 1 == state.program.size() ? to + from : memory.data() + static_cast<size_t>(in.d) * row_elements;
            const auto operand = [&](uint8_t r) { return r == 255 ? nullptr : reg[r]; };
            state.f32(in, d, operand(in.a), operand(in.b), operand(in.c), now);
            reg[in.d] = d;
          }
        }
        if (state.padded_blocks && c == planes - 1)
          for (int64_t i = 0; i < count; i += block) std::fill(to + i + state.tail_lanes, to + i + block, 0.0f);
      }
  return {};
}

bool rows_needed(const StepContext& ctx, int i, int64_t y0, int64_t y1, int64_t* a0, int64_t* a1) {
  const TensorView& v = ctx.in[i];
  if (v.rank != 4 || v.dims[2] != ctx.out[0].dims[2]) return false;
  *a0 = y0, *a1 = y1;
  return true;
}

bool columns_needed(const StepContext& ctx, int i, int64_t x0, int64_t x1, int64_t* a0, int64_t* a1) {
  const TensorView& v = ctx.in[i];
  if (v.rank != 4 || v.dims[3] != ctx.out[0].dims[3]) return false;
  *a0 = x0, *a1 = x1;
  return true;
}

}  // namespace

CUVEE_VARIANTS(EltwiseRow, eltwise, EltwiseRow, eltwise_row)

extern const Family eltwise_family;
const Family eltwise_family{"eltwise", bind, run, run_rows, rows_needed, columns_needed};

}  // namespace cuvee
