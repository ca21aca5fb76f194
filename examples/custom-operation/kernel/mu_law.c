/* MuLaw for the CPU device: cc -O3 -shared -fPIC -I <folder of cuvee_kernel.h> mu_law.c -o mu_law.so -lm */
#include "cuvee_kernel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { chunk = 4096 };

typedef struct Work {
  const float* from;
  float* to;
  int64_t count;
  double mu;
} Work;

static void compand(void* context, int32_t index) {
  const Work* work = context;
  const int64_t first = (int64_t)index * chunk;
  const int64_t end = first + chunk < work->count ? first + chunk : work->count;
  const double scale = 1 / log1p(work->mu);
  for (int64_t i = first; i < end; ++i) work->to[i] = (float)copysign(log1p(work->mu * fabs(work->from[i])) * scale, work->from[i]);
}

static int mu_law(CuveeCall* call) {
  if (strcmp(call->inputs[0].type, "f32") != 0) {
    call->fail(call, "samples must be f32");
    return 1;
  }
  const char* mu = strstr(call->attributes, "\"mu\":");
  const Work work = {call->inputs[0].data, call->outputs[0].data, call->inputs[0].bytes / 4, mu ? strtod(mu + 5, 0) : 255};
  call->parallel(call, (int32_t)((work.count + chunk - 1) / chunk), compand, (void*)&work);
  return 0;
}

static const CuveeKernel kernels[] = {{"example.audio.MuLaw", mu_law}};
static const CuveeKernels all = {CUVEE_KERNEL_ABI, 1, kernels};

CUVEE_EXPORT const CuveeKernels* cuvee_kernels(void) { return &all; }
