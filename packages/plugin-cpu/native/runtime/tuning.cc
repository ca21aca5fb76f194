#include "runtime/tuning.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <map>
#include <mutex>

namespace cuvee {
namespace {

// Never destroyed.
struct Known {
  std::mutex mutex;
  std::map<std::string, TunedChoice> choices;
  std::atomic<bool> any{false};
  std::atomic<unsigned> learnt{0};
};
Known& known() {
  static Known* const it = new Known;
  return *it;
}

constexpr size_t longest_key = 200, most_choices = 1 << 16;
constexpr double clearly = 0.97;

}  // namespace

std::optional<TunedChoice> Tuning::find(const std::string& key) {
  std::lock_guard lock(known().mutex);
  const auto at = known().choices.find(key);
  return at == known().choices.end() ? std::nullopt : std::optional(at->second);
}

void Tuning::learn(const std::string& key, const TunedChoice& choice) {
  std::lock_guard lock(known().mutex);
  if (known().choices.size() >= most_choices || !known().choices.emplace(key, choice).second) return;
  known().any.store(true, std::memory_order_release);
  known().learnt.fetch_add(1, std::memory_order_release);
}

bool Tuning::any() { return known().any.load(std::memory_order_acquire); }
unsigned Tuning::learnt() { return known().learnt.load(std::memory_order_acquire); }

std::string Tuning::text() {
  std::lock_guard lock(known().mutex);
  std::string out;
  char numbers[80];
  for (const auto& [key, c] : known().choices) {
    std::snprintf(numbers, sizeof numbers, " %d %.1f %.1f\n", c.candidate, c.before, c.after);
    out.append(key).append(numbers);
  }
  return out;
}

void Tuning::read(std::string_view text) {
  std::lock_guard lock(known().mutex);
  while (!text.empty()) {
    const std::string line(text.substr(0, text.find('\n')));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const size_t blank = line.find(' ');
    TunedChoice c;
    if (blank == 0 || blank == std::string::npos || blank > longest_key) continue;
    if (std::sscanf(line.c_str() + blank, " %d %lf %lf", &c.candidate, &c.before, &c.after) != 3 || c.candidate < 0) continue;
    if (known().choices.size() < most_choices) known().choices.emplace(line.substr(0, blank), c);
  }
  if (!known().choices.empty()) known().any.store(true, std::memory_order_release);
}

TunedChoice measure_candidates(const std::vector<std::function<void()>>& candidates) {
  constexpr int rounds = 7;
  constexpr double enough = 200;  // microseconds of one measurement
  using Clock = std::chrono::steady_clock;
  const auto timed = [](const std::function<void()>& run, int times) {
    const Clock::time_point start = Clock::now();
    for (int i = 0; i < times; ++i) run();
    return std::chrono::duration<double, std::micro>(Clock::now() - start).count() / times;
  };
  std::vector<double> best(candidates.size(), 1e30);
  std::vector<int> times(candidates.size());
  for (size_t i = 0; i < candidates.size(); ++i) {
    timed(candidates[i], 1);
    times[i] = std::clamp(static_cast<int>(enough / std::max(timed(candidates[i], 1), 0.1)), 1, 1000);
  }
  for (int round = 0; round < rounds; ++round)
    for (size_t i = 0; i < candidates.size(); ++i) best[i] = std::min(best[i], timed(candidates[i], times[i]));
  const size_t least = static_cast<size_t>(std::min_element(best.begin(), best.end()) - best.begin());
  const size_t choice = best[least] < clearly * best[0] ? least : 0;
  return {static_cast<int>(choice), best[0], best[choice]};
}

}  // namespace cuvee
