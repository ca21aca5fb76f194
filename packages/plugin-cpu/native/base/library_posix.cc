#include <dlfcn.h>

#include "base/library.h"

namespace cuvee {

void* library_symbol(const std::string& path, const char* symbol, std::string& problem) {
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  void* found = library ? dlsym(library, symbol) : nullptr;
  if (!found) {
    const char* why = dlerror();
    problem = why ? why : "not found";
  }
  return found;
}

}  // namespace cuvee
