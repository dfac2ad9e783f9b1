#include "object/usdt_notes.h"

#include <algorithm>

#include "common/byte_reader.h"

namespace prof {

namespace {

constexpr uint32_t kStapsdtType = 3;
constexpr std::string_view kOwner("stapsdt\0", 8);

uint64_t padded(uint64_t size) {
  return (size + 3) & ~uint64_t{3};
}

}  // namespace

/// A note's description: location, base and semaphore as addresses of the file's size, then three
/// strings (systemtap's wiki, UserSpaceProbeImplementation). What prelink moved shows by the base.
std::vector<UsdtProbe> read_usdt_probes(const ElfFile& file) {
  std::vector<UsdtProbe> out;
  const ElfSection* notes = file.section(".note.stapsdt");
  if (!notes || notes->type != SHT_NOTE) return out;
  const ElfSection* base = file.section(".stapsdt.base");
  ByteReader reader(file.contents(*notes), file.swapped());
  while (reader.remaining() >= 12) {
    const uint32_t name_size = reader.u32();
    const uint32_t description_size = reader.u32();
    const uint32_t type = reader.u32();
    const auto owner = reader.bytes(padded(name_size));
    ByteReader description(reader.bytes(description_size), file.swapped());
    if (!reader.ok()) break;
    reader.skip(
        std::min<uint64_t>(padded(description_size) - description_size, reader.remaining()));
    const std::string_view owner_name(reinterpret_cast<const char*>(owner.data()),
                                      std::min<size_t>(name_size, owner.size()));
    if (type != kStapsdtType || owner_name != kOwner) continue;
    const auto address = [&] { return file.is_64() ? description.u64() : description.u32(); };
    UsdtProbe probe;
    probe.location = address();
    const uint64_t linked_base = address();
    probe.semaphore = address();
    if (base) {
      probe.location += base->addr - linked_base;
      if (probe.semaphore != 0) probe.semaphore += base->addr - linked_base;
    }
    probe.provider = description.c_string();
    probe.name = description.c_string();
    probe.arguments = description.c_string();
    if (description.ok() && !probe.provider.empty() && !probe.name.empty()) out.push_back(probe);
  }
  return out;
}

}  // namespace prof
