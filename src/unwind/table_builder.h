// build_unwind_table: the unwind table of one ELF file, from its .eh_frame, its .debug_frame, that
// of its debug file and rules for known code without either. Called once for each binary, by
// UnwindModule.
#pragma once

#include <functional>
#include <memory>

#include "common/result.h"
#include "object/elf_file.h"
#include "unwind/rule_dictionary.h"
#include "unwind/unwind_table.h"

namespace prof {

/// Gives the separate debug file of a binary; nullptr if there is none.
using FindDebugFile = std::function<std::shared_ptr<const ElfFile>()>;

/// Where .eh_frame says nothing .debug_frame is asked, then, if that leaves a good part of the code
/// without rules, the .debug_frame of what `debug_file` finds, then what can be synthesized. Code
/// that nothing is known of ends a walk, but in Go's code, and in files without any CFI, frame
/// pointers are followed. Fails for machines other than x86-64 and aarch64, and for files without
/// code.
Result<UnwindTable> build_unwind_table(const ElfFile& file, RuleDictionary& dictionary,
                                       const FindDebugFile& debug_file = {});

/// Whether build_unwind_table() has rules for this machine.
bool can_unwind(const ElfFile& file);

}  // namespace prof
