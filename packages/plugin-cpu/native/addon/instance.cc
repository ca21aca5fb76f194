#include "addon/instance.h"

#include "addon/job.h"
#include "addon/value.h"

namespace cuvee::addon {
namespace {

void on_wake(napi_env env, napi_value, void*, void*) {
  if (!env) return;
  if (Instance* instance = Instance::of(env)) settle(*instance);
}

void on_end(void* data) {
  Instance& instance = *static_cast<Instance*>(data);
  Link& link = *instance.link;
  std::vector<std::unique_ptr<Job>> done;
  napi_threadsafe_function wake = nullptr;
  {
    std::unique_lock lock(link.mutex);
    link.alive = false;
    for (RequestHandle* handle : instance.requests)
      if (handle->request) handle->request->cancel();
    link.idle.wait(lock, [&] { return link.running == 0; });
    done = std::move(link.done);
    wake = std::exchange(link.wake, nullptr);
  }
  if (wake) napi_release_threadsafe_function(wake, napi_tsfn_abort);
  done.clear();
  for (RequestHandle* handle : instance.requests) {
    handle->request.reset();
    handle->outputs.clear();
  }
  for (CompiledHandle* handle : instance.compiled) handle->compiled.reset();
}

}  // namespace

Instance* Instance::of(napi_env env) {
  void* data = nullptr;
  return napi_get_instance_data(env, &data) == napi_ok && data ? static_cast<std::shared_ptr<Instance>*>(data)->get() : nullptr;
}

Instance* Instance::make(napi_env env) {
  auto instance = std::make_shared<Instance>();
  instance->env = env;
  const napi_value name = text(env, "cuvee");
  if (!name || napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, nullptr, on_wake, &instance->link->wake) != napi_ok) return nullptr;
  napi_unref_threadsafe_function(env, instance->link->wake);
  auto* held = new std::shared_ptr<Instance>(instance);
  if (napi_set_instance_data(env, held, [](napi_env, void* data, void*) { delete static_cast<std::shared_ptr<Instance>*>(data); }, nullptr) != napi_ok) {
    delete held;
    return nullptr;
  }
  napi_add_env_cleanup_hook(env, on_end, instance.get());
  return instance.get();
}

void Instance::pend(int change) {
  pending += change;
  std::lock_guard lock(link->mutex);
  if (!link->wake) return;
  if (pending == 1 && change > 0) napi_ref_threadsafe_function(env, link->wake);
  if (pending == 0) napi_unref_threadsafe_function(env, link->wake);
}

void Instance::collect_soon() {
  collect = true;
  std::lock_guard lock(link->mutex);
  if (link->alive && link->wake) napi_call_threadsafe_function(link->wake, nullptr, napi_tsfn_nonblocking);
}

}  // namespace cuvee::addon
