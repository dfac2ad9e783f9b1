#include "object/mini_debug_info.h"

#include "object/unpack.h"

namespace prof {

std::shared_ptr<const ElfFile> unpack_mini_debug_info(const ElfFile& file) {
  constexpr size_t kMostBytes = size_t{128} << 20;  // real ones inflate to a few MiB at most
  const ElfSection* section = file.section(".gnu_debugdata");
  if (!section) return nullptr;
  return elf_of_bytes(unpack(file.contents(*section), kMostBytes), ".gnu_debugdata");
}

}  // namespace prof
