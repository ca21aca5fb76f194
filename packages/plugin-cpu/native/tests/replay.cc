// cuvee_native_test replay FILE…: runs stored plans, four requests at a time, and compares outputs bit by bit. For sanitizers.
// FILE, little-endian: u64 length and the plan; u32 constants, each u64 length and bytes; u32 shapes of inputs, then for each:
// u32 inputs, each u32 rank, i64 dims, u64 length and bytes; u32 outputs, each u64 length and bytes.
#include "tests/replay.h"

#include <atomic>
#include <cstdio>
#include <fstream>
#include <future>
#include <iterator>

#include "runtime/compiled.h"
#include "runtime/reader.h"

namespace cuvee::test {
namespace {

struct Inference {
  std::vector<std::vector<int64_t>> dims;
  std::vector<std::vector<uint8_t>> inputs, outputs;
};

std::vector<uint8_t> block(Reader& r) {
  const auto bytes = r.take(r.u64());
  return {bytes.begin(), bytes.end()};
}

bool run_once(Request& request, const Inference& inference, Pool& pool) {
  const Plan& plan = request.compiled()->plan();
  std::vector<TensorView> in(inference.inputs.size()), out(inference.outputs.size());
  for (size_t i = 0; i < in.size(); ++i) {
    in[i].data = const_cast<uint8_t*>(inference.inputs[i].data());
    in[i].type = plan.tensors[plan.inputs[i]].type;
    in[i].rank = static_cast<int>(inference.dims[i].size());
    in[i].dims = inference.dims[i].data();
    in[i].bytes = static_cast<int64_t>(inference.inputs[i].size());
    in[i].absent = false;
  }
  const Status status = request.run(in, out, pool);
  if (!status.ok()) {
    std::printf("FAIL %s: %s\n", status.code, status.message.c_str());
    return false;
  }
  for (size_t i = 0; i < out.size(); ++i) {
    const auto& expected = inference.outputs[i];
    if (static_cast<size_t>(out[i].bytes) != expected.size() || !std::equal(expected.begin(), expected.end(), out[i].as<uint8_t>())) {
      std::printf("FAIL output %zu differs\n", i);
      return false;
    }
  }
  return true;
}

bool replay_file(const char* path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
  Reader r(bytes);
  std::vector<uint8_t> plan = block(r);
  std::vector<std::vector<uint8_t>> constants(r.u32());
  for (auto& c : constants) c = block(r);
  std::vector<Inference> inferences(r.u32());
  for (Inference& inference : inferences) {
    inference.dims.resize(r.u32());
    for (auto& dims : inference.dims) {
      dims.resize(r.u32());
      for (int64_t& d : dims) d = r.i64();
      inference.inputs.push_back(block(r));
    }
    inference.outputs.resize(r.u32());
    for (auto& o : inference.outputs) o = block(r);
  }
  if (!r.done("file").ok()) return std::printf("FAIL %s is damaged\n", path), false;
  const std::vector<std::span<const uint8_t>> spans(constants.begin(), constants.end());
  std::atomic<int> failed{0};
  for (const TeamOptions& team : {TeamOptions{2, 1, 0, false}, TeamOptions{4, 2, 20, false}, TeamOptions{3, 3, 0, false}}) {
    CompiledOptions options;
    options.team = team;
    std::shared_ptr<Compiled> compiled;
    if (const Status s = Compiled::load(plan, spans, options, compiled); !s.ok()) return std::printf("FAIL %s: %s: %s\n", path, s.code, s.message.c_str()), false;
    // Half of the requests on threads of their own, half through the dispatchers.
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&, t] {
        auto request = std::make_shared<Request>(compiled);
        for (size_t i = 0; i < 3 * inferences.size(); ++i) {
          const Inference& inference = inferences[(i + static_cast<size_t>(t)) % inferences.size()];
          if (!request->begin()) failed.fetch_add(1);
          if (t % 2 == 0) {
            Streams::Lease lease(compiled->streams());
            if (!run_once(*request, inference, lease.pool())) failed.fetch_add(1);
          } else {
            std::promise<bool> done;
            compiled->streams().post([&, request](Pool& pool) { done.set_value(run_once(*request, inference, pool)); });
            if (!done.get_future().get()) failed.fetch_add(1);
          }
          request->end();
        }
      });
    for (std::thread& t : threads) t.join();
  }
  return failed.load() == 0;
}

}  // namespace

int replay(int count, char** paths) {
  int failed = 0;
  for (int i = 0; i < count; ++i)
    if (!replay_file(paths[i])) {
      std::printf("FAIL %s\n", paths[i]);
      ++failed;
    }
  std::printf("%d passed, %d failed, 0 skipped\n", count - failed, failed);
  return failed ? 1 : 0;
}

}  // namespace cuvee::test
