#include "runtime/mapping.h"

#include <algorithm>
#include <mutex>
#include <vector>

#include "base/memory.h"

namespace cuvee {
namespace {

constexpr uint64_t slack = 64;  // vector loads may read past the last element
constexpr uint64_t share_from = uint64_t{64} << 20;
constexpr uint64_t page = 4096;  // the rest of a file's last page is zeros

// Never destroyed: blobs may outlive everything else.
struct Mappings {
  std::mutex mutex;
  std::vector<std::weak_ptr<File>> files;
};
Mappings& mappings() {
  static Mappings* const it = new Mappings;
  return *it;
}

}  // namespace

std::shared_ptr<File> map_file(const std::string& path, std::string& problem) {
  std::shared_ptr<File> file = File::open(path, problem);
  if (!file) return nullptr;
  if (file->size() == 0 || !file->map()) {
    problem = "it cannot be mapped";
    return nullptr;
  }
  std::lock_guard lock(mappings().mutex);
  std::erase_if(mappings().files, [](const auto& f) { return f.expired(); });
  mappings().files.push_back(file);
  return file;
}

std::shared_ptr<File> mapping_of(const void* data, uint64_t bytes) {
  const auto at = reinterpret_cast<uintptr_t>(data);
  if (at % alignment != 0) return nullptr;
  std::lock_guard lock(mappings().mutex);
  for (const auto& weak : mappings().files) {
    auto file = weak.lock();
    if (!file || file->size() < share_from) continue;
    const auto begin = reinterpret_cast<uintptr_t>(file->mapped());
    const uint64_t size = round_up(file->size(), page);
    if (at >= begin && at - begin <= size && bytes + slack <= size - (at - begin)) return file;
  }
  return nullptr;
}

}  // namespace cuvee
