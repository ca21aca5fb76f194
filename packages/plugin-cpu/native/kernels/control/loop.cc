#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "kernels/control/control.h"
#include "runtime/buffer.h"

namespace cuvee {
namespace {

enum InputKind : int64_t { invariant, merged, sliced, iteration };
enum OutputKind : int64_t { last, concatenated };

struct InputPort {
  int64_t kind, source, back, axis, start, end, stride;
};
struct OutputPort {
  int64_t kind, from, axis, stride;
};
constexpr size_t input_numbers = 7, output_numbers = 4, fixed_numbers = 2, fixed_inputs = 2;
constexpr int64_t max_stride = int64_t{1} << 40;

// The parts of a concatenation, one after the other, until their number is known.
struct Parts {
  Buffer bytes;
  uint64_t used = 0;
  std::vector<int64_t> lengths;  // along the axis
  std::vector<int64_t> dims;     // of the first part
};

struct Loop final : StepState {
  std::vector<InputPort> inputs;
  std::vector<OutputPort> outputs;
  int64_t condition = -1;
  std::vector<Buffer> slices;
  std::vector<std::vector<int64_t>> slice_dims;
  std::vector<Parts> parts;
};

Status invalid(const char* what) { return Status::fail("MODEL_INVALID", std::string("loop: ") + what); }

Status bind(StepContext& c) {
  if (c.plans() != 1 || c.in.size() < fixed_inputs || c.args.size() < fixed_numbers) return invalid("needs a body and its two first inputs");
  SubPlan& body = c.plan(0);
  auto loop = std::make_unique<Loop>();
  const int64_t ports = c.args[0].i;
  if (ports != body.inputs() || c.args.size() != fixed_numbers + static_cast<size_t>(ports) * input_numbers + c.out.size() * output_numbers) return invalid("the ports' description does not fit");
  loop->condition = c.args[1].i;
  if (loop->condition < -1 || loop->condition >= body.outputs()) return invalid("the body has no such condition");
  const ArgValue* at = c.args.data() + fixed_numbers;
  const int64_t sources = static_cast<int64_t>(c.in.size() - fixed_inputs);
  for (int64_t i = 0; i < ports; ++i, at += input_numbers) {
    const InputPort p{at[0].i, at[1].i, at[2].i, at[3].i, at[4].i, at[5].i, at[6].i};
    if (p.kind < invariant || p.kind > iteration) return invalid("unknown kind of body input");
    if (p.kind == iteration) {
      const Type type = body.input_type(static_cast<int>(i));
      if (type != Type::i32 && type != Type::i64) return invalid("the number of the turn is i32 or i64");
    } else {
      if (p.source < 0 || p.source >= sources || c.in[static_cast<size_t>(p.source) + fixed_inputs].absent) return invalid("a body input has no source");
      const TensorView& from = c.in[static_cast<size_t>(p.source) + fixed_inputs];
      if (p.kind == merged && (p.back < 0 || p.back >= body.outputs())) return invalid("a back edge begins nowhere");
      if (p.kind == sliced && (p.axis < 0 || p.axis >= from.rank || p.stride == 0 || p.stride < -max_stride || p.stride > max_stride || type_bits(from.type) < 8)) return invalid("a slice is not well described");
    }
    loop->inputs.push_back(p);
  }
  for (size_t i = 0; i < c.out.size(); ++i, at += output_numbers) {
    const OutputPort p{at[0].i, at[1].i, at[2].i, at[3].i};
    if ((p.kind != last && p.kind != concatenated) || p.from < 0 || p.from >= body.outputs()) return invalid("an output comes from nowhere");
    if (p.kind == concatenated && (p.axis < 0 || p.axis >= c.out[i].rank || type_bits(c.out[i].type) < 8)) return invalid("a concatenation is not well described");
    loop->outputs.push_back(p);
  }
  loop->slices.resize(loop->inputs.size());
  loop->slice_dims.resize(loop->inputs.size());
  loop->parts.resize(loop->outputs.size());
  *c.state = std::move(loop);
  return {};
}

// Turns that a sliced input allows.
int64_t turns(const TensorView& from, const InputPort& p) {
  const int64_t length = from.dims[p.axis];
  if (length == 0) return 0;
  const int64_t start = p.start < 0 ? p.start + length : p.start, end = p.end < 0 ? p.end + length : p.end;
  if (start < 0 || end < 0 || start >= length || end >= length || (p.stride > 0 ? end < start : start < end)) return 0;
  return (std::abs(end - start) + 1) / std::abs(p.stride);
}

struct Geometry {
  int64_t outer = 1, inner = 1;  // blocks before the axis, bytes per entry of the axis
  Geometry(const int64_t* dims, int rank, int64_t axis, Type type) {
    for (int64_t i = 0; i < axis; ++i) outer *= dims[i];
    inner = static_cast<int64_t>(type_bits(type) / 8);
    for (int64_t i = axis + 1; i < rank; ++i) inner *= dims[i];
  }
};

Status slice(StepContext& c, Loop& loop, size_t i, int64_t turn, TensorView& view) {
  const InputPort& p = loop.inputs[i];
  const TensorView& from = c.in[static_cast<size_t>(p.source) + fixed_inputs];
  const int64_t length = from.dims[p.axis], part = std::abs(p.stride);
  const int64_t start = p.start < 0 ? p.start + length : p.start;
  const int64_t at = p.stride > 0 ? start + turn * p.stride : start + turn * p.stride - (part - 1);
  auto& dims = loop.slice_dims[i];
  dims.assign(from.dims, from.dims + from.rank);
  dims[static_cast<size_t>(p.axis)] = part;
  view = from;
  view.dims = dims.data();
  view.size = from.size / length * part;
  view.bytes = from.bytes / length * part;
  const Geometry g(from.dims, from.rank, p.axis, from.type);
  if (g.outer == 1) {
    view.data = from.as<char>() + at * g.inner;
    return {};
  }
  if (!loop.slices[i].ensure(static_cast<uint64_t>(view.bytes), c.budget)) return Status::fail("OUT_OF_MEMORY", "a slice of " + std::to_string(view.bytes) + " bytes");
  for (int64_t o = 0; o < g.outer; ++o)
    std::memcpy(loop.slices[i].data() + o * part * g.inner, from.as<char>() + (o * length + at) * g.inner, static_cast<size_t>(part * g.inner));
  view.data = loop.slices[i].data();
  return {};
}

Status collect(StepContext& c, Parts& parts, const OutputPort& p, const TensorView& value) {
  if (value.rank <= p.axis) return invalid("a concatenation along an axis that the body's output lacks");
  if (parts.lengths.empty()) parts.dims.assign(value.dims, value.dims + value.rank);
  for (int d = 0; d < value.rank; ++d)
    if (d != p.axis && value.dims[d] != parts.dims[static_cast<size_t>(d)])
      return Status::fail("SHAPE_MISMATCH", "the outputs of turns " + std::to_string(parts.lengths.size()) + " and 0 cannot be concatenated: dimension " + std::to_string(d) + " is " + std::to_string(value.dims[d]) + " and " + std::to_string(parts.dims[static_cast<size_t>(d)]));
  const auto bytes = static_cast<uint64_t>(value.bytes);
  if (!parts.bytes.grow(parts.used + bytes, parts.used, c.budget)) return Status::fail("OUT_OF_MEMORY", "the outputs of " + std::to_string(parts.lengths.size() + 1) + " turns, " + std::to_string(parts.used + bytes) + " bytes");
  if (bytes) std::memcpy(parts.bytes.data() + parts.used, value.data, bytes);
  parts.used += bytes;
  parts.lengths.push_back(value.dims[p.axis]);
  return {};
}

Status concatenate(StepContext& c, int i, Parts& parts, const OutputPort& p) {
  TensorView& to = c.out[static_cast<size_t>(i)];
  std::vector<int64_t> dims = parts.dims;
  if (parts.lengths.empty()) {  // no turn: of the other dimensions, only what the plan says is known
    dims.assign(to.dims, to.dims + to.rank);
    for (int64_t& d : dims) d = std::max<int64_t>(d, 0);
  }
  int64_t total = 0;
  for (const int64_t n : parts.lengths) total += n;
  dims[static_cast<size_t>(p.axis)] = total;
  if (dims.size() != static_cast<size_t>(to.rank) || !c.allocate(i, dims)) return Status::fail("OUT_OF_MEMORY", "output " + std::to_string(i));
  const Geometry g(dims.data(), to.rank, p.axis, to.type);
  const char* from = parts.bytes.data();
  int64_t at = p.stride < 0 ? total : 0;
  for (const int64_t n : parts.lengths) {
    if (p.stride < 0) at -= n;
    for (int64_t o = 0; o < g.outer; ++o, from += n * g.inner) std::memcpy(to.as<char>() + (o * total + at) * g.inner, from, static_cast<size_t>(n * g.inner));
    if (p.stride >= 0) at += n;
  }
  return {};
}

Status run(StepContext& c) {
  auto& loop = static_cast<Loop&>(**c.state);
  SubPlan& body = c.plan(0);
  int64_t limit = -1, go = 1;
  if (!c.in[0].absent)
    if (Status s = scalar(c.in[0], "the trip count", limit); !s.ok()) return s;
  if (!c.in[1].absent)
    if (Status s = scalar(c.in[1], "the condition", go); !s.ok()) return s;
  for (const InputPort& p : loop.inputs)
    if (p.kind == sliced) {
      const int64_t n = turns(c.in[static_cast<size_t>(p.source) + fixed_inputs], p);
      limit = limit < 0 ? n : std::min(limit, n);
    }
  for (Parts& parts : loop.parts) {
    parts.used = 0;
    parts.lengths.clear();
  }
  std::vector<TensorView> in(loop.inputs.size()), out(static_cast<size_t>(body.outputs()));
  int64_t turn = 0;
  int32_t narrow = 0;
  for (; go && (limit < 0 || turn < limit); ++turn) {
    if (c.cancelled()) return {};
    narrow = static_cast<int32_t>(turn);
    for (size_t i = 0; i < in.size(); ++i) {
      const InputPort& p = loop.inputs[i];
      if (p.kind == iteration) {
        const bool wide = body.input_type(static_cast<int>(i)) == Type::i64;
        static constexpr int64_t ones[] = {1, 1, 1, 1};
        in[i] = TensorView{wide ? static_cast<void*>(&turn) : &narrow, wide ? Type::i64 : Type::i32, Layout::plain, false, body.input_rank(static_cast<int>(i)), ones, 1, wide ? 8 : 4, 0, 0};
        if (in[i].rank > 4) return invalid("the number of the turn has too many dimensions");
      } else if (p.kind == sliced) {
        if (Status s = slice(c, loop, i, turn, in[i]); !s.ok()) return s;
      } else {
        in[i] = p.kind == merged && turn > 0 ? out[static_cast<size_t>(p.back)] : c.in[static_cast<size_t>(p.source) + fixed_inputs];
      }
    }
    std::vector<TensorView> next(out.size());
    if (Status s = body.run(in, next); !s.ok()) return s;
    out = std::move(next);
    for (size_t i = 0; i < loop.outputs.size(); ++i)
      if (loop.outputs[i].kind == concatenated)
        if (Status s = collect(c, loop.parts[i], loop.outputs[i], out[static_cast<size_t>(loop.outputs[i].from)]); !s.ok()) return s;
    if (loop.condition >= 0)
      if (Status s = scalar(out[static_cast<size_t>(loop.condition)], "the body's condition", go); !s.ok()) return s;
  }
  for (size_t i = 0; i < loop.outputs.size(); ++i) {
    const OutputPort& p = loop.outputs[i];
    if (p.kind == concatenated) {
      if (Status s = concatenate(c, static_cast<int>(i), loop.parts[i], p); !s.ok()) return s;
      loop.parts[i].bytes.release();
      continue;
    }
    const TensorView* value = turn > 0 ? &out[static_cast<size_t>(p.from)] : nullptr;
    for (const InputPort& q : loop.inputs)
      if (!value && q.kind == merged && q.back == p.from) value = &c.in[static_cast<size_t>(q.source) + fixed_inputs];
    if (!value) return Status::fail("SHAPE_MISMATCH", "the loop makes no turn, so that output " + std::to_string(i) + " has no value");
    if (Status s = give_output(c, static_cast<int>(i), *value); !s.ok()) return s;
  }
  return {};
}

}  // namespace

extern const Family loop_family;
const Family loop_family{"loop", bind, run};

}  // namespace cuvee
