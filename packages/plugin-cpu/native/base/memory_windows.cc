#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <malloc.h>
#include <windows.h>

#include "base/memory.h"

namespace cuvee {

void* aligned_allocate(std::size_t bytes) { return _aligned_malloc(round_up(bytes ? bytes : 1, alignment), alignment); }

void aligned_free(void* memory) { _aligned_free(memory); }

void* map_pages(std::size_t bytes, bool) { return VirtualAlloc(nullptr, bytes, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE); }

void take_pages(void*, std::size_t) {}

void join_pages(void*, std::size_t) {}

void unmap_pages(void* memory, std::size_t) { VirtualFree(memory, 0, MEM_RELEASE); }

void discard_pages(void* memory, std::size_t bytes) { VirtualAlloc(memory, bytes, MEM_RESET, PAGE_READWRITE); }

}  // namespace cuvee
