// One inference asked for from JavaScript: its tensors, and for an asynchronous one what it pins and the promise.
#pragma once

#include <node_api.h>

#include <memory>
#include <vector>

#include "addon/instance.h"
#include "runtime/compiled.h"

namespace cuvee::addon {

struct Job {
  std::shared_ptr<Request> request;
  std::vector<TensorView> in, out;
  std::vector<int64_t> dims;  // of the inputs
  Status status;

  // Asynchronous ones only; touched on JavaScript's thread.
  RequestHandle* handle = nullptr;
  napi_ref self = nullptr;  // the request's object
  std::vector<napi_ref> pins;
  napi_deferred deferred = nullptr;
};

// run(request, inputs, dims, outputs, behind): a promise of the outputs; `behind`: with little of the time that others want. runSync(request, inputs,
// dims, outputs): the outputs. Both answer { error } on failure.
napi_value run(napi_env env, napi_callback_info info);
napi_value run_sync(napi_env env, napi_callback_info info);

// Forgets an output's memory and the ArrayBuffer over it, which lives on where JavaScript holds it.
void let_go(napi_env env, RequestHandle::Output& output);

// Tells the garbage collector how much memory hangs on a request.
void account(napi_env env, RequestHandle& handle, int64_t bytes);

RequestHandle* request_handle(napi_env env, napi_value value);
CompiledHandle* compiled_handle(napi_env env, napi_value value);

}  // namespace cuvee::addon
