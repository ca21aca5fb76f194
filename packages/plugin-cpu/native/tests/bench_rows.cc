// Families whose kernels take rows: pieces of larger tensors, from memory, as layers of a network find them.
#include <cstdio>
#include <cstring>
#include <vector>

#include "base/memory.h"
#include "kernels/digest/digest.h"
#include "kernels/eltwise/eltwise.h"
#include "kernels/image/image.h"
#include "kernels/lrn/lrn.h"
#include "kernels/mvn/mvn.h"
#include "kernels/pool/pool.h"
#include "kernels/reduce/reduce.h"
#include "kernels/reorder/reorder.h"
#include "kernels/resize/resize.h"
#include "kernels/softmax/softmax.h"
#include "runtime/pool.h"
#include "tests/check.h"

using namespace cuvee;
using namespace cuvee::test;

namespace {

/// Whether this run is one of scripts/instructions.mjs, whose cases are small and named `count_`.
bool small() { return option("only") && std::strncmp(option("only"), "count_", 6) == 0; }
/// Of each tensor: 32 MiB, or 1 MiB.
int tensor_floats() {
  static const int floats = small() ? 1 << 18 : 1 << 23;  // once: the command line is not to be counted with each row
  return floats;
}

/// Memory that all benches of this file share, touched once.
float* memory_of(int which) {
  static float* const all = [] {
    const std::size_t count = 4 * static_cast<std::size_t>(tensor_floats());
    auto* floats = static_cast<float*>(map_pages(count * sizeof(float)));
    Random random(7);
    for (std::size_t i = 0; i < count; ++i) floats[i] = i < 4096 ? random.value() : floats[i - 4096];
    return floats;
  }();
  return all + std::size_t(which) * static_cast<std::size_t>(tensor_floats());
}

/// `body(row)` for every row, by the bench's threads; `flops` and `bytes` are one row's.
template <class Body> void bench_rows(const char* name, int rows, Work row, Body&& body) {
  const int threads = bench_threads(), chunks = std::min(rows, 16 * threads);
  Pool pool({threads, 100, false});
  pool.enter();
  const Timing timing = measure([&] {
    parallel_for(pool, chunks, [&](int chunk, int) {
      const int to = static_cast<int>(std::int64_t(rows) * (chunk + 1) / chunks);
      for (int r = static_cast<int>(std::int64_t(rows) * chunk / chunks); r < to; ++r) body(r);
    });
  }, bench_seconds());
  pool.leave();
  report(name, bench_isa(), threads, {row.flops * rows, row.bytes * rows}, timing);
}

}  // namespace

