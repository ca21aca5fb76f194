#include "tests/check.h"

#include "kernels/peak.h"

#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <numeric>
#include <utility>

#include "base/memory.h"
#include "base/system.h"
#include "kernels/table.h"
#include "kernels/tile/tile.h"
#include "runtime/pool.h"

namespace cuvee::test {

Guarded::Guarded(std::size_t count, float fill) : size_(count) {
  const std::size_t page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE)), bytes = count * sizeof(float);
  const std::size_t pages = (bytes + page - 1) / page + 1;
  mapped_ = (pages + 1) * page;
  mapping_ = mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  char* end = static_cast<char*>(mapping_) + pages * page;
  mprotect(end, page, PROT_NONE);
  data_ = reinterpret_cast<float*>(end - bytes);
  std::fill_n(data_, count, fill);
}
Guarded::Guarded(Guarded&& other) noexcept
    : mapping_(std::exchange(other.mapping_, nullptr)), mapped_(other.mapped_), data_(other.data_), size_(other.size_) {}
Guarded::~Guarded() {
  if (mapping_) munmap(mapping_, mapped_);
}

Guarded to_blocked(const std::vector<float>& planar, int n, int c, int plane, int block) {
  const int blocks = (c + block - 1) / block;
  Guarded out(std::size_t(n) * blocks * plane * block);
  for (int i = 0; i < n; ++i)
    for (int ch = 0; ch < c; ++ch)
      for (int p = 0; p < plane; ++p)
        out[((std::size_t(i) * blocks + ch / block) * plane + p) * block + ch % block] = planar[(std::size_t(i) * c + ch) * plane + p];
  return out;
}

std::vector<float> to_planar(const Guarded& blocked, int n, int c, int plane, int block, const char* what) {
  const int blocks = (c + block - 1) / block;
  std::vector<float> out(std::size_t(n) * c * plane);
  for (int i = 0; i < n; ++i)
    for (int ch = 0; ch < blocks * block; ++ch)
      for (int p = 0; p < plane; ++p) {
        const float value = blocked[((std::size_t(i) * blocks + ch / block) * plane + p) * block + ch % block];
        if (ch < c) out[(std::size_t(i) * c + ch) * plane + p] = value;
        else if (value != 0) return fail("%s: pad lane %d of pixel %d holds %g", what, ch, p, double(value)), out;
      }
  return out;
}

double activate(double x, Act act, double a, double b) {
  const double softplus = std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
  switch (act) {
    case Act::none: return x;
    case Act::relu: return x != x ? x : std::max(x, 0.0);
    case Act::clip: return x != x ? x : std::min(std::max(x, a), b);
    case Act::hard_swish: return x * (x != x ? x : std::min(std::max(a * x + b, 0.0), 1.0));
    case Act::hard_sigmoid: return x != x ? x : std::min(std::max(a * x + b, 0.0), 1.0);
    case Act::sigmoid: return 1 / (1 + std::exp(-x));
    case Act::silu: return x / (1 + std::exp(-a * x));
    case Act::elu: return x < 0 ? a * std::expm1(x) : x;
    case Act::leaky_relu: return x < 0 ? a * x : x;
    case Act::gelu_erf: return x * (1 + std::erf(x / std::sqrt(2.0))) / 2;
    case Act::gelu_tanh: return x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x))) / 2;
    case Act::tanh: return std::tanh(x);
    case Act::softplus: return softplus;
    case Act::mish: return x * std::tanh(softplus);
  }
  return x;
}

void expect_close(const std::vector<float>& got, const std::vector<double>& want, double absolute, double relative, const char* what, double scale) {
  CHECK(got.size() == want.size(), "%s: %zu values instead of %zu", what, got.size(), want.size());
  double most = scale;
  for (double value : want)
    if (std::isfinite(value)) most = std::max(most, std::abs(value));
  for (std::size_t i = 0; i < want.size(); ++i) {
    const double g = got[i], w = want[i];
    if (std::isnan(w) ? std::isnan(g) : g == w || std::abs(g - w) <= absolute * most + relative * std::abs(w)) continue;
    return fail("%s: value %zu is %.9g instead of %.9g (largest %.3g)", what, i, g, w, most);
  }
}

double EpilogueCase::apply(double x, int c, double r) const {
  if (!bias.empty()) x += bias[c];
  if (!pre_scale.empty()) x = x * pre_scale[c] + pre_shift[c];
  if (epilogue.has_residual && !epilogue.residual_after) x += r;
  x = activate(x, epilogue.act, epilogue.a, epilogue.b);
  if (!post_scale.empty()) x = x * post_scale[c] + post_shift[c];
  if (epilogue.has_residual && epilogue.residual_after) x += r;
  return x;
}

