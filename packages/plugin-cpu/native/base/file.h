/// A file open for reading. One file for each kind of system: file_posix.cc, file_windows.cc.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace cuvee {

class File {
 public:
  /// Opens the regular file at a path in UTF-8; null, with the reason in `problem`, when that fails.
  static std::shared_ptr<File> open(const std::string& path, std::string& problem);
  ~File();
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  std::uint64_t size() const { return size_; }
  /// Device, number, size and time of last change: equal for equal content.
  const std::string& identity() const { return identity_; }

  /// Maps the whole file, for as long as this object lives; null when the system does not.
  const std::uint8_t* map();
  const std::uint8_t* mapped() const { return static_cast<const std::uint8_t*>(map_); }
  /// Gives the memory of mapped bytes back until they are next read.
  static void discard(const std::uint8_t* mapped, std::uint64_t bytes);

  /// Reads `bytes` bytes from `offset`; false, with the reason in `problem`, when they do not come.
  bool read(std::uint64_t offset, std::uint64_t bytes, void* to, std::string& problem) const;

 private:
  File() = default;
  std::intptr_t handle_ = -1;
  std::uint64_t size_ = 0;
  void* map_ = nullptr;
  std::string identity_;
};

}  // namespace cuvee
