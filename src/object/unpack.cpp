#include "object/unpack.h"

#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "common/mapped_file.h"

namespace prof {

namespace {

using Bytes = std::span<const std::byte>;

// A dictionary of more than 64 MiB would be refused by xz itself at its common presets.
constexpr uint64_t kMostXzMemory = uint64_t{128} << 20;
constexpr int kMostZstdWindowLog = 27;  // 128 MiB
// The largest modules are some 30 MiB, and ten times that with their DWARF.
constexpr size_t kMostModule = size_t{512} << 20;

constexpr std::string_view kXzMagic(
    "\xfd"
    "7zXZ\0",
    6);
constexpr std::string_view kGzipMagic("\x1f\x8b");
constexpr std::string_view kZstdMagic("\x28\xb5\x2f\xfd");

enum class Status { More, Done, Bad };

/// Lets `step(out)` fill ever larger buffers; it returns how many bytes it made.
template <class Step>
std::vector<std::byte> grow(size_t most, Step step) {
  std::vector<std::byte> out;
  Status status = Status::More;
  while (status == Status::More && out.size() < most) {
    const size_t made = out.size();
    out.resize(std::min(most, std::max<size_t>(made * 2, 65536)));
    const size_t added = step(std::span(out).subspan(made), status);
    if (added == 0 && status == Status::More) status = Status::Bad;  // cut off
    out.resize(made + added);
  }
  if (status != Status::Done) out.clear();
  return out;
}

std::vector<std::byte> unpack_xz(Bytes packed, size_t most) {
  lzma_stream stream = LZMA_STREAM_INIT;
  if (::lzma_stream_decoder(&stream, kMostXzMemory, LZMA_CONCATENATED) != LZMA_OK) return {};
  stream.next_in = reinterpret_cast<const uint8_t*>(packed.data());
  stream.avail_in = packed.size();
  auto out = grow(most, [&](std::span<std::byte> room, Status& status) {
    stream.next_out = reinterpret_cast<uint8_t*>(room.data());
    stream.avail_out = room.size();
    const lzma_ret result = ::lzma_code(&stream, LZMA_FINISH);
    if (result != LZMA_OK) status = result == LZMA_STREAM_END ? Status::Done : Status::Bad;
    return room.size() - stream.avail_out;
  });
  ::lzma_end(&stream);
  return out;
}

std::vector<std::byte> unpack_gzip(Bytes packed, size_t most) {
  constexpr int kGzipWindow = 15 + 16;  // "add 16 to decode only the gzip format"
  if (packed.size() > UINT32_MAX) return {};
  z_stream stream{};
  if (::inflateInit2(&stream, kGzipWindow) != Z_OK) return {};
  // zlib takes a pointer that is not const, and does not write there.
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  auto out = grow(most, [&](std::span<std::byte> room, Status& status) {
    stream.next_out = reinterpret_cast<Bytef*>(room.data());
    stream.avail_out = static_cast<uInt>(room.size());
    const int result = ::inflate(&stream, Z_NO_FLUSH);
    if (result != Z_OK) status = result == Z_STREAM_END ? Status::Done : Status::Bad;
    return room.size() - stream.avail_out;
  });
  ::inflateEnd(&stream);
  return out;
}

std::vector<std::byte> unpack_zstd(Bytes packed, size_t most) {
  const std::unique_ptr<ZSTD_DStream, decltype(&::ZSTD_freeDStream)> stream(::ZSTD_createDStream(),
                                                                            ::ZSTD_freeDStream);
  if (!stream) return {};
  ::ZSTD_DCtx_setParameter(stream.get(), ZSTD_d_windowLogMax, kMostZstdWindowLog);
  ZSTD_inBuffer in{packed.data(), packed.size(), 0};
  return grow(most, [&](std::span<std::byte> room, Status& status) {
    ZSTD_outBuffer out{room.data(), room.size(), 0};
    const size_t left = ::ZSTD_decompressStream(stream.get(), &out, &in);
    if (::ZSTD_isError(left)) status = Status::Bad;
    if (left == 0) status = Status::Done;
    return out.pos;
  });
}

bool begins_with(Bytes bytes, std::string_view magic) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return text.starts_with(magic);
}

struct Unpacked {
  std::vector<std::byte> bytes;
  ElfFile file;
};

}  // namespace

std::vector<std::byte> unpack(Bytes packed, size_t most) {
  if (begins_with(packed, kXzMagic)) return unpack_xz(packed, most);
  if (begins_with(packed, kGzipMagic)) return unpack_gzip(packed, most);
  if (begins_with(packed, kZstdMagic)) return unpack_zstd(packed, most);
  return {};
}

std::shared_ptr<const ElfFile> elf_of_bytes(std::vector<std::byte> bytes, const std::string& name) {
  auto parsed = ElfFile::parse(bytes, name);
  if (!parsed) return nullptr;
  // Moving the vector leaves its bytes, to which the ElfFile points, where they are.
  auto holder = std::make_shared<Unpacked>(Unpacked{std::move(bytes), std::move(*parsed)});
  return {holder, &holder->file};
}

Result<std::shared_ptr<const ElfFile>> open_packed_elf(const std::string& path) {
  const auto mapped = MappedFile::open(path);
  if (!mapped) return tl::unexpected(mapped.error());
  std::vector<std::byte> bytes = unpack(mapped->bytes(), kMostModule);
  if (!bytes.empty()) {
    auto file = elf_of_bytes(std::move(bytes), path);
    if (!file) return fail("'" + path + "' holds no ELF file");
    return file;
  }
  auto file = ElfFile::open(path);
  if (!file) return tl::unexpected(file.error());
  return std::make_shared<const ElfFile>(std::move(*file));
}

}  // namespace prof
