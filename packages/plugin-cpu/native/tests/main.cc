// cuvee_native_test [--isa NAME] [--only SUBSTRING]     runs the tests
// cuvee_native_test replay FILE...                    runs stored plans (replay.cc)
// cuvee_native_test bench [--only SUBSTRING] [--threads N] [--isa NAME] [--shape …]   runs the measurements
#include <cstdio>
#include <cstring>
#include <string>

#include "kernels/select.h"
#include "kernels/split/split.h"
#include "tests/check.h"
#include "tests/replay.h"

namespace cuvee::test {

std::vector<Case>& cases() {
  static std::vector<Case> list;
  return list;
}
std::vector<Case>& benches() {
  static std::vector<Case> list;
  return list;
}

namespace {
int problems = 0;
const char* running = "";
int count;
char** words;
}  // namespace

void fail(const char* format, ...) {
  if (++problems > 5) return;
  std::va_list list;
  va_start(list, format);
  std::printf("FAIL %s: ", running);
  std::vprintf(format, list);
  std::printf("\n");
  va_end(list);
}

const char* option(const char* name) {
  const std::string flag = std::string("--") + name;
  for (int i = 1; i + 1 < count; ++i)
    if (flag == words[i]) return words[i + 1];
  return nullptr;
}

const std::vector<Isa>& isas() {
  static const std::vector<Isa> list = [] {
    std::vector<Isa> found;
    for (Isa isa : all_isas)
      if (isa_available(isa) && (!option("isa") || std::strcmp(option("isa"), isa_name(isa)) == 0)) found.push_back(isa);
    return found;
  }();
  return list;
}

static int run() {
  const bool bench = count > 1 && std::strcmp(words[1], "bench") == 0;
  const char* only = option("only");
  int passed = 0, failed = 0;
  for (const Case& item : bench ? benches() : cases()) {
    if (only ? !std::strstr(item.name, only) : std::strncmp(item.name, "count_", 6) == 0) continue;
    problems = 0;
    running = item.name;
    item.body();
    (problems ? failed : passed)++;
    std::fflush(stdout);
  }
  int skipped = 0;
  for (Isa isa : compiled_isas)
    if (!bench && !isa_available(isa)) {
      std::printf("skip %s kernels: this processor lacks the instructions\n", isa_name(isa));
      ++skipped;
    }
  if (!bench && !split_kernels()) {
    std::printf("skip the split method: no tile unit, or CUVEE_ISA asks for less\n");
    ++skipped;
  }
  if (!bench) std::printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped);
  return failed ? 1 : 0;
}

}  // namespace cuvee::test

int main(int argc, char** argv) {
#ifndef CUVEE_BENCH_ONLY
  if (argc > 1 && std::strcmp(argv[1], "replay") == 0) return cuvee::test::replay(argc - 2, argv + 2);
#endif
  cuvee::test::count = argc;
  cuvee::test::words = argv;
  return cuvee::test::run();
}
