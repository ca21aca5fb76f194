#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>

#include "base/library.h"

namespace cuvee {

void* library_symbol(const std::string& path, const char* symbol, std::string& problem) {
  std::wstring wide(static_cast<size_t>(MultiByteToWideChar(CP_UTF8, 0, path.data(), static_cast<int>(path.size()), nullptr, 0)), L'\0');
  MultiByteToWideChar(CP_UTF8, 0, path.data(), static_cast<int>(path.size()), wide.data(), static_cast<int>(wide.size()));
  const HMODULE library = LoadLibraryW(wide.c_str());
  void* found = library ? reinterpret_cast<void*>(GetProcAddress(library, symbol)) : nullptr;
  if (!found) problem = "error " + std::to_string(GetLastError());
  return found;
}

}  // namespace cuvee
