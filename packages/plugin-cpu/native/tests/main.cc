// Tests and measurements of the kernels; `usage` tells how.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <iterator>
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

constexpr const char* usage =
    "Usage: cuvee_native_test [--only TEXT] [--isa NAME]                each variant of each kernel family against plain loops\n"
    "       cuvee_native_test bench [--only TEXT] [--isa NAME] [--threads N] [--seconds S] [--shape IC,OC,H,W,K,STRIDE[,GROUPS]]\n"
    "                                                                   times, and how near they come to the peaks and the roofline of this machine\n"
    "       cuvee_native_test replay FILE...                            runs stored plans\n"
    "       cuvee_native_test list                                      names of tests and measurements\n"
    "\n"
    "  --only TEXT   those whose name has it; `count_` has small layers of each family\n"
    "  --isa NAME    scalar, avx2, avx512 or neon (default: tests all that there are, measurements the best)\n"
    "  --threads N   of a measurement (default: 1)\n"
    "  --seconds S   of each measurement (default: 0.3; 0: once, for valgrind)\n"
    "  --shape …     a convolution to measure, with --only layer\n";

// What is wrong with the command line; null when nothing is.
static const char* misused() {
  constexpr const char* known[] = {"--only", "--isa", "--threads", "--seconds", "--shape"};
  for (int i = count > 1 && std::strcmp(words[1], "bench") == 0 ? 2 : 1; i < count; i += 2) {
    if (std::none_of(std::begin(known), std::end(known), [&](const char* name) { return std::strcmp(name, words[i]) == 0; })) return words[i];
    if (i + 1 == count) return words[i];
  }
  return isas().empty() ? option("isa") : nullptr;
}

static int list() {
  for (const Case& item : cases()) std::printf("%s\n", item.name);
  for (const Case& item : benches()) std::printf("bench --only %s\n", item.name);
  return 0;
}

static int run() {
  const bool bench = count > 1 && std::strcmp(words[1], "bench") == 0;
  if (count > 1 && std::strcmp(words[1], "list") == 0) return list();
  if (count > 1 && (std::strcmp(words[1], "--help") == 0 || std::strcmp(words[1], "-h") == 0)) return std::fputs(usage, stdout), 0;
  if (const char* word = misused()) return std::fprintf(stderr, "%s: not known, without a value, or not on this machine\n\n%s", word, usage), 2;
  const char* only = option("only");
  int passed = 0, failed = 0;
#ifdef CUVEE_BENCH_ONLY
  if (!bench) return std::fputs("this binary has measurements alone: say bench\n", stderr), 2;
#endif
  for (const Case& item : bench ? benches() : cases()) {
    if (only ? !std::strstr(item.name, only) : std::strncmp(item.name, "count_", 6) == 0) continue;
    problems = 0;
    running = item.name;
    item.body();
    (problems ? failed : passed)++;
    std::fflush(stdout);
  }
  if (passed + failed == 0) return std::fprintf(stderr, "no name has \"%s\": cuvee_native_test list\n", only ? only : ""), 2;
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
