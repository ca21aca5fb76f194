// Segments: chains run strip by strip give the same numbers as whole, in less memory.
#include <cstring>

#include "base/cpu.h"
#include "kernels/table.h"
#include "runtime/arenas.h"
#include "runtime/executor.h"
#include "tests/check.h"
#include "runtime/pool.h"

namespace cuvee::test {
namespace {

// A filter over a square: y[row][column] = sum over i, j < kernel of (i + 1) * (j + 2) * x[row * stride + i - pad][column * stride + j - pad];
// args: kernel, stride, pad. Then plus in[1] where there is one: a tensor like the result, or (rank 1, needed whole) one number for each channel.
const float& at(const TensorView& v, int64_t plane, int64_t y, int64_t x) {
  CHECK(y >= v.row0 && y < v.row0 + v.rows, "row %lld outside [%lld, %lld)", (long long)y, (long long)v.row0, (long long)(v.row0 + v.rows));
  CHECK(x >= v.col0 && x < v.col0 + v.cols, "column %lld outside [%lld, %lld)", (long long)x, (long long)v.col0, (long long)(v.col0 + v.cols));
  return v.as<float>()[(plane * v.rows + y - v.row0) * v.cols + x - v.col0];
}
float& at(TensorView& v, int64_t plane, int64_t y, int64_t x) { return const_cast<float&>(at(static_cast<const TensorView&>(v), plane, y, x)); }

Status filter_rows(StepContext& c, const Window& window) {
  const TensorView& x = c.in[0];
  TensorView& y = c.out[0];
  const int64_t kernel = c.args[0].i, stride = c.args[1].i, pad = c.args[2].i;
  for (int64_t p = 0; p < y.dims[0] * y.dims[1]; ++p)
    for (int64_t r = window.y0; r < window.y1; ++r)
      for (int64_t w = window.x0; w < window.x1; ++w) {
        float sum = 0;
        for (int64_t i = 0; i < kernel; ++i)
          for (int64_t j = 0; j < kernel; ++j) {
            const int64_t in_y = r * stride + i - pad, in_x = w * stride + j - pad;
            if (in_y < 0 || in_y >= x.dims[2] || in_x < 0 || in_x >= x.dims[3]) continue;
            sum += static_cast<float>((i + 1) * (j + 2)) * at(x, p, in_y, in_x);
          }
        if (c.in.size() > 1 && c.in[1].rank == 1) sum += c.in[1].as<float>()[p % y.dims[1]];
        else if (c.in.size() > 1) sum += at(c.in[1], p, r, w);
        at(y, p, r, w) = sum;
      }
  return {};
}
Status filter(StepContext& c) { return filter_rows(c, {0, c.out[0].dims[2], 0, c.out[0].dims[3]}); }
bool filter_needs(const StepContext& c, int i, int64_t y0, int64_t y1, int64_t* a0, int64_t* a1) {
  if (i == 1) return *a0 = y0, *a1 = y1, c.in[1].rank == 4;
  *a0 = y0 * c.args[1].i - c.args[2].i;
  *a1 = (y1 - 1) * c.args[1].i - c.args[2].i + c.args[0].i;
  return true;
}
// y[row][column] = x[row / 2][column / 2]
Status twice_rows(StepContext& c, const Window& window) {
  for (int64_t p = 0; p < c.out[0].dims[0] * c.out[0].dims[1]; ++p)
    for (int64_t r = window.y0; r < window.y1; ++r)
      for (int64_t w = window.x0; w < window.x1; ++w) at(c.out[0], p, r, w) = at(c.in[0], p, r / 2, w / 2);
  return {};
}
Status twice(StepContext& c) { return twice_rows(c, {0, c.out[0].dims[2], 0, c.out[0].dims[3]}); }
bool twice_needs(const StepContext&, int, int64_t y0, int64_t y1, int64_t* a0, int64_t* a1) {
  *a0 = y0 / 2;
  *a1 = (y1 - 1) / 2 + 1;
  return true;
}
int filter_shares(const StepContext& c, int i) {
  if (i < 0) return 0;
  return i == 1 ? (c.in[1].rank == 4 ? 0 : -1) : static_cast<int>(std::max<int64_t>(c.args[0].i - c.args[1].i, 0));
}
const Family filter_family{"filter", nullptr, filter, filter_rows, filter_needs, filter_needs, nullptr, filter_shares};
const Family twice_family{"twice", nullptr, twice, twice_rows, twice_needs, twice_needs};

struct Layer {
  int64_t kernel, stride, pad;  // kernel 0: twice
  int input;                    // -1: the picture, else a layer before
  int added = -2;               // also this layer's result; -2: nothing, -3: a number per channel
  bool exit = false;            // an output of the plan, too
};

struct Size {
  int64_t height, width;
};

// Runs the layers over a picture, in strips of `rows` (0: as the executor likes; -1: whole) and panels of `columns` (0: likewise). All outputs; `told`: what `explain` says.
std::vector<float> run_layers(const std::vector<Layer>& layers, Size size, int64_t rows, int64_t columns, int threads, std::string* told) {
  const int64_t channels = 3;
  Plan plan;
  plan.block = 8;
  std::vector<int64_t> numbers{1, channels};  // registers: 0 batch, 1 channels, then heights and widths
  const auto add = [&](Storage storage, int32_t link, Size s) {
    numbers.push_back(s.height);
    numbers.push_back(s.width);
    const auto last = static_cast<uint32_t>(numbers.size() - 1);
    plan.tensors.push_back({Type::f32, Layout::plain, storage, link, -1, "t", {0, 1, last - 1, last}, 0, -1});
    return static_cast<int32_t>(plan.tensors.size() - 1);
  };
  std::vector<Size> sizes_of;
  plan.inputs = {add(Storage::input, 0, size)};
  plan.tensors.push_back({Type::f32, Layout::plain, Storage::input, 1, -1, "bias", {1}, 0, -1});
  plan.inputs.push_back(1);
  plan.levels.resize(1);
  PlanLevel& level = plan.levels[0];
  std::vector<int32_t> made;
  for (size_t i = 0; i < layers.size(); ++i) {
    const Layer& l = layers[i];
    const Size from = l.input < 0 ? size : sizes_of[static_cast<size_t>(l.input)];
    const auto after = [&](int64_t n) { return l.kernel ? (n + 2 * l.pad - l.kernel) / l.stride + 1 : 2 * n; };
    sizes_of.push_back({after(from.height), after(from.width)});
    const bool end = l.exit || i + 1 == layers.size();
    made.push_back(add(end ? Storage::output : Storage::arena, end ? static_cast<int32_t>(plan.outputs.size()) : -1, sizes_of.back()));
    if (end) plan.outputs.push_back(made.back());
    PlanStep step;
    step.family = l.kernel ? &filter_family : &twice_family;
    step.inputs = {l.input < 0 ? 0 : made[static_cast<size_t>(l.input)]};
    if (l.added == -3) step.inputs.push_back(1);
    if (l.added >= -1) step.inputs.push_back(l.added < 0 ? 0 : made[static_cast<size_t>(l.added)]);
    step.outputs = {made.back()};
    for (const int64_t a : {l.kernel, l.stride, l.pad}) step.args.push_back({PlanArg::integer, {a, 0}});
    level.steps.push_back(step);
  }
  if (rows >= 0) level.segments.push_back({0, static_cast<uint32_t>(layers.size()), static_cast<uint32_t>(rows), {}, {}, {}});
  for (size_t r = 0; r < numbers.size(); ++r) level.bindings.push_back({true, 2, static_cast<uint32_t>(r), static_cast<uint32_t>(r)});
  // The numbers come in as a third input.
  const auto sizes = static_cast<int32_t>(plan.tensors.size());
  plan.tensors.push_back({Type::i64, Layout::plain, Storage::input, 2, -1, "numbers", {static_cast<uint32_t>(numbers.size())}, 0, -1});
  plan.inputs.push_back(sizes);
  numbers.push_back(static_cast<int64_t>(numbers.size()) + 1);
  for (PlanBinding& b : level.bindings) b.tensor = static_cast<uint32_t>(sizes);
  level.bindings.push_back({true, static_cast<uint32_t>(sizes), static_cast<uint32_t>(numbers.size() - 1), static_cast<uint32_t>(numbers.size() - 1)});
  plan.shapes.widen(static_cast<uint32_t>(numbers.size()));
  const Status checked = check_plan(plan, false);
  CHECK(checked.ok(), "%s", checked.message.c_str());
  CHECK(rows < 0 || level.segments.size() == 1, "the segment was refused");

  auto budget = std::make_shared<Budget>(uint64_t{1} << 30);
  Program program;
  program.plan = &plan;
  program.weights = std::make_shared<WeightStore>(plan, std::vector<std::shared_ptr<const Blob>>{}, budget, "");
  KeptPacks packs;
  std::atomic<bool> cancel{false};
  Pool pool({threads, 0, false});
  Arenas arenas(budget);
  arenas.join();
  Environment environment;
  environment.pool = &pool;
  environment.budget = budget;
  environment.arenas = &arenas;
  environment.kernels = &kernel_table(default_isa());
  environment.packs = &packs;
  environment.cancel = &cancel;
  environment.panel_columns = columns;
  Executor executor(program, environment, 1);

  std::vector<float> picture(static_cast<size_t>(channels * size.height * size.width)), bias{1, 2, 3};
  Random random(7);
  random.fill(picture);
  const int64_t picture_dims[] = {1, channels, size.height, size.width}, bias_dims[] = {channels}, number_dims[] = {static_cast<int64_t>(numbers.size())};
  TensorView in[3];
  in[0] = {picture.data(), Type::f32, Layout::plain, false, 4, picture_dims, 0, static_cast<int64_t>(picture.size() * 4), 0, 0};
  in[1] = {bias.data(), Type::f32, Layout::plain, false, 1, bias_dims, 0, 12, 0, 0};
  in[2] = {numbers.data(), Type::i64, Layout::plain, false, 1, number_dims, 0, static_cast<int64_t>(numbers.size() * 8), 0, 0};
  std::vector<float> result;
  for (int again = 0; again < 3; ++again) {
    std::vector<TensorView> out(plan.outputs.size());
    const Status status = executor.run(in, out);
    CHECK(status.ok(), "%s", status.message.c_str());
    if (!status.ok()) return {};
    std::vector<float> now;
    for (const TensorView& o : out) now.insert(now.end(), o.as<float>(), o.as<float>() + o.bytes / 4);
    CHECK(again == 0 || now == result, "run %d differs from run 0", again);
    result = std::move(now);
  }
  if (told) *told = executor.explain();
  return result;
}

void compare(const char* name, const std::vector<Layer>& layers) {
  for (const Size size : {Size{1, 5}, Size{2, 40}, Size{3, 5}, Size{7, 33}, Size{16, 48}, Size{33, 67}, Size{100, 5}}) {
    const std::vector<float> whole = run_layers(layers, size, -1, 0, 1, nullptr);
    for (const int64_t rows : {0, 1, 2, 3, 4, 7, 64})
      for (const int64_t columns : {0, 16, 24})
        for (const int threads : {1, 2, 3})
          if (columns == 0 || (size.width > 5 && threads < 3))
            CHECK(run_layers(layers, size, rows, columns, threads, nullptr) == whole, "%s: %lld x %lld, strips of %lld rows, panels of %lld columns, %d threads", name, (long long)size.height, (long long)size.width, (long long)rows, (long long)columns, threads);
  }
}

}  // namespace

TEST(segment_chain) { compare("chain", {{3, 1, 1, -1}, {3, 1, 1, 0}, {5, 1, 2, 1}}); }
TEST(segment_strides) { compare("strides", {{3, 2, 1, -1}, {3, 1, 1, 0}, {3, 2, 1, 1}, {1, 1, 0, 2}}); }
TEST(segment_skips_rows) { compare("skips rows", {{3, 1, 1, -1}, {1, 3, 0, 0}, {3, 1, 1, 1}}); }
TEST(segment_upsampling) { compare("upsampling", {{3, 1, 1, -1}, {0, 1, 0, 0}, {3, 1, 1, 1}, {0, 1, 0, 2}}); }
TEST(segment_residual) { compare("residual", {{3, 1, 1, -1}, {3, 1, 1, 0}, {5, 1, 2, 1, 0}, {1, 1, 0, 2, -1}, {3, 1, 1, 3, 1}}); }
TEST(segment_whole_inputs) { compare("inputs needed whole", {{3, 1, 1, -1, -3}, {3, 1, 1, 0, -3}}); }
TEST(segment_exits) { compare("exits", {{3, 1, 1, -1}, {1, 1, 0, 0, -2, true}, {3, 2, 1, 0}, {3, 1, 1, 2, -2, true}, {3, 2, 1, 2}, {1, 1, 0, 4}}); }
TEST(segment_exits_above) { compare("exits of a pyramid", {{3, 2, 1, -1}, {1, 1, 0, 0, -2, true}, {0, 1, 0, 0}, {3, 1, 1, 2, -2, true}, {0, 1, 0, 2}, {3, 1, 1, 4}}); }

TEST(segment_bands) {
  const std::vector<Layer> layers{{1, 1, 0, -1}, {3, 1, 1, 0}, {1, 1, 0, 1}, {1, 1, 0, 2}, {3, 2, 1, 3}, {1, 1, 0, 4}, {1, 1, 0, 5}, {3, 1, 1, 6}, {1, 1, 0, 7, 5}, {5, 1, 2, 8}};
  compare("blocks", layers);
  compare("blocks with exits", {{1, 1, 0, -1}, {1, 1, 0, 0, -2, true}, {3, 1, 1, 0}, {1, 1, 0, 2, 0}, {3, 1, 1, 3, -2, true}, {3, 1, 1, 3}, {1, 1, 0, 5, -3}});
  const auto parts = [&](Size size, int threads) {
    std::string told;
    const std::vector<float> whole = run_layers(layers, size, -1, 0, 1, nullptr);
    CHECK(run_layers(layers, size, 0, 0, threads, &told) == whole, "%lld rows, %d threads", (long long)size.height, threads);
    int count = 0;
    while (told.find("\"segment\":" + std::to_string(count)) != std::string::npos) ++count;
    return count;
  };
  CHECK(parts({64, 9}, 1) == 0 && parts({64, 9}, 2) == 4 && parts({9, 9}, 2) == 0 && parts({256, 9}, 4) == 4, "parts in bands of 64 rows and 2 threads: %d", parts({64, 9}, 2));
}

TEST(segment_memory) {
  const std::vector<Layer> layers{{3, 1, 1, -1}, {3, 1, 1, 0}, {3, 1, 1, 1}};
  const auto arena = [&](Size size, int64_t rows, int64_t columns) {
    std::string told;
    run_layers(layers, size, rows, columns, 1, &told);
    return std::strtoull(told.c_str() + told.find("\"arena\":") + 8, nullptr, 10);
  };
  const auto whole = arena({4096, 5}, -1, 0), strips = arena({4096, 5}, 8, 0);
  CHECK(strips * 100 < whole, "arena of %llu bytes in strips, %llu whole", strips, whole);
  const auto wide = arena({5, 20000}, -1, 0), panels = arena({5, 20000}, 4, 64);
  CHECK(panels * 50 < wide, "arena of %llu bytes in panels, %llu whole", panels, wide);
}

}  // namespace cuvee::test
