/*
 * Kernels of your own for Cuvée's CPU device: a shared library that exports `cuvee_kernels`. Plain C, no other header.
 *
 *   static int run(CuveeCall* call) { ... return 0; }
 *   static const CuveeKernel kernels[] = {{"my.domain.MyOp", run}};
 *   static const CuveeKernels all = {CUVEE_KERNEL_ABI, 1, kernels};
 *   CUVEE_EXPORT const CuveeKernels* cuvee_kernels(void) { return &all; }
 *
 * Build with `cc -shared -fPIC`. The room of the operation (core.addExtension) says what it computes; the library is named in the
 * extension's `kernels`. It stays loaded until the process ends.
 */
#ifndef CUVEE_KERNEL_H
#define CUVEE_KERNEL_H

#include <stdint.h>

#define CUVEE_KERNEL_ABI 1

#ifdef __cplusplus
#define CUVEE_C extern "C"
extern "C" {
#else
#define CUVEE_C
#endif
#ifdef _WIN32
#define CUVEE_EXPORT CUVEE_C __declspec(dllexport)
#else
#define CUVEE_EXPORT CUVEE_C __attribute__((visibility("default")))
#endif

/* A tensor in row-major order. */
typedef struct CuveeTensor {
  const char* type; /* "f32", "i64", "u8", ...; null: an optional input that is absent */
  int32_t rank;
  const int64_t* dims;
  void* data;
  int64_t bytes;
} CuveeTensor;

/* One run of one node. Valid until `run` returns. */
typedef struct CuveeCall {
  uint32_t abi;
  const char* attributes; /* JSON object, UTF-8: every attribute of the room, defaults filled in */
  int32_t input_count;
  const CuveeTensor* inputs;
  int32_t output_count;
  /* An output whose sizes the model knows has its memory; another has data null, and -1 where a dimension is open: call `allocate`. */
  CuveeTensor* outputs;
  void* host;
  /* Memory for output i of the given dimensions (as many as its rank); 0 when that went well. Once per output and run. */
  int (*allocate)(struct CuveeCall* call, int32_t output, const int64_t* dims);
  /* Calls body(context, chunk) for every chunk in [0, chunks), on several threads; returns when all are done. */
  void (*parallel)(struct CuveeCall* call, int32_t chunks, void (*body)(void* context, int32_t chunk), void* context);
  /* Not 0 when the inference was cancelled: return soon. */
  int (*cancelled)(const struct CuveeCall* call);
  /* Why `run` is about to return something else than 0. The text is copied. */
  void (*fail)(struct CuveeCall* call, const char* message);
} CuveeCall;

typedef struct CuveeKernel {
  const char* operation; /* "domain.Name" */
  int (*run)(CuveeCall* call); /* 0: done. Called from any thread, for several requests at a time. */
} CuveeKernel;

typedef struct CuveeKernels {
  uint32_t abi; /* CUVEE_KERNEL_ABI */
  int32_t count;
  const CuveeKernel* kernels;
} CuveeKernels;

typedef const CuveeKernels* (*CuveeKernelsFunction)(void); /* the type of `cuvee_kernels` */

#ifdef __cplusplus
}
#endif
#endif
