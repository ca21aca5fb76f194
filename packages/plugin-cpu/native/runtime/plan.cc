#include "runtime/plan.h"

#include <bit>
#include <cstring>

#include "runtime/reader.h"

namespace cuvee {

static_assert(std::endian::native == std::endian::little, "plans are read as they are");

std::string PlanStep::origins() const {
  std::string all;
  for (std::string_view o : origin) all.append(all.empty() ? "" : " + ").append(o);
  return all;
}

namespace {

constexpr uint32_t version = 1;
constexpr uint32_t sections = 11;

struct Decoder {
  Plan& plan;
  size_t constants;
  int depth;
  bool is_prologue = false;
  std::vector<std::string_view> names;
  Reader section[sections + 1];

  Status names_section() {
    Reader& r = section[1];
    const uint32_t count = r.u32();
    if (!r.fits(count, 4)) return r.bad("names");
    std::vector<uint32_t> at(count + 1);
    for (uint32_t& a : at) a = r.u32();
    const std::span<const uint8_t> text = r.rest();
    for (uint32_t i = 0; i < count; ++i) {
      if (at[i] > at[i + 1] || at[i + 1] > text.size()) return r.bad("names");
      names.emplace_back(reinterpret_cast<const char*>(text.data()) + at[i], at[i + 1] - at[i]);
    }
    return r.done("names");
  }

  bool name(uint32_t index, std::string_view& to) const {
    if (index >= names.size()) return false;
    to = names[index];
    return true;
  }

  bool tensor(int64_t index) const { return index >= 0 && index < static_cast<int64_t>(plan.tensors.size()); }
  bool reg(int64_t index) {
    if (index < 0 || index >= (1 << 24)) return false;
    plan.shapes.widen(static_cast<uint32_t>(index) + 1);
    return index < plan.shapes.registers();
  }

  Status tensors_section() {
    Reader& r = section[4];
    const uint32_t count = r.u32();
    if (!r.fits(count, 16)) return r.bad("tensors");
    plan.tensors.resize(count);
    for (PlanTensor& t : plan.tensors) {
      const uint8_t type = r.u8(), layout = r.u8(), storage = r.u8(), rank = r.u8();
      t.link = r.i32();
      t.offset_register = r.i32();
      if (type >= static_cast<uint8_t>(Type::string) || layout > 1 || storage > static_cast<uint8_t>(Storage::view)) return r.bad("tensors");
      t.type = static_cast<Type>(type);
      t.layout = static_cast<Layout>(layout);
      t.storage = static_cast<Storage>(storage);
      if (!name(r.u32(), t.name) || !r.fits(rank, 4)) return r.bad("tensors");
      if (t.layout == Layout::blocked && (rank < 2 || type_bits(t.type) < 8)) return r.bad("blocked tensors");
      t.dims.resize(rank);
      for (uint32_t& d : t.dims)
        if (!reg(d = r.u32())) return r.bad("tensors");
      if (t.offset_register >= 0 && !reg(t.offset_register)) return r.bad("tensors");
      if (t.storage == Storage::view ? !(t.link >= 0 && t.link < static_cast<int64_t>(count)) : t.offset_register >= 0) return r.bad("views");
    }
    return r.done("tensors");
  }

  Status bindings_section() {
    Reader& r = section[3];
    const uint32_t count = r.u32();
    if (!r.fits(count, 4)) return r.bad("bindings");
    if (plan.levels.size() < count) plan.levels.resize(count);
    for (uint32_t l = 0; l < count; ++l) {
      const uint32_t n = r.u32();
      if (!r.fits(n, 16)) return r.bad("bindings");
      for (uint32_t i = 0; i < n; ++i) {
        const uint8_t kind = r.u8();
        r.skip(3);
        const PlanBinding b{kind == 1, r.u32(), r.u32(), r.u32()};
        if (kind > 1 || !tensor(b.tensor) || !reg(b.reg)) return r.bad("bindings");
        if (!b.element && b.at >= plan.tensors[b.tensor].dims.size()) return r.bad("bindings");
        plan.levels[l].bindings.push_back(b);
      }
    }
    return r.done("bindings");
  }

  Status ports_section() {
    Reader& r = section[5];
    const uint32_t inputs = r.u32(), outputs = r.u32();
    if (!r.fits(uint64_t{inputs} + outputs, 4)) return r.bad("ports");
    for (uint32_t i = 0; i < inputs + outputs; ++i) {
      const int32_t t = r.i32();
      if (!tensor(t)) return r.bad("ports");
      (i < inputs ? plan.inputs : plan.outputs).push_back(t);
    }
    return r.done("ports");
  }

