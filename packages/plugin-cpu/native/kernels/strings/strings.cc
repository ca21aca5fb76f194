// Family `strings`: what only operations on strings do. Elsewhere a tensor of strings is one of their numbers (base/strings.h).
//
// number     begins, ends, symbols (UTF-8) → numbers
// bytes      numbers → begins i32, ends i32, symbols (dynamic)
// concat     two broadcast tensors of numbers → numbers of the joined texts
// split      numbers, the delimiter's bytes; args [most cuts, -1: any] → parts (dynamic: a last axis more), counts i64
// normalize  words, stop words, lower case, upper case; args [1 where case matters to stop words, 0 as it is, 1 lower, 2 upper]
//            → words left (dynamic). A table of case has rows [code point, up to three code points], ascending.
// match      numbers, first code points of intervals, their classes, the automaton [states, classes], which states accept → boolean
//
// args are read in this order; the automaton starts in state 0 and stays in a state -1.
#include <algorithm>
#include <cstring>
#include <unordered_set>
#include <vector>

#include "kernels/convert/elements.h"
#include "runtime/step.h"
#include "base/strings.h"

namespace cuvee {
namespace {

// The code point at `at`, which moves on; a byte that starts none stands for itself beyond Unicode.
uint32_t next(std::string_view text, size_t& at) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t first = byte(at);
  const int more = first < 0x80 ? 0 : first >= 0xc2 && first < 0xe0 ? 1 : first >= 0xe0 && first < 0xf0 ? 2 : first >= 0xf0 && first < 0xf5 ? 3 : -1;
  if (more >= 0 && at + static_cast<size_t>(more) < text.size()) {
    uint32_t code = more == 0 ? first : first & (0x3fu >> more);
    bool whole = true;
    for (int i = 1; i <= more; ++i) {
      const uint8_t b = byte(at + static_cast<size_t>(i));
      whole = whole && (b & 0xc0) == 0x80;
      code = code << 6 | (b & 0x3f);
    }
    if (whole) {
      at += static_cast<size_t>(more) + 1;
      return code;
    }
  }
  ++at;
  return 0x110000u + first;
}

void append(std::string& text, uint32_t code) {
  const auto put = [&](uint32_t b) { text.push_back(static_cast<char>(b)); };
  if (code >= 0x110000) return put(code - 0x110000);
  if (code < 0x80) return put(code);
  if (code < 0x800) return put(0xc0 | code >> 6), put(0x80 | (code & 0x3f));
  if (code < 0x10000) return put(0xe0 | code >> 12), put(0x80 | (code >> 6 & 0x3f)), put(0x80 | (code & 0x3f));
  put(0xf0 | code >> 18), put(0x80 | (code >> 12 & 0x3f)), put(0x80 | (code >> 6 & 0x3f)), put(0x80 | (code & 0x3f));
}

// White space as JavaScript and Unicode have it.
bool is_space(uint32_t c) {
  return (c >= 9 && c <= 13) || c == 0x20 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000 || c == 0xfeff;
}

std::vector<int64_t> integers(const TensorView& v) {
  std::vector<int64_t> out(static_cast<size_t>(v.size));
  if (v.size > 0) load_row(v.type, v.data, 0, 1, v.size, out.data());
  return out;
}

Status number(StepContext& ctx) {
  const std::vector<int64_t> begins = integers(ctx.in[0]), ends = integers(ctx.in[1]);
  const TensorView& symbols = ctx.in[2];
  if (begins.size() != ends.size() || static_cast<int64_t>(begins.size()) != ctx.out[0].size) return Status::fail("SHAPE_MISMATCH", std::to_string(begins.size()) + " begins and " + std::to_string(ends.size()) + " ends");
  for (size_t i = 0; i < begins.size(); ++i) {
    if (begins[i] < 0 || ends[i] < begins[i] || ends[i] > symbols.size)
      return Status::fail("ARGUMENT_INVALID", "string " + std::to_string(i) + " goes from " + std::to_string(begins[i]) + " to " + std::to_string(ends[i]) + " of " + std::to_string(symbols.size) + " bytes");
    const size_t length = static_cast<size_t>(ends[i] - begins[i]);
    ctx.out[0].as<int32_t>()[i] = length == 0 ? 0 : ctx.strings->number({symbols.as<char>() + begins[i], length});
  }
  return {};
}

Status bytes(StepContext& ctx) {
  const TensorView& x = ctx.in[0];
  int64_t total = 0;
  for (int64_t i = 0; i < x.size; ++i) {
    const int64_t length = static_cast<int64_t>(ctx.strings->text(x.as<int32_t>()[i]).size());
    if (total + length > INT32_MAX) return Status::fail("OUT_OF_MEMORY", "strings of more than 2^31 bytes");
    if (x.size > 0) {
      ctx.out[0].as<int32_t>()[i] = static_cast<int32_t>(total);
      ctx.out[1].as<int32_t>()[i] = static_cast<int32_t>(total + length);
    }
    total += length;
  }
  if (!ctx.allocate(2, std::span(&total, 1))) return Status::fail("OUT_OF_MEMORY", "strings of " + std::to_string(total) + " bytes");
  char* to = ctx.out[2].as<char>();
  for (int64_t i = 0; i < x.size; ++i) {
    const std::string_view text = ctx.strings->text(x.as<int32_t>()[i]);
    if (!text.empty()) std::memcpy(to, text.data(), text.size());
    to += text.size();
  }
  return {};
}

Status concat(StepContext& ctx) {
  const TensorView &a = ctx.in[0], &b = ctx.in[1], &y = ctx.out[0];
  std::string joined;
  for (int64_t i = 0; i < y.size; ++i) {
    int64_t from[2] = {0, 0}, rest = i, step[2] = {1, 1};
    for (int axis = y.rank - 1; axis >= 0; --axis) {
      const int64_t place = rest % y.dim(axis);
      rest /= y.dim(axis);
      for (int k = 0; k < 2; ++k) {
        const TensorView& v = ctx.in[static_cast<size_t>(k)];
        const int own = axis - (y.rank - v.rank);
        if (own < 0) continue;
        if (v.dim(own) != 1) from[k] += place * step[k];
        step[k] *= v.dim(own);
      }
    }
    joined = ctx.strings->text(a.as<int32_t>()[from[0]]);
    joined += ctx.strings->text(b.as<int32_t>()[from[1]]);
    y.as<int32_t>()[i] = ctx.strings->number(joined);
  }
  return {};
}

using Parts = std::vector<std::string_view>;

void at_delimiters(std::string_view text, std::string_view delimiter, int64_t most, Parts& parts) {
  for (;;) {
    const size_t end = most >= 0 && static_cast<int64_t>(parts.size()) >= most ? text.npos : text.find(delimiter);
    parts.push_back(text.substr(0, end));
    if (end == text.npos) return;
    text.remove_prefix(end + delimiter.size());
  }
}

void at_spaces(std::string_view text, int64_t most, Parts& parts) {
  const auto skip = [&](bool spaces) {  // to the first code point that is none, or is one
    size_t at = 0;
    while (at < text.size()) {
      size_t after = at;
      if (is_space(next(text, after)) != spaces) break;
      at = after;
    }
    return at;
  };
  text.remove_prefix(skip(true));
  while (!text.empty()) {
    const size_t end = most >= 0 && static_cast<int64_t>(parts.size()) == most ? text.size() : skip(false);
    parts.push_back(text.substr(0, end));
    text.remove_prefix(end);
    text.remove_prefix(skip(true));
  }
}

Status split(StepContext& ctx) {
  const TensorView &x = ctx.in[0], &delimiter = ctx.in[1];
  const std::string_view cut(delimiter.as<char>(), static_cast<size_t>(delimiter.size));
  std::vector<Parts> lists(static_cast<size_t>(x.size));
  size_t width = 0;
  for (size_t i = 0; i < lists.size(); ++i) {
    const std::string_view text = ctx.strings->text(x.as<int32_t>()[i]);
    if (cut.empty()) at_spaces(text, ctx.args[0].i, lists[i]);
    else at_delimiters(text, cut, ctx.args[0].i, lists[i]);
    width = std::max(width, lists[i].size());
    ctx.out[1].as<int64_t>()[i] = static_cast<int64_t>(lists[i].size());
  }
  std::vector<int64_t> dims(x.dims, x.dims + x.rank);
  dims.push_back(static_cast<int64_t>(width));
  if (!ctx.allocate(0, dims)) return Status::fail("OUT_OF_MEMORY", "lists of " + std::to_string(width) + " strings");
  int32_t* to = ctx.out[0].as<int32_t>();
  for (const Parts& parts : lists)
    for (size_t k = 0; k < width; ++k) *to++ = k < parts.size() ? ctx.strings->number(parts[k]) : 0;
  return {};
}

struct Case {
  const int32_t* rows;
  int64_t count;
  explicit Case(const TensorView& v) : rows(v.as<int32_t>()), count(v.size / 4) {}
  const int32_t* find(uint32_t code) const {
    int64_t lo = 0, hi = count;
    while (lo < hi) {
      const int64_t mid = (lo + hi) / 2;
      if (static_cast<uint32_t>(rows[mid * 4]) < code) lo = mid + 1;
      else hi = mid;
    }
    return lo < count && static_cast<uint32_t>(rows[lo * 4]) == code ? rows + lo * 4 : nullptr;
  }
};

// `text` in the case of one table; `other` is the other one: what either has is a letter. A capital sigma at the end of a word
// becomes a final one (Unicode's only rule for all languages that looks around).
std::string changed(std::string_view text, const Case& table, const Case& other, bool lower) {
  std::string out;
  bool after = false;
  for (size_t at = 0; at < text.size();) {
    const uint32_t code = next(text, at);
    const int32_t* row = table.find(code);
    if (lower && code == 0x3a3) {
      size_t peek = at;
      const uint32_t following = peek < text.size() ? next(text, peek) : 0;
      const bool before = following && (table.find(following) || other.find(following));
      append(out, after && !before ? 0x3c2 : 0x3c3);
    } else if (row) {
      for (int i = 1; i < 4 && row[i]; ++i) append(out, static_cast<uint32_t>(row[i]));
    } else {
      append(out, code);
    }
    after = row || other.find(code);
  }
  return out;
}

Status normalize(StepContext& ctx) {
  const TensorView &x = ctx.in[0], &stops = ctx.in[1];
  const Case lower(ctx.in[2]), upper(ctx.in[3]);
  const std::unordered_set<int32_t> stopped(stops.as<int32_t>(), stops.as<int32_t>() + stops.size);
  std::vector<int32_t> left;
  for (int64_t i = 0; i < x.size; ++i) {
    const int32_t word = x.as<int32_t>()[i];
    const std::string_view text = ctx.strings->text(word);
    if (stopped.contains(ctx.args[0].i ? word : ctx.strings->number(changed(text, lower, upper, true)))) continue;
    const int64_t how = ctx.args[1].i;
    left.push_back(how == 0 ? word : ctx.strings->number(how == 1 ? changed(text, lower, upper, true) : changed(text, upper, lower, false)));
  }
  if (left.empty()) left.push_back(0);
  const int64_t n = static_cast<int64_t>(left.size()), rows[] = {1, n};
  if (!ctx.allocate(0, x.rank == 2 ? std::span<const int64_t>(rows) : std::span<const int64_t>(&n, 1))) return Status::fail("OUT_OF_MEMORY", std::to_string(n) + " words");
  std::copy(left.begin(), left.end(), ctx.out[0].as<int32_t>());
  return {};
}

Status match(StepContext& ctx) {
  const TensorView &x = ctx.in[0], &starts = ctx.in[1], &classes = ctx.in[2], &table = ctx.in[3], &accepts = ctx.in[4];
  const int64_t states = accepts.size, width = states > 0 ? table.size / states : 0;
  if (starts.size != classes.size || starts.size == 0 || states == 0) return Status::fail("MODEL_INVALID", "an automaton without states or classes");
  for (int64_t i = 0; i < table.size; ++i)
    if (table.as<int32_t>()[i] >= states) return Status::fail("MODEL_INVALID", "an automaton that leads to a state it has not");
  for (int64_t i = 0; i < classes.size; ++i)
    if (classes.as<int32_t>()[i] < 0 || classes.as<int32_t>()[i] >= width) return Status::fail("MODEL_INVALID", "an automaton without a column for a class");
  for (int64_t i = 0; i < x.size; ++i) {
    const std::string_view text = ctx.strings->text(x.as<int32_t>()[i]);
    int64_t state = 0;
    for (size_t at = 0; at < text.size() && state >= 0;) {
      const auto code = static_cast<int32_t>(next(text, at));
      const int32_t* first = starts.as<int32_t>();
      const int64_t interval = std::max<int64_t>(std::upper_bound(first, first + starts.size, code) - first - 1, 0);
      state = table.as<int32_t>()[state * width + classes.as<int32_t>()[interval]];
    }
    ctx.out[0].as<uint8_t>()[i] = state >= 0 && accepts.as<uint8_t>()[state] != 0;
  }
  return {};
}

Status run(StepContext& ctx) {
  if (!ctx.strings) return Status::fail("INTERNAL", "strings outside of a request");
  if (ctx.action == "number") return number(ctx);
  if (ctx.action == "bytes") return bytes(ctx);
  if (ctx.action == "concat") return concat(ctx);
  if (ctx.action == "split") return split(ctx);
  if (ctx.action == "normalize") return normalize(ctx);
  if (ctx.action == "match") return match(ctx);
  return Status::fail("MODEL_INVALID", "no such work on strings");
}

}  // namespace

extern const Family strings_family;
const Family strings_family{"strings", nullptr, run};

}  // namespace cuvee