BENCH(bench_eltwise) {
  const int n = 1024, rows = tensor_floats() / n;
  const EltwiseRow run = eltwise_row(bench_isa());
  const auto one = [&](const char* name, opcode::Opcode op, int operands) {
    bench_rows(name, rows, {double(n), (operands + 1) * 4.0 * n}, [&](int r) {
      const std::size_t at = std::size_t(r) * n;
      run({op, 0, 1, 2, 3, 0.5f, 0.5f}, memory_of(3) + at, memory_of(0) + at, operands > 1 ? memory_of(1) + at : nullptr, operands > 2 ? memory_of(2) + at : nullptr, n);
    });
  };
  one("eltwise add", opcode::add_, 2);
  one("eltwise mul", opcode::mul_, 2);
  one("eltwise max", opcode::max_, 2);
  one("eltwise abs", opcode::abs_, 1);
  one("eltwise exp", opcode::exp_, 1);
  one("eltwise tanh", opcode::tanh_, 1);
}
BENCH(bench_reduce) {
  const ReduceKernels& k = reduce_kernels(bench_isa());
  const int n = 4096, rows = tensor_floats() / n;
  bench_rows("reduce rows of 4096: sum", rows, {double(n), 4.0 * n}, [&](int r) { memory_of(3)[r * 16] = k.row(Reduction::sum, memory_of(0) + std::size_t(r) * n, n); });
  bench_rows("reduce rows of 4096: max", rows, {double(n), 4.0 * n}, [&](int r) { memory_of(3)[r * 16] = k.row(Reduction::max, memory_of(0) + std::size_t(r) * n, n); });
  bench_rows("reduce 64 rows of 1024: sum", rows / 16, {65536.0, 65536 * 4.0}, [&](int r) { k.columns(Reduction::sum, memory_of(3) + std::size_t(r) * 1024, memory_of(0) + std::size_t(r) * 65536, 1024, 64, 1024); });
}
BENCH(bench_softmax) {
  const SoftmaxKernels& k = softmax_kernels(bench_isa());
  for (const int n : {40, 1000, 6625}) {
    char name[40];
    std::snprintf(name, sizeof name, "softmax rows of %d", n);
    bench_rows(name, tensor_floats() / n, {4.0 * n, 8.0 * n}, [&](int r) { k.row(memory_of(0) + std::size_t(r) * n, memory_of(3) + std::size_t(r) * n, n, false); });
  }
}
BENCH(bench_mvn) {
  const MvnRowKernel run = mvn_row(bench_isa());
  for (const int n : {120, 768}) {
    char name[40];
    std::snprintf(name, sizeof name, "mvn rows of %d", n);
    bench_rows(name, tensor_floats() / n, {6.0 * n, 8.0 * n}, [&](int r) { run({true, true, 1e-5f, memory_of(1), memory_of(2)}, memory_of(0) + std::size_t(r) * n, memory_of(3) + std::size_t(r) * n, n); });
  }
}
BENCH(bench_pool) {
  const PoolRowKernel run = pool_row(bench_isa());
  const int block = kernel_table(bench_isa()).block, in = 112, out = 56, planes = tensor_floats() / (in * in * block);
  PoolAxis columns;
  for (int o = 0; o < out; ++o) columns.begin.push_back(2 * o), columns.count.push_back(o == out - 1 ? 2 : 3), columns.padded.push_back(3);
  for (const bool average : {false, true})
    bench_rows(average ? "pool 3x3 s2 112x112: average" : "pool 3x3 s2 112x112: max", planes * out, {9.0 * out * block, (2.0 * in + out) * block * 4}, [&](int r) {
      const int plane = r / out, y = r % out;
      run({memory_of(3) + std::size_t(r) * out * block, memory_of(0) + (std::size_t(plane) * in + 2 * y) * in * block, std::ptrdiff_t(in) * block, y == out - 1 ? 2 : 3, 3,
           columns.begin.data(), columns.count.data(), columns.padded.data(), 1, out, average, true, block});
    });
}
BENCH(bench_lrn) {
  const LrnRowKernel run = lrn_row(bench_isa());
  const int channels = 64, pixels = 56 * 56, images = tensor_floats() / (channels * pixels);
  const int block = kernel_table(bench_isa()).block;
  bench_rows("lrn 64 56x56, 5 channels", images * 56, {double(channels) * 56 * 13, channels * 56 * 8.0}, [&](int r) {
    const std::size_t at = std::size_t(r / 56) * channels * pixels + std::size_t(r % 56) * 56 * block;
    run({memory_of(0) + at, memory_of(3) + at, std::ptrdiff_t(pixels) * block, channels, 56, 2, 2, 1, 1e-4f, 0.75f});
  });
}
BENCH(bench_resize) {
  const ResizeKernels& k = resize_kernels(bench_isa());
  constexpr int in = 80, out = 160;
  const int block = kernel_table(bench_isa()).block, rows = tensor_floats() / (out * block);
  std::vector<std::int32_t> start, at;
  std::vector<float> weight;
  for (int o = 0; o < out; ++o) {
    start.push_back(static_cast<int>(at.size()));
    const int left = std::clamp((o - 1) / 2, 0, in - 2);
    at.push_back(left), at.push_back(left + 1), weight.push_back(o % 2 ? 0.75f : 0.25f), weight.push_back(o % 2 ? 0.25f : 0.75f);
  }
  start.push_back(static_cast<int>(at.size()));
  bench_rows("resize x2, columns", rows, {4.0 * out * block, 4.0 * (in + out) * block}, [&](int r) {
    k.columns(memory_of(3) + std::size_t(r) * out * block, memory_of(0) + std::size_t(r) * in * block, start.data(), at.data(), weight.data(), out);
  });
  bench_rows("resize x2, rows", rows, {4.0 * out * block, 8.0 * out * block}, [&](int r) {
    const float* const from[] = {memory_of(0) + std::size_t(r) * out * block, memory_of(0) + std::size_t(r ? r - 1 : 0) * out * block};
    const float weights[] = {0.25f, 0.75f};
    k.combine(memory_of(3) + std::size_t(r) * out * block, from, weights, 2, std::ptrdiff_t(out) * block);
  });
}
BENCH(bench_image) {
  const ImageRow run = image_row(bench_isa());
  const int n = 1920, rows = tensor_floats() / (3 * n);
  Image image;
  image.data = reinterpret_cast<const std::uint8_t*>(memory_of(0));
  image.pixel = 3, image.row = 3 * n, image.channels = 3;
  for (int c = 0; c < 3; ++c) image.offset[c] = c, image.scale[c] = 1 / 255.f, image.shift[c] = -0.5f;
  bench_rows("image: RGB bytes to planes", rows, {6.0 * n, 15.0 * n}, [&](int r) {
    float* const to[] = {memory_of(3) + std::size_t(r) * n * 3, memory_of(3) + std::size_t(r) * n * 3 + n, memory_of(3) + std::size_t(r) * n * 3 + 2 * n};
    run(image, image.at(0, r, 0), to, n);
  });
}
BENCH(bench_reorder) {
  const KernelTable& table = kernel_table(bench_isa());
  const int batch = small() ? 1 : 16, side = small() ? 100 : 146;
  for (const ReorderShape shape : {ReorderShape{batch, small() ? 64 : 128, 64, 64}, {batch, 24, side, side}}) {
    const int chunks = reorder_chunks(table, shape);
    const double floats = double(shape.batch) * shape.channels * shape.height * shape.width;
    char name[60];
    std::snprintf(name, sizeof name, "reorder %d %dx%d to blocks", shape.channels, shape.height, shape.width);
    bench_rows(name, chunks, {0, 8 * floats / chunks}, [&](int c) { reorder_to_blocked(table, shape, memory_of(0), memory_of(2), c); });
    std::snprintf(name, sizeof name, "reorder %d %dx%d from blocks", shape.channels, shape.height, shape.width);
    bench_rows(name, chunks, {0, 8 * floats / chunks}, [&](int c) { reorder_to_planar(table, shape, memory_of(2), memory_of(0), c); });
  }
}
BENCH(bench_digest) {
  constexpr int n = 1 << 16;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(memory_of(0));
  bench_rows("digest of 64 KiB", tensor_floats() * 4 / n, {0, double(n)}, [&](int r) {
    Digest digest(bench_isa());
    digest.update({bytes + std::size_t(r) * n, n});
    memory_of(3)[r] = digest.finish()[0];
  });
}

// The same, small, for scripts/instructions.mjs.
BENCH(count_eltwise) { bench_eltwise(); }
BENCH(count_reduce) { bench_reduce(); }
BENCH(count_softmax) { bench_softmax(); }
BENCH(count_mvn) { bench_mvn(); }
BENCH(count_pool) { bench_pool(); }
BENCH(count_lrn) { bench_lrn(); }
BENCH(count_resize) { bench_resize(); }
BENCH(count_image) { bench_image(); }
BENCH(count_reorder) { bench_reorder(); }
BENCH(count_digest) { bench_digest(); }
