// Symbols of an ELF file in perf's choice and order, PLT entries included.
// Called by the Symbolizer for files, the vdso, vmlinux and kernel modules.
#pragma once

#include <memory>

#include "object/elf_file.h"
#include "symbolize/symbol_table.h"

namespace prof {

/// Which addresses the table is to be asked with.
enum class SymbolSpace {
  FileOffset,  // positions in the file: what a mapping of it gives
  ElfAddr,     // as linked: vmlinux
  Module,      // from the start of a loaded kernel module, whose file is not linked yet
};

/// The functions of `file`: from .symtab if it has one, else from .dynsym, as perf does; names of
/// the PLT beside them. `debug`, if not null, is the separate debug file whose .symtab is to be
/// used; its sections have no contents, so positions come from `file`. `mini`, if not null, is what
/// .gnu_debugdata holds: its .symtab adds to .dynsym where there is no other. The table is empty if
/// there are no symbols. The files are kept as long as the table lives.
SymbolTable load_elf_symbols(std::shared_ptr<const ElfFile> file,
                             std::shared_ptr<const ElfFile> debug, SymbolSpace space,
                             std::shared_ptr<const ElfFile> mini = nullptr);

}  // namespace prof
