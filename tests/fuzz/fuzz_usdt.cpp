// Any bytes as an ELF file with static probes.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "object/usdt_notes.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto image = std::as_bytes(std::span(data, size));
  const auto file = prof::ElfFile::parse(image, "fuzz");
  if (!file) return 0;
  const auto probes = prof::read_usdt_probes(*file);
  if (probes.size() > size / 12) __builtin_trap();  // a note's header
  const auto* begin = reinterpret_cast<const char*>(data);
  for (const prof::UsdtProbe& probe : probes) {
    for (const std::string_view text : {probe.provider, probe.name, probe.arguments}) {
      if (text.empty()) continue;
      if (text.data() < begin || text.data() + text.size() > begin + size) __builtin_trap();
    }
  }
  return 0;
}
