// Node-API comes from the program that loads the addon, whatever that is called: node.exe, electron.exe, one that embeds Node.
// A function declared dllimport is called through a pointer named __imp_FUNCTION. An import library would fill these from a
// module of one fixed name; here they are filled when the addon is loaded. A function that the list lacks fails to link.
#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>

#include <initializer_list>

#define FUNCTIONS(X) \
  X(napi_add_env_cleanup_hook) X(napi_adjust_external_memory) X(napi_call_threadsafe_function) \
  X(napi_check_object_type_tag) X(napi_close_handle_scope) X(napi_create_array) X(napi_create_array_with_length) \
  X(napi_create_arraybuffer) X(napi_create_double) X(napi_create_external_arraybuffer) X(napi_create_function) \
  X(napi_create_object) X(napi_create_promise) X(napi_create_reference) X(napi_create_string_utf8) \
  X(napi_create_threadsafe_function) X(napi_create_typedarray) X(napi_delete_reference) X(napi_get_array_length) \
  X(napi_get_arraybuffer_info) X(napi_get_boolean) X(napi_get_cb_info) X(napi_get_dataview_info) X(napi_get_element) \
  X(napi_get_instance_data) X(napi_get_named_property) X(napi_get_reference_value) X(napi_get_typedarray_info) \
  X(napi_get_value_bool) X(napi_get_value_double) X(napi_get_value_string_utf8) X(napi_is_array) X(napi_is_arraybuffer) X(napi_is_dataview) \
  X(napi_is_typedarray) X(napi_open_handle_scope) X(napi_ref_threadsafe_function) X(napi_release_threadsafe_function) \
  X(napi_resolve_deferred) X(napi_set_element) X(napi_set_instance_data) X(napi_set_named_property) \
  X(napi_type_tag_object) X(napi_typeof) X(napi_unref_threadsafe_function) X(napi_unwrap) X(napi_wrap)

extern "C" {
#define POINTER(name) void* __imp_##name = nullptr;
FUNCTIONS(POINTER)
}

namespace {

void* find(const char* name) {
  for (const HMODULE host : {GetModuleHandleW(nullptr), GetModuleHandleW(L"libnode.dll")})
    if (host)
      if (const FARPROC found = GetProcAddress(host, name)) return reinterpret_cast<void*>(found);
  return nullptr;
}

struct Fill {
  Fill() {
#define FILL(name) __imp_##name = find(#name);
    FUNCTIONS(FILL)
  }
};
const Fill fill;

}  // namespace