  Status step(Reader& r, PlanStep& step) {
    std::string_view family;
    if (!name(r.u32(), family) || !name(r.u32(), step.action) || !name(r.u32(), step.op)) return r.bad("steps");
    const uint16_t inputs = r.u16(), outputs = r.u16(), args = r.u16(), plans = r.u16(), origins = r.u16();
    r.skip(2);
    if (!r.fits(inputs + outputs, 4)) return r.bad("steps");
    for (int i = 0; i < inputs; ++i) {
      const int32_t t = r.i32();
      if (t != -1 && !tensor(t)) return r.bad("steps");
      step.inputs.push_back(t);
    }
    for (int i = 0; i < outputs; ++i) {
      const int32_t t = r.i32();
      if (!tensor(t)) return r.bad("steps");
      step.outputs.push_back(t);
    }
    r.pad();
    if (!r.fits(args, 16)) return r.bad("steps");
    for (int i = 0; i < args; ++i) {
      PlanArg arg{static_cast<PlanArg::Kind>(r.u32()), {}};
      r.skip(4);
      const int64_t bits = r.i64();
      if (arg.kind == PlanArg::real) {
        arg.value.f = std::bit_cast<double>(bits);
        arg.value.i = arg.value.f > -9e18 && arg.value.f < 9e18 ? static_cast<int64_t>(arg.value.f) : 0;
      } else {
        arg.value = {bits, static_cast<double>(bits)};
      }
      if (arg.kind > PlanArg::reg || (arg.kind == PlanArg::reg && !reg(bits))) return r.bad("steps");
      step.args.push_back(arg);
    }
    if (!r.fits(plans + origins, 4)) return r.bad("steps");
    for (int i = 0; i < plans; ++i) step.plans.push_back(r.u32());
    for (int i = 0; i < origins; ++i) {
      std::string_view origin;
      if (!name(r.u32(), origin)) return r.bad("steps");
      step.origin.push_back(origin);
    }
    r.pad();
    step.family = find_family(family);
    if (!step.family) {
      Status s = Status::fail("MODEL_UNSUPPORTED", "this build has no kernel family \"" + std::string(family) + "\"");
      s.origin = step.origins();
      s.op = step.op;
      return s;
    }
    return {};
  }

  Status levels_section() {
    Reader& r = section[6];
    const uint32_t count = r.u32();
    if (!r.fits(count, 4)) return r.bad("levels");
    plan.levels.resize(count);
    for (PlanLevel& level : plan.levels) {
      const uint32_t steps = r.u32();
      if (!r.fits(steps, 24)) return r.bad("levels");
      level.steps.resize(steps);
      for (PlanStep& s : level.steps)
        if (Status status = step(r, s); !status.ok()) return status;
    }
    return r.done("levels");
  }

  Status segments_section() {
    Reader& r = section[7];
    for (PlanLevel& level : plan.levels) {
      const uint32_t count = r.u32();
      if (!r.fits(count, 12)) return r.bad("segments");
      for (uint32_t i = 0; i < count; ++i) {
        PlanSegment s{r.u32(), r.u32(), r.u32(), {}, {}, {}};
        const uint32_t after = level.segments.empty() ? 0 : level.segments.back().first + level.segments.back().count;
        if (s.first < after || s.count == 0 || s.first > level.steps.size() || s.count > level.steps.size() - s.first) return r.bad("segments");
        level.segments.push_back(std::move(s));
      }
    }
    return r.done("segments");
  }

  Status states_section() {
    Reader& r = section[8];
    const uint32_t count = r.u32();
    if (!r.fits(count, 20)) return r.bad("states");
    plan.states.resize(count);
    for (PlanState& s : plan.states) {
      const bool named = name(r.u32(), s.name);
      const uint32_t type = r.u32();
      s.read = r.i32();
      s.write = r.i32();
      if (!named || !name(r.u32(), s.shape) || type >= static_cast<uint32_t>(Type::string)) return r.bad("states");
      s.type = static_cast<Type>(type);
      if (!tensor(s.read) || (s.write != -1 && !tensor(s.write))) return r.bad("states");
    }
    return r.done("states");
  }