EpilogueCase make_epilogue(int kind, int channels, std::uint64_t seed) {
  EpilogueCase out;
  Random random(seed + 77);
  const auto array = [&](std::vector<float>& values) {
    values.assign(channel_array_size(channels), 0.0f);
    for (int c = 0; c < channels; ++c) values[c] = random.value();
    return values.data();
  };
  Epilogue& e = out.epilogue;
  if (kind > 0) e.bias = array(out.bias);
  struct Row {
    Act act;
    float a, b;
    int parts;  // 1: pre, 2: post, 4: residual before, 8: residual after
  };
  static constexpr Row rows[epilogue_kinds] = {
      {Act::none, 0, 0, 0},           {Act::none, 0, 0, 4},          {Act::relu, 0, 0, 0},
      {Act::relu, 0, 0, 4},           {Act::relu, 0, 0, 8},          {Act::clip, 0, 6, 2},
      {Act::clip, 0.25f, 1, 0},       {Act::hard_swish, 1 / 6.f, 0.5f, 2}, {Act::hard_swish, 1 / 6.f, 0.5f, 3},
      {Act::hard_sigmoid, 0.2f, 0.5f, 0}, {Act::sigmoid, 0, 0, 0},   {Act::silu, 1, 0, 0},
      {Act::elu, 1, 0, 0},            {Act::leaky_relu, 0.1f, 0, 0}, {Act::gelu_erf, 0, 0, 0},
      {Act::gelu_tanh, 0, 0, 0},      {Act::tanh, 0, 0, 0},          {Act::softplus, 0, 0, 0},
      {Act::mish, 0, 0, 0},           {Act::none, 0, 0, 15 - 4},
  };
  const Row& row = rows[kind];
  e.act = row.act;
  e.a = row.a;
  e.b = row.b;
  if (row.parts & 1) e.pre_scale = array(out.pre_scale), e.pre_shift = array(out.pre_shift);
  if (row.parts & 2) e.post_scale = array(out.post_scale), e.post_shift = array(out.post_shift);
  e.has_residual = (row.parts & 12) != 0;
  e.residual_after = (row.parts & 8) != 0;
  return out;
}

// Where scripts/instructions.mjs has valgrind count.
[[gnu::noinline]] void counted(const std::function<void()>& body) {
  body();
  asm volatile("" ::: "memory");
}

Timing measure(const std::function<void()>& body, double seconds) {
  if (bench_seconds() == 0) {
    counted(body);
    return {1, 1};
  }
  // On one thread its own processor time: other processes then disturb only the caches.
  const auto now = [clock = bench_threads() > 1 ? CLOCK_MONOTONIC : CLOCK_THREAD_CPUTIME_ID] {
    timespec t;
    clock_gettime(clock, &t);
    return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
  };
  body();
  std::vector<double> times;
  for (const double start = now(); times.size() < 5 || now() - start < seconds;) {
    const double before = now();
    body();
    times.push_back(now() - before);
  }
  std::sort(times.begin(), times.end());
  return {times.front(), times[times.size() / 2]};
}

int bench_threads() { return option("threads") ? std::atoi(option("threads")) : 1; }
double bench_seconds() { return option("seconds") ? std::atof(option("seconds")) : 0.3; }
Isa bench_isa() { return isas().back(); }

void report(const char* name, Isa isa, int threads, const Work& work, const Timing& timing) {
  if (bench_seconds() == 0) return;
  static double peak = 0;
  static std::map<int, double> rates;  // by the binary logarithm of the bytes
  const auto measured = [&](auto&& measure_it) {
    Pool pool({threads, 100, false});
    pool.enter();
    const double result = measure_it(pool);
    pool.leave();
    return result;
  };
  if (peak == 0) {
    std::vector<double> each(static_cast<std::size_t>(threads));
    measured([&](Parallel& pool) { return parallel_for(pool, threads, [&](int chunk, int) { each[static_cast<std::size_t>(chunk)] = peak_gflops(isa, 0.05); }), 0.0; });
    peak = std::max(std::accumulate(each.begin(), each.end(), 0.0), threads * peak_gflops(isa, 0.05));
    std::printf("%s, %d threads: %.0f GFLOP/s\n", isa_name(isa), threads, peak);
  }
  const double arithmetic = work.flops / peak * 1e-9;
  double memory = 0;
  if (work.bytes >= 2.0 * static_cast<double>(second_level_cache())) {
    double& rate = rates[std::ilogb(work.bytes)];
    if (rate == 0) rate = measured([&](Parallel& pool) { return read_gigabytes(isa, pool, std::size_t{1} << std::ilogb(work.bytes)); });
    memory = work.bytes / rate * 1e-9;
  }
  std::printf("%-44s best %9.1f us  median %9.1f us  %7.1f GFLOP/s %6.1f GB/s  %5.1f %% of peak  %5.1f %% of roofline (%s)\n", name, timing.best * 1e6, timing.median * 1e6,
              work.flops / timing.best * 1e-9, work.bytes / timing.best * 1e-9, 100 * arithmetic / timing.best, 100 * std::max(arithmetic, memory) / timing.best,
              memory > arithmetic ? "memory" : "arithmetic");
  std::fflush(stdout);
}

}  // namespace cuvee::test
