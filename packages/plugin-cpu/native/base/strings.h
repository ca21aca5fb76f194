// The strings of one inference, each once: tensors of strings hold their numbers (i32), so that whatever moves or compares
// elements serves strings, too. 0 is the empty string.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

namespace cuvee {

class Strings {
 public:
  Strings() { clear(); }
  // Forgets all of them but the empty one.
  void clear() {
    places_.clear();
    texts_.clear();
    texts_.emplace_back();
    places_.emplace(texts_.back(), 0);
  }
  // The number of a text of UTF-8 bytes.
  int32_t number(std::string_view text) {
    const auto found = places_.find(text);
    if (found != places_.end()) return found->second;
    texts_.emplace_back(text);
    const auto place = static_cast<int32_t>(texts_.size() - 1);
    places_.emplace(texts_.back(), place);
    return place;
  }
  // The text of a number; empty for one that is none.
  std::string_view text(int64_t number) const {
    return number >= 0 && number < static_cast<int64_t>(texts_.size()) ? std::string_view(texts_[static_cast<size_t>(number)]) : std::string_view();
  }

 private:
  std::deque<std::string> texts_;  // whose elements stay where they are
  std::unordered_map<std::string_view, int32_t> places_;
};

}  // namespace cuvee
