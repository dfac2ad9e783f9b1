#include "support/pack.h"

#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

namespace prof::test {

std::vector<std::byte> packed(std::span<const std::byte> bytes, const std::string& format) {
  std::vector<std::byte> out(bytes.size() * 2 + 65536);
  size_t size = 0;
  auto* to = reinterpret_cast<uint8_t*>(out.data());
  const auto* from = reinterpret_cast<const uint8_t*>(bytes.data());
  if (format == ".xz") {
    ::lzma_easy_buffer_encode(6, LZMA_CHECK_CRC32, nullptr, from, bytes.size(), to, &size,
                              out.size());
  } else if (format == ".gz") {
    z_stream stream{};
    ::deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    stream.next_in = const_cast<Bytef*>(from);
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = to;
    stream.avail_out = static_cast<uInt>(out.size());
    ::deflate(&stream, Z_FINISH);
    size = stream.total_out;
    ::deflateEnd(&stream);
  } else if (format == ".zst") {
    size = ::ZSTD_compress(to, out.size(), from, bytes.size(), 3);
  } else {
    return {bytes.begin(), bytes.end()};
  }
  out.resize(size);
  return out;
}

}  // namespace prof::test
