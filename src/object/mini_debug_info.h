// Mini debug info: the symbol table that Fedora and others pack into .gnu_debugdata (xz).
// Called by debug_file for files that have neither symbols nor a debug file.
#pragma once

#include <memory>

#include "object/elf_file.h"

namespace prof {

/// The ELF file inside .gnu_debugdata, in memory of its own: a .symtab of the functions that
/// .dynsym lacks, and no DWARF. Null if there is none, if it is malformed or beyond all reason.
std::shared_ptr<const ElfFile> unpack_mini_debug_info(const ElfFile& file);

}  // namespace prof
