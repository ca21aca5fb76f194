// The addon runs on GLIBC 2.28 although it is linked against a newer one: what the static libstdc++ and libgcc, and our
// own code, would take from newer versions is defined here, or forwarded to the version that every glibc has.
#if defined(__linux__)
#include <features.h>
#endif

#if defined(__GLIBC__)

#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

#if defined(__x86_64__)
#define CUVEE_OLDEST "GLIBC_2.2.5"
#elif defined(__aarch64__)
#define CUVEE_OLDEST "GLIBC_2.17"
#endif

#ifdef CUVEE_OLDEST

#define CUVEE_HIDDEN __attribute__((visibility("hidden")))
// oldest_NAME is the symbol NAME in the version that the C library started with on this processor.
#define CUVEE_OLD(name) __asm__(".symver oldest_" #name "," #name "@" CUVEE_OLDEST)

CUVEE_OLD(pthread_create);
CUVEE_OLD(pthread_join);
CUVEE_OLD(pthread_detach);
CUVEE_OLD(pthread_once);
CUVEE_OLD(pthread_key_create);
CUVEE_OLD(pthread_key_delete);
CUVEE_OLD(pthread_getspecific);
CUVEE_OLD(pthread_setspecific);
CUVEE_OLD(dlopen);
CUVEE_OLD(dlsym);
CUVEE_OLD(dlerror);
CUVEE_OLD(exp);
CUVEE_OLD(log);
CUVEE_OLD(log2);
CUVEE_OLD(pow);

extern "C" {
int oldest_pthread_create(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
int oldest_pthread_join(pthread_t, void**);
int oldest_pthread_detach(pthread_t);
int oldest_pthread_once(pthread_once_t*, void (*)());
int oldest_pthread_key_create(pthread_key_t*, void (*)(void*));
int oldest_pthread_key_delete(pthread_key_t);
void* oldest_pthread_getspecific(pthread_key_t);
int oldest_pthread_setspecific(pthread_key_t, const void*);
void* oldest_dlopen(const char*, int);
void* oldest_dlsym(void*, const char*);
char* oldest_dlerror();
double oldest_exp(double);
double oldest_log(double);
double oldest_log2(double);
double oldest_pow(double, double);

CUVEE_HIDDEN int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*body)(void*), void* argument) noexcept {
  return oldest_pthread_create(thread, attributes, body, argument);
}
CUVEE_HIDDEN int pthread_join(pthread_t thread, void** result) { return oldest_pthread_join(thread, result); }
CUVEE_HIDDEN int pthread_detach(pthread_t thread) noexcept { return oldest_pthread_detach(thread); }
CUVEE_HIDDEN int pthread_once(pthread_once_t* control, void (*body)()) { return oldest_pthread_once(control, body); }
CUVEE_HIDDEN int pthread_key_create(pthread_key_t* key, void (*destroy)(void*)) noexcept { return oldest_pthread_key_create(key, destroy); }
CUVEE_HIDDEN int __pthread_key_create(pthread_key_t* key, void (*destroy)(void*)) noexcept { return oldest_pthread_key_create(key, destroy); }
CUVEE_HIDDEN int pthread_key_delete(pthread_key_t key) noexcept { return oldest_pthread_key_delete(key); }
CUVEE_HIDDEN void* pthread_getspecific(pthread_key_t key) noexcept { return oldest_pthread_getspecific(key); }
// GCC takes the declared `access (none)` of the value for a promise that nobody passes it on.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
CUVEE_HIDDEN int pthread_setspecific(pthread_key_t key, const void* value) noexcept { return oldest_pthread_setspecific(key, value); }

CUVEE_HIDDEN void* dlopen(const char* path, int mode) noexcept { return oldest_dlopen(path, mode); }
CUVEE_HIDDEN void* dlsym(void* library, const char* symbol) noexcept { return oldest_dlsym(library, symbol); }
CUVEE_HIDDEN char* dlerror() noexcept { return oldest_dlerror(); }

// 2.29: the older ones differ in how they report errors, not in values. Named by `asm`, since headers declare them otherwise.
CUVEE_HIDDEN double local_exp(double) __asm__("exp");
CUVEE_HIDDEN double local_log(double) __asm__("log");
CUVEE_HIDDEN double local_log2(double) __asm__("log2");
CUVEE_HIDDEN double local_pow(double, double) __asm__("pow");
double local_exp(double x) { return oldest_exp(x); }
double local_log(double x) { return oldest_log(x); }
double local_log2(double x) { return oldest_log2(x); }
double local_pow(double x, double y) { return oldest_pow(x, y); }

// 2.33. The kernel fills `struct stat` as glibc lays it out on both processors.
CUVEE_HIDDEN int fstat(int file, struct stat* status) noexcept { return static_cast<int>(syscall(SYS_fstat, file, status)); }

// 2.32: libstdc++ counts references without atomics while this is true. It never is.
CUVEE_HIDDEN char __libc_single_threaded = 0;

// 2.36: std::random_device of newer libstdc++.
CUVEE_HIDDEN uint32_t arc4random() noexcept {
  uint32_t value = 0;
  while (getrandom(&value, sizeof value, 0) != static_cast<ssize_t>(sizeof value)) {
  }
  return value;
}

#ifdef DLFO_STRUCT_HAS_EH_DBASE
// 2.35: where libgcc finds the unwind tables of the code at `pc`. 0 when found, -1 when not.
CUVEE_HIDDEN int _dl_find_object(void* pc, struct dl_find_object* found) noexcept {
  struct Search {
    uintptr_t pc;
    struct dl_find_object* found;
  } search{reinterpret_cast<uintptr_t>(pc), found};
  const auto look = [](struct dl_phdr_info* object, size_t, void* data) {
    auto& [pc, found] = *static_cast<Search*>(data);
    uintptr_t start = 0, end = 0;
    void* unwind = nullptr;
    for (int i = 0; i < object->dlpi_phnum; ++i) {
      const auto& segment = object->dlpi_phdr[i];
      const uintptr_t first = object->dlpi_addr + segment.p_vaddr;
      if (segment.p_type == PT_LOAD && pc >= first && pc < first + segment.p_memsz) start = first, end = first + segment.p_memsz;
      if (segment.p_type == PT_GNU_EH_FRAME) unwind = reinterpret_cast<void*>(first);
    }
    if (start == 0) return 0;
    *found = {};
    found->dlfo_map_start = reinterpret_cast<void*>(start);
    found->dlfo_map_end = reinterpret_cast<void*>(end);
    found->dlfo_eh_frame = unwind;
    return unwind ? 1 : -1;
  };
  return dl_iterate_phdr(look, &search) == 1 ? 0 : -1;
}
#endif

}  // extern "C"

#endif  // CUVEE_OLDEST
#endif  // glibc
