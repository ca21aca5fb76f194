#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>

#include <algorithm>

#include "base/file.h"

namespace cuvee {
namespace {

HANDLE handle_of(std::intptr_t value) { return reinterpret_cast<HANDLE>(value); }

std::wstring wide(const std::string& text) {
  const int length = MultiByteToWideChar(CP_UTF8, 0, text.data(), static_cast<int>(text.size()), nullptr, 0);
  std::wstring result(static_cast<std::size_t>(length), L'\0');
  MultiByteToWideChar(CP_UTF8, 0, text.data(), static_cast<int>(text.size()), result.data(), length);
  return result;
}

std::string last_problem() { return "error " + std::to_string(GetLastError()); }

}  // namespace

std::shared_ptr<File> File::open(const std::string& path, std::string& problem) {
  const std::shared_ptr<File> file(new File);
  const HANDLE handle = CreateFileW(wide(path).c_str(), GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, nullptr, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, nullptr);
  file->handle_ = reinterpret_cast<std::intptr_t>(handle);
  BY_HANDLE_FILE_INFORMATION info;
  if (handle == INVALID_HANDLE_VALUE || !GetFileInformationByHandle(handle, &info)) {
    problem = last_problem();
    return nullptr;
  }
  if (GetFileType(handle) != FILE_TYPE_DISK) {
    problem = "not a regular file";
    return nullptr;
  }
  file->size_ = (std::uint64_t{info.nFileSizeHigh} << 32) | info.nFileSizeLow;
  for (const DWORD part : {info.dwVolumeSerialNumber, info.nFileIndexHigh, info.nFileIndexLow, info.nFileSizeHigh, info.nFileSizeLow, info.ftLastWriteTime.dwHighDateTime, info.ftLastWriteTime.dwLowDateTime})
    file->identity_.append(std::to_string(part)).push_back('.');
  return file;
}

File::~File() {
  if (map_) UnmapViewOfFile(map_);
  if (handle_of(handle_) != INVALID_HANDLE_VALUE) CloseHandle(handle_of(handle_));
}

const std::uint8_t* File::map() {
  if (map_) return mapped();
  const HANDLE mapping = CreateFileMappingW(handle_of(handle_), nullptr, PAGE_READONLY, 0, 0, nullptr);
  if (!mapping) return nullptr;
  map_ = MapViewOfFile(mapping, FILE_MAP_READ, 0, 0, 0);
  CloseHandle(mapping);  // the view keeps it
  return mapped();
}

// Unlocking pages that are not locked takes them out of the working set.
void File::discard(const std::uint8_t* mapped, std::uint64_t bytes) { VirtualUnlock(const_cast<std::uint8_t*>(mapped), static_cast<SIZE_T>(bytes)); }

bool File::read(std::uint64_t offset, std::uint64_t bytes, void* to, std::string& problem) const {
  for (std::uint64_t done = 0; done < bytes;) {
    OVERLAPPED at{};
    at.Offset = static_cast<DWORD>(offset + done);
    at.OffsetHigh = static_cast<DWORD>((offset + done) >> 32);
    DWORD n = 0;
    const auto part = static_cast<DWORD>(std::min<std::uint64_t>(bytes - done, 1u << 30));
    if (!ReadFile(handle_of(handle_), static_cast<char*>(to) + done, part, &n, &at) || n == 0) {
      problem = n == 0 && GetLastError() == ERROR_HANDLE_EOF ? "it ended early" : last_problem();
      return false;
    }
    done += n;
  }
  return true;
}

}  // namespace cuvee
