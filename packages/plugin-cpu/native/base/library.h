// Shared libraries of users.
#pragma once

#include <string>

namespace cuvee {

// Opens a library for the rest of the process and finds an exported symbol; null with a `problem` otherwise.
void* library_symbol(const std::string& path, const char* symbol, std::string& problem);

}  // namespace cuvee
