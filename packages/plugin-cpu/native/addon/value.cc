#include "addon/value.h"

#include <cstring>

namespace cuvee::addon {

napi_value number(napi_env env, double value) {
  napi_value v = nullptr;
  napi_create_double(env, value, &v);
  return v;
}

napi_value text(napi_env env, std::string_view value) {
  napi_value v = nullptr;
  napi_create_string_utf8(env, value.data(), value.size(), &v);
  return v;
}

napi_value object(napi_env env, std::initializer_list<std::pair<const char*, napi_value>> properties) {
  napi_value made = nullptr;
  if (napi_create_object(env, &made) != napi_ok) return nullptr;
  for (const auto& [name, value] : properties)
    if (value) napi_set_named_property(env, made, name, value);
  return made;
}

napi_value property(napi_env env, napi_value from, const char* name) {
  if (!from) return nullptr;
  napi_valuetype type;
  if (napi_typeof(env, from, &type) != napi_ok || type != napi_object) return nullptr;
  napi_value v = nullptr;
  if (napi_get_named_property(env, from, name, &v) != napi_ok) return nullptr;
  if (napi_typeof(env, v, &type) != napi_ok || type == napi_undefined || type == napi_null) return nullptr;
  return v;
}

double number_or(napi_env env, napi_value value, double otherwise) {
  double x = 0;
  return value && napi_get_value_double(env, value, &x) == napi_ok ? x : otherwise;
}

bool truth(napi_env env, napi_value value) {
  bool x = false;
  return value && napi_get_value_bool(env, value, &x) == napi_ok && x;
}

bool string(napi_env env, napi_value value, std::string& to) {
  size_t size = 0;
  if (!value || napi_get_value_string_utf8(env, value, nullptr, 0, &size) != napi_ok) return false;
  to.resize(size);
  return napi_get_value_string_utf8(env, value, to.data(), size + 1, &size) == napi_ok;
}

uint32_t length(napi_env env, napi_value array) {
  uint32_t n = 0;
  bool is = false;
  return array && napi_is_array(env, array, &is) == napi_ok && is && napi_get_array_length(env, array, &n) == napi_ok ? n : 0;
}

napi_value element(napi_env env, napi_value array, uint32_t index) {
  napi_value v = nullptr;
  return napi_get_element(env, array, index, &v) == napi_ok ? v : nullptr;
}

bool memory(napi_env env, napi_value value, std::span<uint8_t>& bytes) {
  if (!value) return false;
  bool is = false;
  void* data = nullptr;
  size_t count = 0;
  if (napi_is_typedarray(env, value, &is) == napi_ok && is) {
    napi_typedarray_type type;
    if (napi_get_typedarray_info(env, value, &type, &count, &data, nullptr, nullptr) != napi_ok) return false;
    switch (type) {
      case napi_int16_array: case napi_uint16_array: count *= 2; break;
      case napi_int32_array: case napi_uint32_array: case napi_float32_array: count *= 4; break;
      case napi_float64_array: case napi_bigint64_array: case napi_biguint64_array: count *= 8; break;
      default: break;
    }
  } else if (napi_is_arraybuffer(env, value, &is) == napi_ok && is) {
    if (napi_get_arraybuffer_info(env, value, &data, &count) != napi_ok) return false;
  } else if (napi_is_dataview(env, value, &is) == napi_ok && is) {
    if (napi_get_dataview_info(env, value, &count, &data, nullptr, nullptr) != napi_ok) return false;
  } else {
    return false;
  }
  bytes = {static_cast<uint8_t*>(data), data ? count : 0};
  return true;
}

namespace {

napi_value shape_trouble(napi_env env, const ShapeTrouble& trouble) {
  void* data = nullptr;
  napi_value buffer = nullptr, registers = nullptr, path = nullptr;
  if (napi_create_arraybuffer(env, trouble.registers.size() * 8, &data, &buffer) != napi_ok) return nullptr;
  for (size_t i = 0; i < trouble.registers.size(); ++i) static_cast<double*>(data)[i] = static_cast<double>(trouble.registers[i]);
  napi_create_typedarray(env, napi_float64_array, trouble.registers.size(), buffer, 0, &registers);
  napi_create_array(env, &path);
  for (size_t i = 0; i < trouble.path.size(); ++i) napi_set_element(env, path, static_cast<uint32_t>(i), number(env, trouble.path[i]));
  return object(env, {{"kind", number(env, trouble.kind)}, {"index", number(env, trouble.index)}, {"registers", registers}, {"path", path}});
}

}  // namespace

napi_value failure(napi_env env, const Status& status) {
  return object(env, {{"code", text(env, status.code)},
                      {"message", text(env, status.message)},
                      {"op", status.op.empty() ? nullptr : text(env, status.op)},
                      {"origin", status.origin.empty() ? nullptr : text(env, status.origin)},
                      {"shape", status.shape ? shape_trouble(env, *status.shape) : nullptr}});
}

}  // namespace cuvee::addon
