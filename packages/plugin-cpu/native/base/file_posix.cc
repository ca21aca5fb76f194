#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/file.h"

namespace cuvee {
namespace {

#if defined(__APPLE__)
const timespec& changed(const struct stat& info) { return info.st_mtimespec; }
#else
const timespec& changed(const struct stat& info) { return info.st_mtim; }
#endif

}  // namespace

std::shared_ptr<File> File::open(const std::string& path, std::string& problem) {
  const std::shared_ptr<File> file(new File);
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  file->handle_ = fd;
  struct stat info;
  if (fd < 0 || fstat(fd, &info) != 0) {
    problem = std::strerror(errno);
    return nullptr;
  }
  if (!S_ISREG(info.st_mode)) {
    problem = "not a regular file";
    return nullptr;
  }
  file->size_ = static_cast<std::uint64_t>(info.st_size);
  const timespec stamp = changed(info);
  for (const long long part : {static_cast<long long>(info.st_dev), static_cast<long long>(info.st_ino), static_cast<long long>(info.st_size), static_cast<long long>(stamp.tv_sec), static_cast<long long>(stamp.tv_nsec)})
    file->identity_.append(std::to_string(part)).push_back('.');
  return file;
}

File::~File() {
  if (map_) munmap(map_, size_);
  if (handle_ >= 0) close(static_cast<int>(handle_));
}

const std::uint8_t* File::map() {
  if (map_) return mapped();
  void* map = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, static_cast<int>(handle_), 0);
  if (map != MAP_FAILED) map_ = map;
  return mapped();
}

void File::discard(const std::uint8_t* mapped, std::uint64_t bytes) {
  static const std::uintptr_t page = [] {
    const long size = sysconf(_SC_PAGESIZE);
    return size > 0 ? static_cast<std::uintptr_t>(size) : 4096;
  }();
  const auto at = reinterpret_cast<std::uintptr_t>(mapped);
  const std::uintptr_t from = (at + page - 1) & ~(page - 1), to = (at + bytes) & ~(page - 1);
  if (to > from) madvise(reinterpret_cast<void*>(from), to - from, MADV_DONTNEED);
}

bool File::read(std::uint64_t offset, std::uint64_t bytes, void* to, std::string& problem) const {
  for (std::uint64_t done = 0; done < bytes;) {
    const ssize_t n = pread(static_cast<int>(handle_), static_cast<char*>(to) + done, bytes - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      problem = n < 0 ? std::strerror(errno) : "it ended early";
      return false;
    }
    done += static_cast<std::uint64_t>(n);
  }
  return true;
}

}  // namespace cuvee
