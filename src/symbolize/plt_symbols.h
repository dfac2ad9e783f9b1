// Names for the stubs of a file's procedure linkage table ("malloc@plt"), which has no symbols.
// Used by elf_symbols.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "object/elf_file.h"

namespace prof {

struct PltSymbol {
  ElfAddr start{};
  uint64_t size = 0;
  std::string name;  // still mangled: "_Znwm@plt"
  // Of a function of the file itself that is chosen at load time (STT_GNU_IFUNC), which has no name
  // here: where its resolver is. `name` then only says where the stub is.
  std::optional<ElfAddr> resolver;
};

/// In order of address within each section.
std::vector<PltSymbol> plt_symbols(const ElfFile& file);

}  // namespace prof
