// Rules for code that has no CFI but whose shape is known: PLTs, the entry point, signal returns.
// Called by the table builder, which uses them only where a file itself says nothing.
#pragma once

#include <cstdint>
#include <vector>

#include "object/elf_file.h"
#include "unwind/cfi_program.h"

namespace prof {

/// Rows that describe [begin, end); the first begins at `begin`.
struct SynthesizedCode {
  uint64_t begin = 0;
  uint64_t end = 0;
  std::vector<CfiRow> rows;
};

/// By section: the PLT of lld has no CFI, and on AArch64 no linker's has.
std::vector<SynthesizedCode> synthesize_plt(const ElfFile& file);
/// The bottom of the stack at the entry point: ld.so's _start has no CFI.
std::vector<SynthesizedCode> synthesize_entry(const ElfFile& file, bool has_cfi);
/// The call of rt_sigreturn among code at [begin, end) that has no CFI (musl, Go, AArch64's vdso),
/// if there is one.
std::vector<SynthesizedCode> synthesize_signal_return(const ElfFile& file, uint64_t begin,
                                                      uint64_t end);
/// Whether code at [begin, end), which has no CFI, is a compiler's that keeps frame pointers, as
/// the built-in functions of V8 in node: a large stretch with a prologue every few hundred bytes.
bool keeps_frame_pointers(const ElfFile& file, uint64_t begin, uint64_t end);

}  // namespace prof
