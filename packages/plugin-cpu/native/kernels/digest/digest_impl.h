// Implementation of digest.h for the instruction set of the including file, which defines CUVEE_DIGEST_LANES.
#include <cstring>

#include "kernels/digest/digest.h"
#include "kernels/digest/rounds.h"

namespace cuvee {
namespace {

constexpr int lanes = CUVEE_DIGEST_LANES;
typedef uint32_t U __attribute__((vector_size(4 * lanes)));

// Rows become columns: in step `s`, what lies s apart changes places between rows that are s apart.
template <int s> [[gnu::always_inline]] inline void transpose(U* rows) {
  if constexpr (s < lanes) {
    U first, second;  // indices into two rows, one after the other; constants when compiled
    for (unsigned j = 0; j < lanes; ++j) {
      first[j] = (j & s) ? lanes + j - s : j;
      second[j] = (j & s) ? lanes + j : j + s;
    }
#pragma GCC unroll 16
    for (int i = 0; i < lanes; ++i) {
      if (i & s) continue;
      const U a = rows[i], b = rows[i + s];
      rows[i] = __builtin_shuffle(a, b, first);
      rows[i + s] = __builtin_shuffle(a, b, second);
    }
    transpose<2 * s>(rows);
  }
}

void values(const DigestMessages& m, uint32_t (*to)[8]) {
  U low{}, high{}, chain[8];
  for (int l = 0; m.chunks && l < lanes; ++l) {
    low[l] = static_cast<uint32_t>(m.counter + static_cast<uint64_t>(l));
    high[l] = static_cast<uint32_t>((m.counter + static_cast<uint64_t>(l)) >> 32);
  }
  for (int i = 0; i < 8; ++i) chain[i] = U{} + blake3::start[i];
  for (size_t block = 0; block < m.blocks; ++block) {
    U message[16];  // a row for each word, a column for each lane
#pragma GCC unroll 4
    for (size_t w = 0; w < 16; w += lanes) {
      for (size_t l = 0; l < lanes; ++l) std::memcpy(&message[w + l], m.from + l * m.stride + block * blake3::block + w * 4, sizeof(U));
      transpose<1>(message + w);
    }
    const uint32_t flags = m.chunks ? (block == 0 ? blake3::chunk_start : 0) | (block + 1 == m.blocks ? blake3::chunk_end : 0) : blake3::parent;
    blake3::compress<U>(chain, message, low, high, U{} + static_cast<uint32_t>(blake3::block), U{} + flags);
  }
  for (int l = 0; l < lanes; ++l)
    for (int i = 0; i < 8; ++i) to[l][i] = chain[i][l];
}

}  // namespace
}  // namespace cuvee
