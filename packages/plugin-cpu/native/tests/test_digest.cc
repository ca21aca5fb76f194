#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "kernels/digest/digest.h"
#include "tests/check.h"

using namespace cuvee;

namespace {

std::string hex(const std::array<uint8_t, 32>& bytes) {
  std::string all;
  for (const uint8_t b : bytes) all.append({"0123456789abcdef"[b >> 4], "0123456789abcdef"[b & 15]});
  return all;
}

// The published test vectors' input: bytes that count to 250 again and again.
std::vector<uint8_t> counted(size_t n) {
  std::vector<uint8_t> bytes(n);
  for (size_t i = 0; i < n; ++i) bytes[i] = static_cast<uint8_t>(i % 251);
  return bytes;
}

}  // namespace

TEST(digest_is_blake3) {
  const struct {
    size_t bytes;
    const char* wanted;
  } vectors[] = {
      {0, "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"},
      {1, "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213"},
      {1023, "10108970eeda3eb932baac1428c7a2163b0e924c9a9e25b35bba72b28f70bd11"},
      {1024, "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7"},
      {1025, "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444"},
      {2048, "e776b6028c7cd22a4d0ba182a8bf62205d2ef576467e838ed6f2529b85fba24a"},
      {31744, "62b6960e1a44bcc1eb1a611a8d6235b6b4b78f32e7abc4fb4c6cdcce94895c47"},
      {102400, "bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e085"},
  };
  for (const Isa isa : test::isas())
    for (const auto& [n, wanted] : vectors) {
      const std::vector<uint8_t> bytes = counted(n);
      Digest whole(isa);
      whole.update(bytes);
      CHECK(hex(whole.finish()) == wanted, "%s: %zu bytes", isa_name(isa), n);
    }
}

TEST(digest_does_not_depend_on_pieces) {
  const std::vector<uint8_t> bytes = counted(1300001);
  Digest plain(Isa::scalar);
  plain.update(bytes);
  const auto wanted = plain.finish();
  for (const Isa isa : test::isas())
    for (const size_t piece : {63, 1024, 4096, 16384, 16385, 700000, 1300001}) {
      Digest in_pieces(isa);
      for (size_t at = 0; at < bytes.size(); at += piece) in_pieces.update(std::span(bytes).subspan(at, std::min(piece, bytes.size() - at)));
      CHECK(in_pieces.finish() == wanted, "%s: pieces of %zu bytes", isa_name(isa), piece);
    }
}

TEST(digest_of_a_file) {
  for (const size_t n : {0, 1, 262144, 262145, 524288, 1000001, 3000000}) {
    const std::vector<uint8_t> bytes = counted(n);
    char path[] = "/tmp/cuvee-digest-XXXXXX";
    const int fd = mkstemp(path);
    CHECK(fd >= 0 && write(fd, bytes.data(), n) == static_cast<ssize_t>(n), "no file of %zu bytes", n);
    close(fd);
    std::string problem;
    const auto file = File::open(path, problem);
    Digest of_file, of_memory(Isa::scalar);
    CHECK(file && of_file.update(*file, problem), "%s", problem.c_str());
    for (size_t at = 0; at < n; at += 1000) of_memory.update(std::span(bytes).subspan(at, std::min<size_t>(1000, n - at)));
    CHECK(of_file.finish() == of_memory.finish(), "%zu bytes", n);
    unlink(path);
  }
}
