// Files that JavaScript reads through memory of the system: constants that lie in them are used where they lie.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/file.h"

namespace cuvee {

// A whole file in memory, for as long as the result lives; null, with the reason, when the system does not give it. For files that are only
// ever replaced, such as those of a cache: one that is cut short under a mapping kills the process.
std::shared_ptr<File> map_file(const std::string& path, std::string& problem);

// The mapping in which `bytes` bytes lie at an address that vectors may read from, 64 further ones readable; null when they lie elsewhere,
// or in a small file: those are worth a copy, since nothing that happens to the file later can reach one.
std::shared_ptr<File> mapping_of(const void* data, uint64_t bytes);

}  // namespace cuvee
