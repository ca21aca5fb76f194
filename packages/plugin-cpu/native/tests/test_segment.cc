// Segments: chains run strip by strip give the same numbers as whole, in less memory.
#include <cstring>

#include "base/cpu.h"
#include "kernels/table.h"
#include "runtime/executor.h"
#include "tests/check.h"
#include "runtime/pool.h"

namespace cuvee::test {
namespace {

// A column filter: y[row] = sum over k < kernel of (k + 1) * x[row * stride + k - pad]; args: kernel, stride, pad. Then plus in[1]
// where there is one: a tensor like the result, or (rank 1, needed whole) one number for each channel.
Status filter_rows(StepContext& c, int64_t y0, int64_t y1) {
  const TensorView &x = c.in[0], &y = c.out[0];
  const int64_t kernel = c.args[0].i, stride = c.args[1].i, pad = c.args[2].i, width = y.dims[3], height = x.dims[2];
  for (int64_t p = 0; p < y.dims[0] * y.dims[1]; ++p)
    for (int64_t r = y0; r < y1; ++r)
      for (int64_t w = 0; w < width; ++w) {
        float sum = 0;
        for (int64_t k = 0; k < kernel; ++k) {
          const int64_t at = r * stride + k - pad;
          if (at < 0 || at >= height) continue;
          CHECK(at >= x.row0 && at < x.row0 + x.rows, "row %lld read outside [%lld, %lld)", (long long)at, (long long)x.row0, (long long)(x.row0 + x.rows));
          sum += static_cast<float>(k + 1) * x.as<float>()[(p * x.rows + at - x.row0) * width + w];
        }
        if (c.in.size() > 1 && c.in[1].rank == 1) sum += c.in[1].as<float>()[p % y.dims[1]];
        else if (c.in.size() > 1) sum += c.in[1].as<float>()[(p * c.in[1].rows + r - c.in[1].row0) * width + w];
        y.as<float>()[(p * y.rows + r - y.row0) * width + w] = sum;
      }
  return {};
}
Status filter(StepContext& c) { return filter_rows(c, 0, c.out[0].dims[2]); }
bool filter_needs(const StepContext& c, int i, int64_t y0, int64_t y1, int64_t* a0, int64_t* a1) {
  if (i == 1) return *a0 = y0, *a1 = y1, c.in[1].rank == 4;
  *a0 = y0 * c.args[1].i - c.args[2].i;
  *a1 = (y1 - 1) * c.args[1].i - c.args[2].i + c.args[0].i;
  return true;
}
// y[row] = x[row / 2]
Status twice_rows(StepContext& c, int64_t y0, int64_t y1) {
  const TensorView &x = c.in[0], &y = c.out[0];
  for (int64_t p = 0; p < y.dims[0] * y.dims[1]; ++p)
    for (int64_t r = y0; r < y1; ++r) {
      CHECK(r / 2 >= x.row0 && r / 2 < x.row0 + x.rows, "row outside the window");
      std::memcpy(y.as<float>() + (p * y.rows + r - y.row0) * y.dims[3], x.as<float>() + (p * x.rows + r / 2 - x.row0) * y.dims[3], static_cast<size_t>(y.dims[3]) * 4);
    }
  return {};
}
Status twice(StepContext& c) { return twice_rows(c, 0, c.out[0].dims[2]); }
bool twice_needs(const StepContext&, int, int64_t y0, int64_t y1, int64_t* a0, int64_t* a1) {
  *a0 = y0 / 2;
  *a1 = (y1 - 1) / 2 + 1;
  return true;
}
const Family filter_family{"filter", nullptr, filter, filter_rows, filter_needs};
const Family twice_family{"twice", nullptr, twice, twice_rows, twice_needs};

struct Layer {
  int64_t kernel, stride, pad;  // kernel 0: twice
  int input;                    // -1: the picture, else a layer before
  int added = -2;               // also this layer's result; -2: nothing, -3: a number per channel
};

// Runs the layers over a picture of `height` rows, in strips of `rows` (0: as the executor likes; -1: whole).
std::vector<float> run_layers(const std::vector<Layer>& layers, int64_t height, int64_t rows, int threads, uint64_t* arena) {
  const int64_t channels = 3, width = 5;
  Plan plan;
  plan.block = 8;
  std::vector<int64_t> numbers{1, channels, width};  // registers: 0 batch, 1 channels, 2 width, then heights
  const auto add = [&](Storage storage, int32_t link, int64_t h) {
    numbers.push_back(h);
    plan.tensors.push_back({Type::f32, Layout::plain, storage, link, -1, "t", {0, 1, static_cast<uint32_t>(numbers.size() - 1), 2}, 0, -1});
    return static_cast<int32_t>(plan.tensors.size() - 1);
  };
  std::vector<int64_t> heights;
  plan.inputs = {add(Storage::input, 0, height)};
  plan.tensors.push_back({Type::f32, Layout::plain, Storage::input, 1, -1, "bias", {1}, 0, -1});
  plan.inputs.push_back(1);
  plan.levels.resize(1);
  PlanLevel& level = plan.levels[0];
  std::vector<int32_t> made;
  for (size_t i = 0; i < layers.size(); ++i) {
    const Layer& l = layers[i];
    const int64_t from = l.input < 0 ? height : heights[static_cast<size_t>(l.input)];
    heights.push_back(l.kernel ? (from + 2 * l.pad - l.kernel) / l.stride + 1 : 2 * from);
    const bool end = i + 1 == layers.size();
    made.push_back(add(end ? Storage::output : Storage::arena, end ? 0 : -1, heights.back()));
    PlanStep step;
    step.family = l.kernel ? &filter_family : &twice_family;
    step.inputs = {l.input < 0 ? 0 : made[static_cast<size_t>(l.input)]};
    if (l.added == -3) step.inputs.push_back(1);
    if (l.added >= -1) step.inputs.push_back(l.added < 0 ? 0 : made[static_cast<size_t>(l.added)]);
    step.outputs = {made.back()};
    for (const int64_t a : {l.kernel, l.stride, l.pad}) step.args.push_back({PlanArg::integer, {a, 0}});
    level.steps.push_back(step);
  }
  plan.outputs = {made.back()};
  if (rows >= 0) level.segments.push_back({0, static_cast<uint32_t>(layers.size()), static_cast<uint32_t>(rows), {}, {}});
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
  Environment environment;
  environment.pool = &pool;
  environment.budget = budget;
  environment.kernels = &kernel_table(default_isa());
  environment.packs = &packs;
  environment.cancel = &cancel;
  Executor executor(program, environment, 1);

  std::vector<float> picture(static_cast<size_t>(channels * height * width)), bias{1, 2, 3};
  Random random(7);
  random.fill(picture);
  const int64_t picture_dims[] = {1, channels, height, width}, bias_dims[] = {channels}, number_dims[] = {static_cast<int64_t>(numbers.size())};
  TensorView in[3];
  in[0] = {picture.data(), Type::f32, Layout::plain, false, 4, picture_dims, 0, static_cast<int64_t>(picture.size() * 4), 0, 0};
  in[1] = {bias.data(), Type::f32, Layout::plain, false, 1, bias_dims, 0, 12, 0, 0};
  in[2] = {numbers.data(), Type::i64, Layout::plain, false, 1, number_dims, 0, static_cast<int64_t>(numbers.size() * 8), 0, 0};
  TensorView out[1];
  std::vector<float> result;
  for (int again = 0; again < 3; ++again) {
    out[0] = {};
    const Status status = executor.run(in, out);
    CHECK(status.ok(), "%s", status.message.c_str());
    if (!status.ok()) return {};
    std::vector<float> now(out[0].as<float>(), out[0].as<float>() + out[0].bytes / 4);
    CHECK(again == 0 || now == result, "run %d differs from run 0", again);
    result = std::move(now);
  }
  if (arena) {
    const std::string text = executor.explain();
    *arena = std::strtoull(text.c_str() + text.find("\"arena\":") + 8, nullptr, 10);
  }
  return result;
}

void compare(const char* name, const std::vector<Layer>& layers) {
  for (const int64_t height : {1, 2, 3, 7, 16, 33, 100}) {
    const std::vector<float> whole = run_layers(layers, height, -1, 1, nullptr);
    for (const int64_t rows : {0, 1, 2, 3, 4, 7, 64})
      for (const int threads : {1, 2, 3}) CHECK(run_layers(layers, height, rows, threads, nullptr) == whole, "%s: height %lld, strips of %lld rows, %d threads", name, (long long)height, (long long)rows, threads);
  }
}

}  // namespace

TEST(segment_chain) { compare("chain", {{3, 1, 1, -1}, {3, 1, 1, 0}, {5, 1, 2, 1}}); }
TEST(segment_strides) { compare("strides", {{3, 2, 1, -1}, {3, 1, 1, 0}, {3, 2, 1, 1}, {1, 1, 0, 2}}); }
TEST(segment_skips_rows) { compare("skips rows", {{3, 1, 1, -1}, {1, 3, 0, 0}, {3, 1, 1, 1}}); }
TEST(segment_upsampling) { compare("upsampling", {{3, 1, 1, -1}, {0, 1, 0, 0}, {3, 1, 1, 1}, {0, 1, 0, 2}}); }
TEST(segment_residual) { compare("residual", {{3, 1, 1, -1}, {3, 1, 1, 0}, {5, 1, 2, 1, 0}, {1, 1, 0, 2, -1}, {3, 1, 1, 3, 1}}); }
TEST(segment_whole_inputs) { compare("inputs needed whole", {{3, 1, 1, -1, -3}, {3, 1, 1, 0, -3}}); }

TEST(segment_memory) {
  const std::vector<Layer> layers{{3, 1, 1, -1}, {3, 1, 1, 0}, {3, 1, 1, 1}};
  uint64_t whole = 0, strips = 0;
  run_layers(layers, 4096, -1, 1, &whole);
  run_layers(layers, 4096, 8, 1, &strips);
  CHECK(strips * 100 < whole, "arena of %llu bytes in strips, %llu whole", (unsigned long long)strips, (unsigned long long)whole);
}

}  // namespace cuvee::test
