// What belongs to one JavaScript environment (the main thread, a worker), and how it ends.
//
// Order at the end of an environment: our cleanup hook runs first (it is added last). It forbids further calls into
// JavaScript, cancels what runs for this environment, waits for it, because it reads JavaScript's memory, and lets go of
// everything that the handles hold. Finalizers come later and only free the handles themselves.
#pragma once

#include <node_api.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <unordered_set>
#include <vector>

#include "runtime/compiled.h"

namespace cuvee::addon {

struct Job;

// Shared with the threads that finish jobs; outlives the environment.
struct Link {
  std::mutex mutex;
  std::condition_variable idle;
  bool alive = true;
  int running = 0;                         // jobs at work for this environment
  napi_threadsafe_function wake = nullptr;  // to be touched under the mutex while alive
  std::vector<std::unique_ptr<Job>> done;
};

struct Instance;

struct CompiledHandle {
  std::shared_ptr<Instance> instance;
  std::shared_ptr<Compiled> compiled;
  bool copy_outputs = false;
};

// A request and the ArrayBuffers over its output memory.
struct RequestHandle {
  struct Output {
    std::shared_ptr<Buffer> memory;
    napi_ref buffer = nullptr;
    std::vector<int64_t> dims;  // as they were told last
  };
  std::shared_ptr<Instance> instance;
  std::shared_ptr<Request> request;
  std::vector<Output> outputs;
  bool told = false;  // the last run's outputs were told to JavaScript, which still has the list
  bool copy_outputs = false;
  int64_t held = 0;  // bytes, as `account` heard last
};

struct Instance : std::enable_shared_from_this<Instance> {
  napi_env env = nullptr;
  std::shared_ptr<Link> link = std::make_shared<Link>();
  std::unordered_set<CompiledHandle*> compiled;
  std::unordered_set<RequestHandle*> requests;
  int pending = 0;  // promises to settle; they keep the event loop alive
  bool collect = false;  // JavaScript is to be asked for a garbage collection
  int64_t held = 0;  // bytes that all requests hold
  int64_t told = 0;  // of them, those that JavaScript's garbage collector counts

  static Instance* of(napi_env env);
  static Instance* make(napi_env env);
  void pend(int change);
  // Asks for a garbage collection once the running JavaScript has ended, and with it the last names for what it gave up.
  void collect_soon();
};

// Settles the promises of finished jobs; then the garbage collector hears of `collect`.
void settle(Instance& instance);

}  // namespace cuvee::addon
