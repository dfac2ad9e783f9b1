// ELF's numbers of the machines that uname(2) names. Used where a recording's machine matters:
// which files are of it, how its stacks are unwound, and which addresses are its kernel's.
#pragma once

#include <cstdint>
#include <string_view>

namespace prof {

/// EM_X86_64 for "x86_64"; EM_NONE for a name that is not known.
uint16_t elf_machine_of(std::string_view name);
/// Whether a kernel of the machine `kernel` runs programs of `program`: 64-bit ones run those of 32
/// bits. What is not known may be anything.
bool runs_programs_of(uint16_t kernel, uint16_t program);

/// What tells addresses of the kernel from those of processes.
enum class KernelAddresses : uint8_t {
  TopHalf,     // the uppermost bit is set
  FromItsMap,  // they begin where the kernel does: 32-bit machines, which can be set up differently
  Overlapping  // nothing: both have all addresses
};
/// TopHalf for a machine that is not known.
KernelAddresses kernel_addresses_of(uint16_t machine);

}  // namespace prof
