#include "base/memory.h"

#include <cstdlib>
#if defined(_WIN32)
#include <malloc.h>
#endif

namespace cuvee {

void* aligned_allocate(std::size_t bytes) {
  const std::size_t size = round_up(bytes ? bytes : 1, alignment);
#if defined(_WIN32)
  return _aligned_malloc(size, alignment);
#else
  void* memory = nullptr;
  return posix_memalign(&memory, alignment, size) == 0 ? memory : nullptr;
#endif
}

void aligned_free(void* memory) {
#if defined(_WIN32)
  _aligned_free(memory);
#else
  std::free(memory);
#endif
}

}  // namespace cuvee
