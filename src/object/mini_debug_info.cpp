#include "object/mini_debug_info.h"

#include <lzma.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace prof {

namespace {

// Real ones inflate to a few MiB at most. A dictionary of more than 64 MiB would be refused by xz
// itself at its common presets.
constexpr size_t kMostBytes = size_t{128} << 20;
constexpr uint64_t kMostMemory = uint64_t{128} << 20;

std::vector<std::byte> unpack_xz(std::span<const std::byte> packed) {
  std::vector<std::byte> out;
  lzma_stream stream = LZMA_STREAM_INIT;
  if (::lzma_stream_decoder(&stream, kMostMemory, LZMA_CONCATENATED) != LZMA_OK) return out;
  stream.next_in = reinterpret_cast<const uint8_t*>(packed.data());
  stream.avail_in = packed.size();
  lzma_ret status = LZMA_OK;
  while (status == LZMA_OK && out.size() < kMostBytes) {
    const size_t made = out.size();
    out.resize(std::min(kMostBytes, std::max<size_t>(made * 2, 65536)));
    stream.next_out = reinterpret_cast<uint8_t*>(out.data() + made);
    stream.avail_out = out.size() - made;
    status = ::lzma_code(&stream, LZMA_FINISH);
    out.resize(out.size() - stream.avail_out);
  }
  ::lzma_end(&stream);
  if (status != LZMA_STREAM_END) out.clear();
  return out;
}

struct Unpacked {
  std::vector<std::byte> bytes;
  ElfFile file;
};

}  // namespace

std::shared_ptr<const ElfFile> unpack_mini_debug_info(const ElfFile& file) {
  const ElfSection* section = file.section(".gnu_debugdata");
  if (!section) return nullptr;
  std::vector<std::byte> bytes = unpack_xz(file.contents(*section));
  auto parsed = ElfFile::parse(bytes, ".gnu_debugdata");
  if (!parsed) return nullptr;
  // Moving the vector leaves its bytes, to which the ElfFile points, where they are.
  auto holder = std::make_shared<Unpacked>(Unpacked{std::move(bytes), std::move(*parsed)});
  return {holder, &holder->file};
}

}  // namespace prof
