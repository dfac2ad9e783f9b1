#include "object/debug_link.h"

#include <zlib.h>

#include <algorithm>

#include "common/byte_reader.h"
#include "common/mapped_file.h"

namespace prof {

std::optional<DebugLink> read_debug_link(const ElfFile& file) {
  const ElfSection* section = file.section(".gnu_debuglink");
  if (!section) return std::nullopt;
  ByteReader in(file.contents(*section), file.swapped());
  DebugLink link;
  link.name = in.c_string();
  in.skip((4 - in.position() % 4) % 4);
  link.crc = in.u32();
  // A name, not a path: what climbs out of the places that are looked at is not followed.
  if (!in.ok() || link.name.empty() || link.name.find('/') != std::string::npos) {
    return std::nullopt;
  }
  return link;
}

std::optional<DebugAltLink> read_debug_alt_link(const ElfFile& file) {
  const ElfSection* section = file.section(".gnu_debugaltlink");
  if (!section) return std::nullopt;
  ByteReader in(file.contents(*section), file.swapped());
  DebugAltLink link;
  link.name = in.c_string();
  link.build_id = BuildId::from(in.rest());
  if (!in.ok() || link.build_id.empty()) return std::nullopt;
  return link;
}

std::optional<uint32_t> crc_of_file(const std::string& path) {
  auto file = MappedFile::open(path);
  if (!file) return std::nullopt;
  constexpr size_t kStep = size_t{16} << 20;
  const auto bytes = file->bytes();
  uLong crc = ::crc32(0, nullptr, 0);
  for (size_t at = 0; at < bytes.size(); at += kStep) {
    const auto part = bytes.subspan(at, std::min(kStep, bytes.size() - at));
    crc = ::crc32(crc, reinterpret_cast<const Bytef*>(part.data()), static_cast<uInt>(part.size()));
    file->drop(at, at + part.size());
  }
  return static_cast<uint32_t>(crc);
}

}  // namespace prof
