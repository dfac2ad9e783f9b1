// Any bytes as an ELF file with DWARF: units, abbreviations, DIEs, ranges, names and line programs,
// asked for addresses all over its code; also as dwz's common file, and the index of a package.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "object/debug_link.h"
#include "object/mini_debug_info.h"
#include "symbolize/dwarf_source.h"
#include "symbolize/dwarf_split.h"

namespace {

constexpr uint64_t kAddresses = 400;

std::vector<prof::ElfAddr> addresses_of(const prof::ElfFile& file) {
  std::vector<prof::ElfAddr> addresses;
  const prof::ElfSection* text = file.section(".text");
  if (!text) return {prof::ElfAddr{1}, prof::ElfAddr{0x1000}};
  const uint64_t step = std::max<uint64_t>(1, text->size / kAddresses);
  for (uint64_t i = 0; i < kAddresses && i * step < text->size; ++i) {
    addresses.push_back(prof::ElfAddr{text->addr + i * step});
  }
  std::ranges::sort(addresses);
  return addresses;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto image = std::as_bytes(std::span(data, size));
  auto file = prof::ElfFile::parse(image, "fuzz");
  if (!file) return 0;
  prof::read_debug_link(*file);
  prof::read_debug_alt_link(*file);
  prof::unpack_mini_debug_info(*file);
  prof::SectionData index = prof::SectionData::of(*file, ".debug_cu_index", 1 << 20);
  prof::DwpIndex(index.bytes(), file->swapped()).find(1);

  prof::DebugFiles files;
  files.dwarf = {std::make_shared<const prof::ElfFile>(std::move(*file)), "/nonexistent/fuzz"};
  files.alt = files.dwarf;
  files.binary_path = files.dwarf.path;
  auto source = prof::DwarfSource::open(files, {"/nonexistent", 1, size % 2 ? 1u : 0u});
  if (!source) return 0;
  const auto addresses = addresses_of(*files.dwarf.file);
  size_t visited = 0;
  source->resolve(addresses, [&](size_t, std::span<const prof::SourceFrame> frames) {
    ++visited;
    for (const prof::SourceFrame& frame : frames) {
      if (frame.name.size() + frame.file.size() > 8 * size + 4096) __builtin_trap();
    }
  });
  if (visited != addresses.size()) __builtin_trap();
  return 0;
}
