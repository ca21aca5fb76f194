// Choices of kernels that were measured on this machine. A cost table picks tiles and algorithms for sizes nobody has seen; with tuning, a
// layer's candidates run on this machine's threads instead, once, and what is found serves the whole process and, as text, later ones.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cuvee {

struct TunedChoice {
  int candidate = 0;              // by the family's own numbering; 0 is what the cost table says
  double before = 0, after = 0;  // microseconds of candidate 0 and of this one
};

class Tuning {
 public:
  // `key` names everything that the times depend on: instruction set, threads, family, sizes. Without blanks.
  static std::optional<TunedChoice> find(const std::string& key);
  static void learn(const std::string& key, const TunedChoice& choice);
  // Whether anything was ever learnt or read: nobody makes keys before.
  static bool any();
  // Grows with every choice that was learnt here.
  static unsigned learnt();

  // A line for each choice: key, candidate, before, after. What `read` makes nothing of it leaves out; what is known stays. A text can at
  // worst choose a slower kernel.
  static std::string text();
  static void read(std::string_view text);
};

// Runs each of `candidates` several times, in turns, and picks the fastest; one that is not clearly faster than the first does not count.
TunedChoice measure_candidates(const std::vector<std::function<void()>>& candidates);

}  // namespace cuvee
