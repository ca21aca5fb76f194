// The addon: load a plan, make requests, run them. src/native.ts is its only caller and knows the types.
#include <node_api.h>

#include <cstring>
#include <system_error>
#include <thread>

#include "addon/instance.h"
#include "addon/job.h"
#include "addon/value.h"
#include "base/cores.h"
#include "base/cpu.h"
#include "base/system.h"
#include "kernels/digest/digest.h"
#include "kernels/peak.h"
#include "kernels/table.h"
#include "runtime/mapping.h"
#include "runtime/tuning.h"
#include "kernels/custom/own_kernels.h"

namespace cuvee::addon {
namespace {

constexpr napi_type_tag compiled_tag{0x2f3a9c1de4b7411eu, 0x9a5be8c70d61f342u};
constexpr napi_type_tag request_tag{0x71c4e09b5ad84c3fu, 0x84d2f7a16be93c05u};

template <class Handle> Handle* unwrap(napi_env env, napi_value value, const napi_type_tag& tag) {
  bool good = false;
  void* data = nullptr;
  if (!value || napi_check_object_type_tag(env, value, &tag, &good) != napi_ok || !good || napi_unwrap(env, value, &data) != napi_ok) return nullptr;
  return static_cast<Handle*>(data);
}

template <class Handle> napi_value wrap(napi_env env, std::unique_ptr<Handle> handle, const napi_type_tag& tag, napi_finalize finalize) {
  napi_value made = nullptr;
  if (napi_create_object(env, &made) != napi_ok || napi_type_tag_object(env, made, &tag) != napi_ok || napi_wrap(env, made, handle.get(), finalize, nullptr, nullptr) != napi_ok) return nullptr;
  handle.release();
  return made;
}

napi_value invalid(napi_env env, const char* message) { return object(env, {{"error", failure(env, Status::fail("ARGUMENT_INVALID", message))}}); }

// info(): { isa, block, memory, problem? }
napi_value info(napi_env env, napi_callback_info) {
  const KernelTable& table = kernel_table(default_isa());
  const char* problem = isa_override_problem();
  return object(env, {{"isa", text(env, isa_name(table.isa))},
                      {"block", number(env, table.block)},
                      {"memory", number(env, static_cast<double>(default_memory_limit()))},
                      {"problem", problem ? text(env, problem) : nullptr}});
}

// The cores that `coreType` (0: any, 1: performance, 2: efficient) and `siblings` choose.
CoreChoice core_choice(napi_env env, napi_value type, napi_value siblings) {
  return {static_cast<CoreType>(std::min(2.0, std::max(0.0, number_or(env, type, 0)))), truth(env, siblings)};
}

// placement(coreType, siblings): { threads, cpus } that a team of this choice has; `whole`: those are all processors of the process.
napi_value placement(napi_env env, napi_callback_info call) {
  const Arguments<2> a(env, call);
  const Placement placed = place(machine_of_process(), core_choice(env, a[0], a[1]));
  napi_value cpus = nullptr;
  napi_create_array(env, &cpus);
  for (size_t i = 0; cpus && i < placed.cpus.size(); ++i) napi_set_element(env, cpus, static_cast<uint32_t>(i), number(env, placed.cpus[i]));
  napi_value whole = nullptr;
  napi_get_boolean(env, placed.whole, &whole);
  return object(env, {{"threads", number(env, placed.threads)}, {"cpus", cpus}, {"whole", whole}});
}

// peaks(threads): { gflops, rates: [bytes, GB/s, …] } of that many threads together, measured now.
napi_value peaks(napi_env env, napi_callback_info call) {
  const Arguments<1> a(env, call);
  const int threads = static_cast<int>(std::min(1024.0, std::max(1.0, number_or(env, a[0], 1))));
  Pool pool({threads, 0, false});
  pool.enter();
  const Peaks measured = measure_peaks(default_isa(), pool);
  pool.leave();
  napi_value rates = nullptr;
  napi_create_array(env, &rates);
  uint32_t at = 0;
  for (const ReadRate& rate : measured.rates) {
    if (!rates) break;
    napi_set_element(env, rates, at++, number(env, rate.bytes));
    napi_set_element(env, rates, at++, number(env, rate.gigabytes));
  }
  return object(env, {{"gflops", number(env, measured.gflops)}, {"rates", rates}});
}

// tuning(text?): { text, learnt }: choices of kernels that were measured, after those of the text joined them.
napi_value tuning(napi_env env, napi_callback_info call) {
  const Arguments<1> a(env, call);
  std::span<uint8_t> bytes;
  if (a[0] && memory(env, a[0], bytes)) Tuning::read({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  return object(env, {{"text", text(env, Tuning::text())}, {"learnt", number(env, Tuning::learnt())}});
}

napi_value hexadecimal(napi_env env, Digest& digest) {
  std::string digits;
  for (const uint8_t byte : digest.finish()) digits.append({"0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]});
  return text(env, digits);
}

// digest(parts): BLAKE3 of the bytes of all parts, one after the other, in hexadecimal digits.
napi_value digest(napi_env env, napi_callback_info call) {
  const Arguments<1> a(env, call);
  std::vector<std::span<uint8_t>> parts(length(env, a[0]));
  for (uint32_t i = 0; i < parts.size(); ++i)
    if (!memory(env, element(env, a[0], i), parts[i])) return invalid(env, "what is hashed comes in Uint8Arrays");
  Digest all;
  const Status s = guarded([&]() -> Status {
    for (const auto& part : parts) all.update(part);
    return {};
  });
  return s.ok() ? hexadecimal(env, all) : object(env, {{"error", failure(env, s)}});
}

// A digest that a thread of its own computes. Whoever drops it waits for it: the thread reads memory that `parts` holds.
struct Pending {
  std::vector<std::span<uint8_t>> parts;
  napi_ref held = nullptr;
  Digest all;
  Status status;
  std::thread thread;
  ~Pending() {
    if (thread.joinable()) thread.join();
  }
  void work() {
    status = guarded([&]() -> Status {
      for (const auto& part : parts) all.update(part);
      return {};
    });
  }
  void wait(napi_env env) {
    if (thread.joinable()) thread.join();
    if (held) napi_delete_reference(env, held);
    held = nullptr;
  }
};
constexpr napi_type_tag pending_tag{0x6c1f0a7b52e94d38u, 0x9b3d5e7a1c8f4260u};

// digestLater(parts): begins the same, for `digestOf`. The parts' bytes must stay as they are until then.
napi_value digest_later(napi_env env, napi_callback_info call) {
  const Arguments<1> a(env, call);
  auto pending = std::make_unique<Pending>();
  pending->parts.resize(length(env, a[0]));
  for (uint32_t i = 0; i < pending->parts.size(); ++i)
    if (!memory(env, element(env, a[0], i), pending->parts[i])) return invalid(env, "what is hashed comes in Uint8Arrays");
  if (napi_create_reference(env, a[0], 1, &pending->held) != napi_ok) return invalid(env, "what is hashed comes in a list");
  Pending* raw = pending.get();
  try {
    raw->thread = std::thread([raw] { raw->work(); });
  } catch (const std::system_error&) {  // no more threads: now then
    raw->work();
  }
  const napi_value made = wrap(env, std::move(pending), pending_tag, [](napi_env env, void* data, void*) {
    const std::unique_ptr<Pending> pending(static_cast<Pending*>(data));
    pending->wait(env);
  });
  return made;
}

// digestOf(pending): hexadecimal digits, or { error }, when it is done; once.
napi_value digest_of(napi_env env, napi_callback_info call) {
  const Arguments<1> a(env, call);
  auto* pending = unwrap<Pending>(env, a[0], pending_tag);
  if (!pending || !pending->held) return invalid(env, "a digest is asked for once");
  pending->wait(env);
  return pending->status.ok() ? hexadecimal(env, pending->all) : object(env, {{"error", failure(env, pending->status)}});
}

// digestFile(path): the same of the bytes of a file, which are not held; { error } when they do not come.
napi_value digest_file(napi_env env, napi_callback_info call) {
  const Arguments<1> a(env, call);
  std::string path;
  if (!string(env, a[0], path)) return invalid(env, "a file is named by its path");
  Digest all;
  const Status s = guarded([&]() -> Status {
    std::string problem;
    const auto file = File::open(path, problem);
    return file && all.update(*file, problem) ? Status{} : Status::fail("FILE_NOT_FOUND", "reading \"" + path + "\": " + problem);
  });
  return s.ok() ? hexadecimal(env, all) : object(env, {{"error", failure(env, s)}});
}

// map(path): an ArrayBuffer over a file, not to be written to; { error } when it cannot be had, undefined where JavaScript takes none.
napi_value map(napi_env env, napi_callback_info call) {
  const Arguments<1> a(env, call);
  std::string path, problem;
  if (!string(env, a[0], path)) return invalid(env, "a file is named by its path");
  auto file = map_file(path, problem);
  if (!file) return object(env, {{"error", failure(env, Status::fail("FILE_NOT_FOUND", "mapping \"" + path + "\": " + problem))}});
  auto* hold = new std::shared_ptr<File>(file);
  napi_value buffer = nullptr;
  const auto let_go = [](napi_env, void*, void* held) { delete static_cast<std::shared_ptr<File>*>(held); };
  if (napi_create_external_arraybuffer(env, const_cast<uint8_t*>(file->mapped()), static_cast<size_t>(file->size()), let_go, hold, &buffer) == napi_ok) return buffer;
  delete hold;
  return nullptr;
}

// load(plan, constants, options): a compiled model, or { error }.
napi_value load(napi_env env, napi_callback_info call) {
  const Arguments<3> a(env, call);
  Instance* instance = Instance::of(env);
  std::span<uint8_t> plan;
  if (!instance || !memory(env, a[0], plan)) return invalid(env, "a plan comes in a Uint8Array");
  std::vector<std::span<const uint8_t>> constants(length(env, a[1]));
  for (uint32_t i = 0; i < constants.size(); ++i) {
    std::span<uint8_t> bytes;
    if (!memory(env, element(env, a[1], i), bytes)) return invalid(env, "constants come in Uint8Arrays");
    constants[i] = bytes;
  }
  const auto option = [&](const char* name) { return property(env, a[2], name); };
  CompiledOptions options;
  options.team.threads = static_cast<int>(std::min(1024.0, std::max(0.0, number_or(env, option("threads"), 0))));
  options.team.streams = static_cast<int>(std::min(1024.0, std::max(1.0, number_or(env, option("streams"), 1))));
  options.team.spin_microseconds = static_cast<int>(std::min(1e6, std::max(0.0, number_or(env, option("spinMicroseconds"), 100))));
  options.team.flush_denormals = options.flush_denormals = truth(env, option("flushDenormals"));
  options.team.cores = core_choice(env, option("coreType"), option("siblings"));
  options.team.binding = static_cast<Binding>(std::min(2.0, std::max(0.0, number_or(env, option("binding"), 0))));
  const double priority = number_or(env, option("priority"), 0);
  if (priority < 0) options.team.standing = Standing::low;
  options.urgent = priority > 0;
  options.memory_limit = static_cast<uint64_t>(std::min(1e18, std::max(0.0, number_or(env, option("memoryLimit"), 0))));
  options.accurate = truth(env, option("accurate"));
  options.tune = truth(env, option("tune"));
  options.profile = truth(env, option("profile"));
  options.strips = static_cast<Strips>(std::min(2.0, std::max(0.0, number_or(env, option("strips"), 0))));
  auto handle = std::make_unique<CompiledHandle>();
  handle->instance = instance->shared_from_this();
  handle->copy_outputs = truth(env, option("copyOutputs"));
  if (Status s = guarded([&] { return Compiled::load({plan.begin(), plan.end()}, constants, options, handle->compiled); }); !s.ok()) return object(env, {{"error", failure(env, s)}});
  CompiledHandle* raw = handle.get();
  const napi_value made = wrap(env, std::move(handle), compiled_tag, [](napi_env, void* data, void*) {
    auto* handle = static_cast<CompiledHandle*>(data);
    handle->instance->compiled.erase(handle);
    delete handle;
  });
  if (made) instance->compiled.insert(raw);
  return made;
}

// createRequest(compiled): a request, or { error }.
napi_value create_request(napi_env env, napi_callback_info call) {
  const Arguments<1> a(env, call);
  Instance* instance = Instance::of(env);
  const CompiledHandle* compiled = compiled_handle(env, a[0]);
  if (!instance || !compiled || !compiled->compiled) return invalid(env, "the compiled model was released");
  auto handle = std::make_unique<RequestHandle>();
  handle->instance = instance->shared_from_this();
  handle->request = std::make_shared<Request>(compiled->compiled);
  handle->copy_outputs = compiled->copy_outputs;
  RequestHandle* raw = handle.get();
  const napi_value made = wrap(env, std::move(handle), request_tag, [](napi_env env, void* data, void*) {
    auto* handle = static_cast<RequestHandle*>(data);
    account(env, *handle, 0);
    for (auto& output : handle->outputs) let_go(env, output);
    handle->instance->requests.erase(handle);
    delete handle;
  });
  if (made) instance->requests.insert(raw);
  return made;
}

// Outputs of a released request of this size together are worth a garbage collection: their memory waits for nothing else.
constexpr size_t worth_collecting = 16 << 20;

// release(handle): frees what it holds; running inferences finish first, in their own time.
napi_value release(napi_env env, napi_callback_info call) {
  const Arguments<1> a(env, call);
  if (CompiledHandle* handle = compiled_handle(env, a[0])) {
    handle->compiled.reset();
  } else if (RequestHandle* request = request_handle(env, a[0])) {
    request->request.reset();
    request->told = false;
    size_t handed_out = 0;
    for (auto& output : request->outputs) {
      if (output.buffer) handed_out += output.memory->capacity();
      let_go(env, output);
    }
    request->outputs.clear();
    account(env, *request, 0);
    if (Instance* instance = Instance::of(env); instance && handed_out >= worth_collecting) instance->collect_soon();
  }
  return nullptr;
}

napi_value cancel(napi_env env, napi_callback_info call) {
  const Arguments<1> a(env, call);
  if (const RequestHandle* handle = request_handle(env, a[0]); handle && handle->request) handle->request->cancel();
  return nullptr;
}

// details(compiled): { threads, streams, memory, memoryLimit }
napi_value details(napi_env env, napi_callback_info call) {
  const Arguments<1> a(env, call);
  const CompiledHandle* handle = compiled_handle(env, a[0]);
  if (!handle || !handle->compiled) return invalid(env, "the compiled model was released");
  const Compiled& c = *handle->compiled;
  return object(env, {{"threads", number(env, c.streams().threads())},
                      {"streams", number(env, c.streams().streams())},
                      {"memory", number(env, static_cast<double>(c.budget()->used()))},
                      {"memoryLimit", number(env, static_cast<double>(c.budget()->limit()))}});
}

// The request of a call, idle; null after answering { error } into `answer`.
RequestHandle* idle(napi_env env, napi_value value, napi_value& answer) {
  RequestHandle* handle = request_handle(env, value);
  if (!handle || !handle->request) answer = invalid(env, "the request was released");
  else if (handle->request->busy()) answer = object(env, {{"error", failure(env, Status::fail("BUSY", "the request is running"))}});
  else return handle;
  return nullptr;
}

// explain(request): JSON text.
napi_value explain(napi_env env, napi_callback_info call) {
  const Arguments<1> a(env, call);
  napi_value answer = nullptr;
  RequestHandle* handle = idle(env, a[0], answer);
  return handle ? text(env, handle->request->executor().explain()) : answer;
}

// profile(request): [{ nanoseconds, kernel }] of the last run's steps, level by level.
napi_value profile(napi_env env, napi_callback_info call) {
  const Arguments<1> a(env, call);
  napi_value answer = nullptr;
  RequestHandle* handle = idle(env, a[0], answer);
  if (!handle) return answer;
  const auto& times = handle->request->executor().profile();
  const std::vector<std::string> kernels = handle->request->executor().kernels();
  napi_create_array_with_length(env, times.size(), &answer);
  for (size_t i = 0; i < times.size() && i < kernels.size(); ++i)
    napi_set_element(env, answer, static_cast<uint32_t>(i), object(env, {{"nanoseconds", number(env, static_cast<double>(times[i]))}, {"kernel", text(env, kernels[i])}}));
  return answer;
}

// state(request, index): { dims, data } as it is now; state(request, index, dims, data) sets it, with null dims resets it.
napi_value state(napi_env env, napi_callback_info call) {
  const Arguments<4> a(env, call);
  napi_value answer = nullptr;
  RequestHandle* handle = idle(env, a[0], answer);
  if (!handle) return answer;
  Executor& executor = handle->request->executor();
  const double index = number_or(env, a[1], -1);
  if (!(index >= 0 && index < static_cast<double>(executor.states().size()))) return invalid(env, "no such state");
  const auto i = static_cast<size_t>(index);
  napi_valuetype type = napi_undefined;
  if (a[2]) napi_typeof(env, a[2], &type);
  if (type == napi_null) {
    executor.states()[i].set = false;
    return nullptr;
  }
  if (type != napi_undefined) {
    std::vector<int64_t> dims;
    for (uint32_t d = 0; d < length(env, a[2]); ++d) dims.push_back(static_cast<int64_t>(number_or(env, element(env, a[2], d), -1)));
    std::span<uint8_t> bytes;
    if (!memory(env, a[3], bytes)) return invalid(env, "a state comes in a typed array");
    const Status s = executor.set_state(i, dims, bytes);
    return s.ok() ? nullptr : object(env, {{"error", failure(env, s)}});
  }
  std::vector<int64_t> dims;
  std::span<const uint8_t> bytes;
  if (const Status s = executor.get_state(i, dims, bytes); !s.ok()) return object(env, {{"error", failure(env, s)}});
  napi_value list = nullptr, buffer = nullptr;
  void* data = nullptr;
  napi_create_array_with_length(env, dims.size(), &list);
  for (size_t d = 0; d < dims.size(); ++d) napi_set_element(env, list, static_cast<uint32_t>(d), number(env, static_cast<double>(dims[d])));
  if (napi_create_arraybuffer(env, bytes.size(), &data, &buffer) != napi_ok) return nullptr;
  if (!bytes.empty()) std::memcpy(data, bytes.data(), bytes.size());
  return object(env, {{"dims", list}, {"data", buffer}});
}

// extend(path): loads a library of kernels; { names } of the operations that it runs.
napi_value extend(napi_env env, napi_callback_info call) {
  const Arguments<1> a(env, call);
  std::string path;
  if (!string(env, a[0], path)) return invalid(env, "a library is named by its path");
  std::vector<std::string> names;
  if (const Status s = load_own_kernels(path, names); !s.ok()) return object(env, {{"error", failure(env, s)}});
  napi_value list = nullptr;
  napi_create_array_with_length(env, names.size(), &list);
  for (size_t i = 0; i < names.size(); ++i) napi_set_element(env, list, static_cast<uint32_t>(i), text(env, names[i]));
  return object(env, {{"names", list}});
}

// rest(request): gives back the pages of its model's large arenas that no run holds, until the next one.
napi_value rest(napi_env env, napi_callback_info call) {
  const Arguments<1> a(env, call);
  const RequestHandle* handle = request_handle(env, a[0]);
  if (handle && handle->request) handle->request->compiled()->arenas().rest();
  return nullptr;
}

}  // namespace

CompiledHandle* compiled_handle(napi_env env, napi_value value) { return unwrap<CompiledHandle>(env, value, compiled_tag); }
RequestHandle* request_handle(napi_env env, napi_value value) { return unwrap<RequestHandle>(env, value, request_tag); }

}  // namespace cuvee::addon

NAPI_MODULE_INIT() {
  using namespace cuvee::addon;
  cuvee::stay_loaded();
  if (!Instance::make(env)) return exports;
  const struct {
    const char* name;
    napi_callback function;
  } functions[] = {{"info", info}, {"peaks", peaks}, {"placement", placement}, {"tuning", tuning}, {"digest", digest}, {"digestLater", digest_later}, {"digestOf", digest_of}, {"digestFile", digest_file}, {"map", map}, {"load", load}, {"createRequest", create_request}, {"release", release}, {"cancel", cancel}, {"details", details},
                   {"explain", explain}, {"profile", profile}, {"state", state},                {"rest", rest}, {"extend", extend},       {"run", run},       {"runSync", run_sync}};
  for (const auto& f : functions) {
    napi_value made = nullptr;
    if (napi_create_function(env, f.name, NAPI_AUTO_LENGTH, f.function, nullptr, &made) == napi_ok) napi_set_named_property(env, exports, f.name, made);
  }
  return exports;
}
