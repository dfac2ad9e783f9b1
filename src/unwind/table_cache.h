// Unwind tables between runs: a large binary's table takes longer to make than to read. Used by
// UnwindModule.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "object/elf_file.h"
#include "unwind/rule_dictionary.h"
#include "unwind/unwind_table.h"

namespace prof {

/// Tables of fewer rows are made again each time: that takes under 2 ms.
inline constexpr uint64_t kRowsWorthKeeping = 32 << 10;

/// What a file's table goes by in the disk cache: its build id, its machine, the form of the
/// entries, and which kinds of call frame information it has, as a stripped copy may have fewer.
/// Empty for a file without a build id, whose table cannot be told from another's.
std::string unwind_table_key(const ElfFile& file);

/// The table with the rules it uses, so that another process, whose dictionary numbers them
/// otherwise, can read it. Integers are of our own byte order.
std::vector<std::byte> encode_unwind_table(const UnwindTable& table,
                                           const RuleDictionary& dictionary);

/// What encode_unwind_table() made, with the numbers of `dictionary`; nothing if any field of it
/// cannot have been written so.
std::optional<UnwindTable> decode_unwind_table(std::span<const std::byte> bytes,
                                               RuleDictionary& dictionary);

}  // namespace prof
