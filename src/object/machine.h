// ELF's numbers of the machines that uname(2) names. Used where a recording's machine matters:
// which files are of it, and how its stacks are unwound.
#pragma once

#include <cstdint>
#include <string_view>

namespace prof {

/// EM_X86_64 for "x86_64"; EM_NONE for a name that is not known.
uint16_t elf_machine_of(std::string_view name);
/// Whether a kernel of the machine `kernel` runs programs of `program`: 64-bit ones run those of 32
/// bits. What is not known may be anything.
bool runs_programs_of(uint16_t kernel, uint16_t program);

}  // namespace prof
