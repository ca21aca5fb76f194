// Reading and making JavaScript values by Node-API's C interface. Nothing here throws: a failed call (the environment may be
// ending) yields an empty value, and callers go on or return.
#pragma once

#include <node_api.h>

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "runtime/step.h"

namespace cuvee::addon {

// The arguments of a call; absent ones are undefined.
template <size_t N> struct Arguments {
  napi_value at[N];
  Arguments(napi_env env, napi_callback_info info) {
    size_t count = N;
    for (napi_value& v : at) v = nullptr;
    napi_get_cb_info(env, info, &count, at, nullptr, nullptr);
  }
  napi_value operator[](size_t i) const { return at[i]; }
};

napi_value number(napi_env env, double value);
napi_value text(napi_env env, std::string_view value);
napi_value object(napi_env env, std::initializer_list<std::pair<const char*, napi_value>> properties);

// Property `name`, or null when absent, undefined or null.
napi_value property(napi_env env, napi_value from, const char* name);
double number_or(napi_env env, napi_value value, double otherwise);
bool truth(napi_env env, napi_value value);
// False for anything but a string.
bool string(napi_env env, napi_value value, std::string& to);
uint32_t length(napi_env env, napi_value array);
napi_value element(napi_env env, napi_value array, uint32_t index);

// Memory of an ArrayBuffer, typed array or DataView; false for anything else, and for detached ones unless empty.
bool memory(napi_env env, napi_value value, std::span<uint8_t>& bytes);

// { code, message, op?, origin?, shape?: { kind, index, registers: Float64Array, path } }
napi_value failure(napi_env env, const Status& status);

}  // namespace cuvee::addon
