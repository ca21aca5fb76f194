#include "addon/job.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "addon/value.h"

namespace cuvee::addon {
namespace {

Status invalid(std::string message) { return Status::fail("ARGUMENT_INVALID", std::move(message)); }

// Reads inputs, their dimensions in one list (Float64Array), and the memory for outputs.
Status read(napi_env env, napi_value inputs, napi_value dims, napi_value outputs, Job& job) {
  const Plan& plan = job.request->compiled()->plan();
  std::span<uint8_t> bytes;
  if (length(env, inputs) != plan.inputs.size()) return invalid("the model has " + std::to_string(plan.inputs.size()) + " inputs");
  if (!memory(env, dims, bytes)) return invalid("dimensions come in a Float64Array");
  size_t total = 0;
  for (const int32_t t : plan.inputs) total += plan.tensors[t].dims.size();
  if (bytes.size() != total * 8) return invalid("the inputs have " + std::to_string(total) + " dimensions together, not " + std::to_string(bytes.size() / 8));
  for (size_t i = 0; i < total; ++i) {
    double d;
    std::memcpy(&d, bytes.data() + 8 * i, 8);
    if (!(d >= 0 && d <= static_cast<double>(max_elements)) || d != std::floor(d)) return invalid("a dimension is not a whole number from 0 to 2^40");
    job.dims.push_back(static_cast<int64_t>(d));
  }
  const int64_t* at = job.dims.data();
  for (uint32_t i = 0; i < plan.inputs.size(); ++i) {
    const PlanTensor& tensor = plan.tensors[plan.inputs[i]];
    if (!memory(env, element(env, inputs, i), bytes)) return invalid("input " + std::to_string(i) + " (\"" + std::string(tensor.name) + "\") is no typed array");
    TensorView view;
    view.type = tensor.type;
    view.rank = static_cast<int>(tensor.dims.size());
    view.dims = at;
    view.data = bytes.data();
    view.bytes = static_cast<int64_t>(bytes.size());
    view.absent = false;
    at += view.rank;
    job.in.push_back(view);
  }
  const uint32_t given = length(env, outputs);
  for (uint32_t i = 0; i < plan.outputs.size(); ++i) {
    TensorView view;
    view.type = plan.tensors[plan.outputs[i]].type;
    const napi_value value = i < given ? element(env, outputs, i) : nullptr;
    if (value && memory(env, value, bytes) && !bytes.empty()) {
      view.data = bytes.data();
      view.bytes = static_cast<int64_t>(bytes.size());
    }
    job.out.push_back(view);
  }
  return {};
}

void free_memory(napi_env, void*, void* hint) { delete static_cast<std::shared_ptr<Buffer>*>(hint); }

// The ArrayBuffer over an output's memory; the same one as before when the memory is the same.
napi_value array_buffer(napi_env env, RequestHandle& handle, const std::shared_ptr<Buffer>& memory, size_t index, const TensorView& view) {
  napi_value buffer = nullptr;
  if (handle.outputs.size() <= index) handle.outputs.resize(index + 1);
  RequestHandle::Output& output = handle.outputs[index];
  if (!handle.copy_outputs) {
    for (RequestHandle::Output& other : handle.outputs)
      if (other.memory == memory && other.buffer && napi_get_reference_value(env, other.buffer, &buffer) == napi_ok && buffer) return buffer;
    auto* hold = new std::shared_ptr<Buffer>(memory);
    const napi_status status = napi_create_external_arraybuffer(env, memory->data(), memory->capacity(), free_memory, hold, &buffer);
    if (status == napi_ok) {
      let_go(env, output);
      output.memory = memory;
      napi_create_reference(env, buffer, 1, &output.buffer);
      return buffer;
    }
    delete hold;
    if (status != napi_no_external_buffers_allowed) return nullptr;
    handle.copy_outputs = true;
  }
  void* data = nullptr;
  if (napi_create_arraybuffer(env, static_cast<size_t>(view.bytes), &data, &buffer) != napi_ok) return nullptr;
  if (view.bytes) std::memcpy(data, view.data, static_cast<size_t>(view.bytes));
  return buffer;
}

// Whether the outputs are where they were and of the sizes that they had.
bool as_before(const RequestHandle& handle, const Job& job) {
  if (!handle.told || handle.copy_outputs || handle.outputs.size() != job.out.size()) return false;
  for (size_t i = 0; i < job.out.size(); ++i) {
    const RequestHandle::Output& output = handle.outputs[i];
    const TensorView& view = job.out[i];
    if (output.memory != job.request->executor().output_buffer(i) || output.dims.size() != static_cast<size_t>(view.rank) ||
        !std::equal(output.dims.begin(), output.dims.end(), view.dims))
      return false;
  }
  return true;
}

// [{ dims, bytes, buffer? }]: no buffer where the caller's memory was written. True when it would say what it said the last time.
napi_value results(napi_env env, RequestHandle& handle, const Job& job) {
  napi_value list = nullptr;
  if (as_before(handle, job)) return napi_get_boolean(env, true, &list) == napi_ok ? list : nullptr;
  handle.told = false;
  handle.outputs.resize(job.out.size());
  if (napi_create_array_with_length(env, job.out.size(), &list) != napi_ok) return nullptr;
  for (size_t i = 0; i < job.out.size(); ++i) {
    const TensorView& view = job.out[i];
    napi_value dims = nullptr;
    if (napi_create_array_with_length(env, static_cast<size_t>(view.rank), &dims) != napi_ok) return nullptr;
    for (int d = 0; d < view.rank; ++d) napi_set_element(env, dims, static_cast<uint32_t>(d), number(env, static_cast<double>(view.dims[d])));
    const std::shared_ptr<Buffer> memory = job.request->executor().output_buffer(i);
    napi_value buffer = nullptr;
    if (memory && !(buffer = array_buffer(env, handle, memory, i, view))) return nullptr;
    if (!memory) let_go(env, handle.outputs[i]);
    handle.outputs[i].dims.assign(view.dims, view.dims + view.rank);
    napi_set_element(env, list, static_cast<uint32_t>(i), object(env, {{"dims", dims}, {"bytes", number(env, static_cast<double>(view.bytes))}, {"buffer", buffer}}));
  }
  if (job.request->executor().changed()) account(env, handle, static_cast<int64_t>(job.request->executor().memory()));
  handle.told = true;
  return list;
}

napi_value answer(napi_env env, RequestHandle& handle, const Job& job) {
  if (!job.status.ok()) return object(env, {{"error", failure(env, job.status)}});
  return results(env, handle, job);
}

// At work on a dispatcher's thread.
void work(const std::shared_ptr<Link>& link, std::unique_ptr<Job> job, Pool& pool) {
  {
    std::lock_guard lock(link->mutex);
    if (!link->alive) return;  // the environment has ended, and the inputs with it
    ++link->running;
  }
  job->status = job->request->run(job->in, job->out, pool);
  std::lock_guard lock(link->mutex);
  --link->running;
  link->done.push_back(std::move(job));
  if (link->alive && link->wake) napi_call_threadsafe_function(link->wake, nullptr, napi_tsfn_nonblocking);
  link->idle.notify_all();
}

void unpin(napi_env env, Job& job) {
  for (const napi_ref pin : job.pins) napi_delete_reference(env, pin);
  if (job.self) napi_delete_reference(env, job.self);
  job.pins.clear();
  job.self = nullptr;
}

bool pin(napi_env env, napi_value value, Job& job) {
  napi_ref ref = nullptr;
  if (!value || napi_create_reference(env, value, 1, &ref) != napi_ok) return false;
  job.pins.push_back(ref);
  return true;
}

}  // namespace

void let_go(napi_env env, RequestHandle::Output& output) {
  if (output.buffer) napi_delete_reference(env, output.buffer);
  output.buffer = nullptr;
  output.memory.reset();
}

// Bytes that requests may hold before JavaScript's garbage collector hears of any: it would begin at the first result, and compete with the second run.
constexpr int64_t untold = 64 << 20;

void account(napi_env env, RequestHandle& handle, int64_t bytes) {
  Instance& instance = *handle.instance;
  instance.held += bytes - handle.held;
  handle.held = bytes;
  const int64_t told = std::max<int64_t>(0, instance.held - untold);
  int64_t total = 0;
  if (told != instance.told) napi_adjust_external_memory(env, told - std::exchange(instance.told, told), &total);
}

void settle(Instance& instance) {
  std::vector<std::unique_ptr<Job>> done;
  {
    std::lock_guard lock(instance.link->mutex);
    done.swap(instance.link->done);
  }
  for (std::unique_ptr<Job>& job : done) {
    napi_handle_scope scope;
    if (napi_open_handle_scope(instance.env, &scope) != napi_ok) return;
    napi_value value = answer(instance.env, *job->handle, *job);
    if (!value) value = object(instance.env, {{"error", failure(instance.env, Status::fail("OUT_OF_MEMORY", "JavaScript has no memory for the outputs"))}});
    unpin(instance.env, *job);
    job->request->end();
    instance.pend(-1);
    if (value) napi_resolve_deferred(instance.env, job->deferred, value);
    napi_close_handle_scope(instance.env, scope);
  }
  if (std::exchange(instance.collect, false)) {
    // V8 marks in small steps and on its own threads once it hears of more external memory than this.
    constexpr int64_t pressure = (64 << 20) + 1;
    int64_t total = 0;
    napi_adjust_external_memory(instance.env, pressure, &total);
    napi_adjust_external_memory(instance.env, -pressure, &total);
  }
}

napi_value run_sync(napi_env env, napi_callback_info info) {
  const Arguments<4> a(env, info);
  RequestHandle* handle = request_handle(env, a[0]);
  if (!handle || !handle->request) return object(env, {{"error", failure(env, invalid("the request was released"))}});
  Job job;
  job.request = handle->request;
  if (!job.request->begin()) return object(env, {{"error", failure(env, Status::fail("BUSY", "the request is running"))}});
  job.status = read(env, a[1], a[2], a[3], job);
  if (job.status.ok()) {
    Streams::Lease lease(job.request->compiled()->streams());
    job.status = job.request->run(job.in, job.out, lease.pool());
  }
  job.request->end();
  return answer(env, *handle, job);
}

napi_value run(napi_env env, napi_callback_info info) {
  const Arguments<5> a(env, info);
  RequestHandle* handle = request_handle(env, a[0]);
  Instance* instance = Instance::of(env);
  if (!instance || !handle || !handle->request) return object(env, {{"error", failure(env, invalid("the request was released"))}});
  auto job = std::make_unique<Job>();
  job->request = handle->request;
  job->handle = handle;
  if (!job->request->begin()) return object(env, {{"error", failure(env, Status::fail("BUSY", "the request is running"))}});
  Status status = read(env, a[1], a[2], a[3], *job);
  bool good = status.ok();
  for (uint32_t i = 0; good && i < job->in.size(); ++i) good = pin(env, element(env, a[1], i), *job);
  for (uint32_t i = 0; good && i < job->out.size(); ++i)
    if (job->out[i].data) good = pin(env, element(env, a[3], i), *job);
  napi_value promise = nullptr;
  good = good && napi_create_reference(env, a[0], 1, &job->self) == napi_ok && napi_create_promise(env, &job->deferred, &promise) == napi_ok;
  if (!good) {
    unpin(env, *job);
    job->request->end();
    return object(env, {{"error", failure(env, status.ok() ? Status::fail("INTERNAL", "the inputs cannot be held") : status)}});
  }
  Compiled& compiled = *job->request->compiled();
  Streams& streams = truth(env, a[4]) ? compiled.behind() : compiled.streams();
  // std::function wants copyable closures: the job travels in a shared pointer until it starts.
  auto parcel = std::make_shared<std::unique_ptr<Job>>(std::move(job));
  instance->pend(1);
  if (!streams.post([link = instance->link, parcel](Pool& pool) { work(link, std::move(*parcel), pool); }, compiled.options().urgent)) {
    instance->pend(-1);
    (*parcel)->request->end();
    unpin(env, **parcel);
    napi_resolve_deferred(env, (*parcel)->deferred, object(env, {{"error", failure(env, Status::fail("DEVICE_LOST", "this process was forked after the model was compiled: its threads stayed behind; compile again"))}}));
  }
  return promise;
}

}  // namespace cuvee::addon
