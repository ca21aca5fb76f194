// The compression function of BLAKE3, over single words or vectors of them.
#pragma once

#include <cstddef>
#include <cstdint>

// Without a name outside of its file, so that the linker takes nothing that was compiled with one file's flags for another's.
namespace cuvee::blake3 {
namespace {

constexpr size_t chunk = 1024, block = 64;
constexpr uint32_t chunk_start = 1, chunk_end = 2, parent = 4, root = 8;
constexpr uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
// Which word of the message each round takes where: the permutation of the paper, applied again and again.
constexpr unsigned char order[7][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8},
    {3, 4, 10, 12, 13, 2, 7, 14, 6, 5, 9, 0, 11, 15, 8, 1}, {10, 7, 12, 9, 14, 3, 13, 15, 4, 0, 11, 2, 5, 8, 1, 6},
    {12, 13, 9, 11, 15, 10, 14, 8, 7, 2, 5, 3, 0, 1, 6, 4}, {9, 14, 11, 5, 8, 12, 15, 1, 13, 3, 0, 10, 2, 6, 4, 7},
    {11, 15, 5, 0, 1, 9, 8, 6, 14, 10, 2, 12, 3, 4, 7, 13}};

template <int bits, class U> [[gnu::always_inline]] inline U turned(U x) { return (x >> bits) | (x << (32 - bits)); }

template <class U> [[gnu::always_inline]] inline void mix(U& a, U& b, U& c, U& d, const U& x, const U& y) {
  a = a + b + x;
  d = turned<16>(d ^ a);
  c = c + d;
  b = turned<12>(b ^ c);
  a = a + b + y;
  d = turned<8>(d ^ a);
  c = c + d;
  b = turned<7>(b ^ c);
}

// The chaining value after one block.
template <class U> [[gnu::always_inline]] inline void compress(U chain[8], const U message[16], U low, U high, U length, U flags) {
  U v[16] = {chain[0], chain[1], chain[2], chain[3], chain[4], chain[5], chain[6], chain[7], U{} + start[0], U{} + start[1], U{} + start[2], U{} + start[3], low, high, length, flags};
#pragma GCC unroll 7
  for (int r = 0; r < 7; ++r) {
    const unsigned char* const at = order[r];
    mix(v[0], v[4], v[8], v[12], message[at[0]], message[at[1]]);
    mix(v[1], v[5], v[9], v[13], message[at[2]], message[at[3]]);
    mix(v[2], v[6], v[10], v[14], message[at[4]], message[at[5]]);
    mix(v[3], v[7], v[11], v[15], message[at[6]], message[at[7]]);
    mix(v[0], v[5], v[10], v[15], message[at[8]], message[at[9]]);
    mix(v[1], v[6], v[11], v[12], message[at[10]], message[at[11]]);
    mix(v[2], v[7], v[8], v[13], message[at[12]], message[at[13]]);
    mix(v[3], v[4], v[9], v[14], message[at[14]], message[at[15]]);
  }
  for (int i = 0; i < 8; ++i) chain[i] = v[i] ^ v[i + 8];
}

}  // namespace
}  // namespace cuvee::blake3
