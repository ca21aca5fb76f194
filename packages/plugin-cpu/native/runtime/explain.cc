// What `explain` tells of a request, as JSON.
#include <algorithm>

#include "runtime/segment.h"
#include "runtime/signature.h"
#include "runtime/sub_executor.h"

namespace cuvee {
namespace {

void quoted(std::string& out, std::string_view text) {
  out.push_back('"');
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') out.append({'\\', c});
    else if (u < 0x20) out.append("\\u00").append({"0123456789abcdef"[u >> 4], "0123456789abcdef"[u & 15]});
    else out.push_back(c);
  }
  out.push_back('"');
}

void number(std::string& out, const char* name, uint64_t value) { out.append(",\"").append(name).append("\":").append(std::to_string(value)); }

void shape(std::string& out, const TensorView& view) {
  out.push_back('[');
  for (int i = 0; view.dims && i < view.rank; ++i) out.append(i ? "," : "").append(std::to_string(view.dims[i]));
  out.push_back(']');
}

std::string kernel(const PlanStep& step, const Context* c) {
  if (c && c->skip) return "none: empty";
  if (c && !c->variant.empty()) return c->variant;
  return std::string(step.family->name).append(step.action.empty() ? "" : " ").append(step.action);
}

}  // namespace

double flops(const Context& c) {
  const std::string_view family = c.step->family->name;
  double all = 0;
  for (const TensorView& v : c.out) all += static_cast<double>(v.size);
  if (c.skip || c.in.empty() || c.out.empty()) return 0;
  const auto places = [](const TensorView& v) {
    double n = 1;
    for (int i = 0; i < v.rank; ++i) n *= i == 1 ? 1 : static_cast<double>(v.dims[i]);
    return n;
  };
  if ((family == "conv" || family == "conv_nd") && c.in.size() > 1) return 2 * places(c.out[0]) * static_cast<double>(c.in[1].size);
  if (family == "pyramid") return 2 * places(c.out[0]) * static_cast<double>(c.in[0].size);  // as if it made the sum
  if (family == "deconv" && c.in.size() > 1) return 2 * places(c.in[0]) * static_cast<double>(c.in[1].size);
  if (family == "gemm" && c.in[0].rank > 1) {
    const bool transposed = !c.args.empty() && c.args[0].i != 0;
    return 2 * all * static_cast<double>(c.in[0].dims[c.in[0].rank - (transposed ? 2 : 1)]);
  }
  if (family == "eltwise") return all * static_cast<double>(std::max<size_t>(1, c.args.size()));
  return all;
}

std::vector<std::string> Executor::kernels() const {
  std::vector<std::string> all;
  for (size_t l = 0; l < levels_.size(); ++l)
    for (size_t s = 0; s < plan_.levels[l].steps.size(); ++s) all.push_back(kernel(plan_.levels[l].steps[s], levels_[l].current ? levels_[l].current->steps[s].get() : nullptr));
  return all;
}

// { memory, levels: [{ arena, lowerBound, segments, steps: [{ family, action, op, origin, kernel, bytes, flops, scratch, shapes, segment? }] }], plans: [...] }
std::string Executor::explain() const {
  std::string out = "{\"memory\":" + std::to_string(memory()) + ",\"levels\":[";
  for (size_t l = 0; l < levels_.size(); ++l) {
    const Signature* signature = levels_[l].current;
    if (l) out.push_back(',');
    out.append("{\"level\":").append(std::to_string(l));
    number(out, "signatures", levels_[l].known.size());
    number(out, "arena", signature ? signature->arena.bytes : 0);
    number(out, "lowerBound", signature ? signature->arena.lower_bound : 0);
    out.append(",\"steps\":[");
    const auto& steps = plan_.levels[l].steps;
    size_t segment = 0;
    for (size_t s = 0; s < steps.size(); ++s) {
      const PlanStep& step = steps[s];
      out.append(s ? ",{\"family\":" : "{\"family\":");
      quoted(out, step.family->name);
      out.append(",\"action\":");
      quoted(out, step.action);
      out.append(",\"op\":");
      quoted(out, step.op);
      out.append(",\"origin\":");
      quoted(out, step.origins());
      if (signature) {
        const Context& c = *signature->steps[s];
        out.append(",\"kernel\":");
        quoted(out, kernel(step, &c));
        uint64_t bytes = 0;
        for (const TensorView& v : c.views) bytes += v.absent ? 0 : static_cast<uint64_t>(v.bytes);
        number(out, "bytes", bytes);
        number(out, "flops", static_cast<uint64_t>(flops(c)));
        number(out, "scratch", c.scratch_bytes);
        out.append(",\"shapes\":[");
        for (size_t i = 0; i < c.out.size(); ++i) {
          if (i) out.push_back(',');
          shape(out, c.out[i]);
        }
        out.push_back(']');
        while (segment < signature->segments.size() && s >= signature->segments[segment]->first + signature->segments[segment]->count) ++segment;
        if (segment < signature->segments.size() && s >= signature->segments[segment]->first) {
          number(out, "segment", segment);
          number(out, "stripRows", static_cast<uint64_t>(signature->segments[segment]->strip));
          number(out, "panelColumns", static_cast<uint64_t>(signature->segments[segment]->column_cuts[1]));
          number(out, "panels", signature->segments[segment]->panels.size());
          number(out, "stripBytes", signature->segments[segment]->bytes());
        }
      }
      out.push_back('}');
    }
    out.append("]}");
  }
  out.append("],\"plans\":[");
  for (size_t i = 0; i < subs_.size(); ++i) {
    if (i) out.push_back(',');
    out.append(subs_[i] ? subs_[i]->executor().explain() : "null");
  }
  return out.append("]}");
}

}  // namespace cuvee
