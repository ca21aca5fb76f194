// custom: runs a kernel of a user's library (include/cuvee_kernel.h); the action is its operation. Input 0: its attributes as JSON in a
// constant of u8, ended by a zero; then the operation's inputs.
#include <exception>
#include <iterator>

#include "kernels/custom/own_kernels.h"

namespace cuvee {
namespace {

struct CustomState final : StepState {
  const CuveeKernel* kernel = nullptr;
  std::string attributes;
};

// What `host` of a call points to.
struct Host {
  StepContext* step;
  std::string message;
};

const char* name_of(Type type) {
  static constexpr const char* names[] = {"boolean", "u1", "u2", "u3", "u4", "u6", "u8", "u16", "u32", "u64", "i2", "i4", "i8", "i16", "i32", "i64", "f16",
                                          "bf16", "f32", "f64", "f8e4m3", "f8e5m2", "f8e8m0", "f4e2m1", "nf4", "f8e4m3fnuz", "f8e5m2fnuz", "string", "dynamic"};
  const auto at = static_cast<size_t>(type);
  return at < std::size(names) ? names[at] : "";
}

Status bind(StepContext& ctx) {
  auto state = std::make_unique<CustomState>();
  state->kernel = own_kernel(ctx.action);
  if (!state->kernel) return Status::fail("MODEL_UNSUPPORTED", "no loaded library runs " + std::string(ctx.action) + ": core.addExtension loads it");
  if (ctx.in.empty() || !ctx.is_constant(0)) return Status::fail("MODEL_INVALID", "attributes are a constant");
  state->attributes.assign(ctx.in[0].as<char>(), static_cast<size_t>(ctx.in[0].bytes));
  ctx.set_variant(ctx.action);
  *ctx.state = std::move(state);
  return {};
}

CuveeTensor shown(const TensorView& view) { return {view.absent && !view.dims ? nullptr : name_of(view.type), view.rank, view.dims, view.absent ? nullptr : view.data, view.absent ? 0 : view.bytes}; }

StepContext& step_of(const CuveeCall* call) { return *static_cast<Host*>(call->host)->step; }

int allocate(CuveeCall* call, int32_t i, const int64_t* dims) {
  StepContext& step = step_of(call);
  if (i < 0 || static_cast<size_t>(i) >= step.out.size()) return 1;
  TensorView& out = step.out[static_cast<size_t>(i)];
  if (!step.allocate(i, {dims, static_cast<size_t>(out.rank)})) return 1;
  call->outputs[i] = shown(out);
  return 0;
}

void parallel(CuveeCall* call, int32_t chunks, void (*body)(void*, int32_t), void* context) {
  parallel_for(*step_of(call).pool, chunks, [&](int chunk, int) { body(context, chunk); });
}

int cancelled(const CuveeCall* call) { return step_of(call).cancelled() ? 1 : 0; }

void fail(CuveeCall* call, const char* message) { static_cast<Host*>(call->host)->message = message ? message : ""; }

Status run(StepContext& ctx) {
  const auto& state = static_cast<const CustomState&>(**ctx.state);
  std::vector<CuveeTensor> inputs, outputs;
  for (const TensorView& view : ctx.in.subspan(1)) inputs.push_back(shown(view));
  for (const TensorView& view : ctx.out) outputs.push_back(shown(view));
  Host host{&ctx, {}};
  CuveeCall call{CUVEE_KERNEL_ABI, state.attributes.c_str(), static_cast<int32_t>(inputs.size()), inputs.data(), static_cast<int32_t>(outputs.size()), outputs.data(), &host, allocate, parallel, cancelled, fail};
  int answer = 1;
  try {
    answer = state.kernel->run(&call);
  } catch (const std::exception& e) {
    host.message = e.what();
  } catch (...) {
    host.message = "it threw";
  }
  if (answer == 0) return {};
  return Status::fail("ARGUMENT_INVALID", "its kernel failed: " + (host.message.empty() ? "answer " + std::to_string(answer) : host.message));
}

}  // namespace

extern const Family custom_family;
const Family custom_family{"custom", bind, run};

}  // namespace cuvee
