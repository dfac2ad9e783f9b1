// Settles which of an ELF file's symbols stand for an address, by perf's rules.
// Used by elf_symbols between reading a symbol table and searching it.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "symbolize/symbol_table.h"

namespace prof {

struct CandidateSymbol {
  uint64_t start = 0;
  uint64_t end = 0;  // equals start if the file gives no size
  uint64_t section_end = UINT64_MAX;
  uint32_t name = 0;
  uint8_t binding = 0;       // STB_*
  bool guessed_end = false;  // set by fix_ends()
  bool data = false;         // STT_OBJECT
};

/// Sorts by start, then gives each symbol without a size the room up to the next symbol or its
/// section's end; the last one of unknown section goes on to the page's end and one page more.
void fix_ends(std::vector<CandidateSymbol>& symbols);

/// Leaves one symbol for each start address: one with a size before one without, strong before
/// weak, global before local, the one whose readable name has fewer leading underscores, then the
/// longer one, then the earlier one. `symbols` are sorted; names are offsets in `names`.
void drop_aliases(std::vector<CandidateSymbol>& symbols, std::string_view names);

}  // namespace prof