  Status weights_section() {
    Reader& r = section[9];
    const uint32_t count = r.u32();
    if (!r.fits(count, 32)) return r.bad("weights");
    plan.weights.resize(count);
    for (PlanWeight& w : plan.weights) {
      const uint32_t source = r.u32(), type = r.u32(), where = r.u32();
      r.skip(4);
      w.offset = r.u64();
      w.length = r.u64();
      w.computed = false;
      w.in_file = source == 1;
      if (source > 1 || type >= static_cast<uint32_t>(Type::string)) return r.bad("weights");
      if (w.offset > uint64_t{1} << 52 || w.length > uint64_t{1} << 52) return r.bad("weights");
      w.type = static_cast<Type>(type);
      w.constant = where;
      if (w.in_file ? !name(where, w.path) || w.path.find('\0') != w.path.npos : where >= constants) return r.bad("weights");
    }
    return r.done("weights");
  }

  Status plans_section(bool prologue) {
    Reader& r = section[10];
    const uint32_t count = r.u32();
    r.skip(4);
    if (!r.fits(count, 8) || (prologue && count == 0)) return r.bad("sub-plans");
    if (count && depth >= max_plan_depth) return Status::fail("MODEL_UNSUPPORTED", "sub-plans are nested deeper than 64");
    for (uint32_t i = 0; i < count; ++i) {
      const uint64_t length = r.u64();
      if (!r.fits(length, 1)) return r.bad("sub-plans");
      auto inner = std::make_unique<Plan>();
      inner->bytes = plan.bytes;
      const bool computes = prologue && i + 1 == count;
      Decoder decoder{*inner, constants, depth + 1, computes, {}, {}};
      if (Status status = decoder.run(r.take(length)); !status.ok()) return status;
      r.pad();
      if (computes) plan.prologue = std::move(inner);
      else plan.plans.push_back(std::move(inner));
    }
    return r.done("sub-plans");
  }

  Status run(std::span<const uint8_t> bytes) {
    Reader header(bytes);
    if (!header.fits(24, 1) || std::memcmp(header.take(8).data(), "CUVPLAN", 8) != 0) return Status::fail("MODEL_INVALID", "this is not a compiled plan");
    if (const uint32_t v = header.u32(); v != version)
      return Status::fail("MODEL_INVALID", "the plan has format version " + std::to_string(v) + ", this build reads version " + std::to_string(version));
    plan.block = header.u32();
    const uint32_t isa = header.u32(), count = header.u32();
    // Plans end padded to 8 as their sections do: a plan that lost its last bytes is none.
    if (plan.block == 0 || plan.block > 64 || !header.fits(count, 24) || count > 64 || bytes.size() % 8 != 0) return header.bad("header");
    bool seen[sections + 1] = {};
    for (uint32_t i = 0; i < count; ++i) {
      const uint32_t id = header.u32();
      header.skip(4);
      const uint64_t offset = header.u64(), length = header.u64();
      if (length > bytes.size() || offset > bytes.size() - length || offset % 8 != 0) return header.bad("section table");
      if (id == 0 || id > sections) continue;  // of a later version, of no weight here
      if (seen[id]) return header.bad("section table");
      seen[id] = true;
      section[id] = Reader(bytes.subspan(offset, length));
    }
    for (uint32_t id = 1; id <= sections; ++id)
      if (!seen[id]) return header.bad("section table");

    Status s = names_section();
    if (s.ok() && !name(isa, plan.isa)) s = header.bad("header");
    if (s.ok()) s = Shapes::decode(section[2].rest(), plan.shapes);
    if (s.ok()) s = tensors_section();
    if (s.ok()) s = ports_section();
    if (s.ok()) s = weights_section();
    if (s.ok()) s = levels_section();
    if (s.ok()) s = segments_section();
    if (s.ok()) s = bindings_section();
    if (s.ok()) s = states_section();
    if (s.ok()) s = plans_section(section[11].u32() == 1);
    if (s.ok()) s = check_plan(plan, is_prologue);
    return s;
  }
};

}  // namespace

Status Plan::decode(std::vector<uint8_t> bytes, size_t constants, std::unique_ptr<Plan>& plan) {
  auto fresh = std::make_unique<Plan>();
  fresh->bytes = std::make_shared<const std::vector<uint8_t>>(std::move(bytes));
  Decoder decoder{*fresh, constants, 0, false, {}, {}};
  Status status = decoder.run(*fresh->bytes);
  if (status.ok()) plan = std::move(fresh);
  return status;
}

}  // namespace cuvee
