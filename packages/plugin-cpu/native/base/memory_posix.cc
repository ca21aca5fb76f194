#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>

#include "base/memory.h"

namespace cuvee {
namespace {

[[maybe_unused]] constexpr std::uintptr_t page = 4096;

}  // namespace

void* aligned_allocate(std::size_t bytes) {
  void* memory = nullptr;
  return posix_memalign(&memory, alignment, round_up(bytes ? bytes : 1, alignment)) == 0 ? memory : nullptr;
}

void aligned_free(void* memory) { std::free(memory); }

void* map_pages(std::size_t bytes, bool huge) {
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  if (huge) join_pages(memory, bytes);
  return memory;
}

void join_pages(void* memory, std::size_t bytes) {
  (void)memory, (void)bytes;
#if defined(MADV_HUGEPAGE)  // Linux
  constexpr std::size_t huge_from = 4 << 20;
  const std::uintptr_t from = reinterpret_cast<std::uintptr_t>(memory), begin = (from + page - 1) / page * page, end = (from + bytes) / page * page;
  if (bytes >= huge_from) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
#endif
}

void take_pages(void* memory, std::size_t bytes) {
#if defined(__linux__)
  constexpr int populate_write = 23;  // MADV_POPULATE_WRITE of Linux 5.14; older kernels refuse it
  const std::uintptr_t begin = reinterpret_cast<std::uintptr_t>(memory) / page * page;
  madvise(reinterpret_cast<void*>(begin), reinterpret_cast<std::uintptr_t>(memory) + bytes - begin, populate_write);
#else
  (void)memory, (void)bytes;
#endif
}

void unmap_pages(void* memory, std::size_t bytes) { munmap(memory, bytes); }

void discard_pages(void* memory, std::size_t bytes) {
#if defined(__linux__)
  madvise(memory, bytes, MADV_DONTNEED);
#else
  madvise(memory, bytes, MADV_FREE);
#endif
}

}  // namespace cuvee
