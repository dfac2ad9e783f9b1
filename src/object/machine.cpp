#include "object/machine.h"

#include <elf.h>

#include <array>
#include <utility>

namespace prof {

uint16_t elf_machine_of(std::string_view name) {
  using Entry = std::pair<std::string_view, uint16_t>;
  constexpr std::array kNames = {
      Entry{"x86_64", EM_X86_64},   Entry{"aarch64", EM_AARCH64},
      Entry{"arm64", EM_AARCH64},   Entry{"aarch64_be", EM_AARCH64},
      Entry{"ppc64", EM_PPC64},     Entry{"ppc64le", EM_PPC64},
      Entry{"ppc", EM_PPC},         Entry{"s390x", EM_S390},
      Entry{"s390", EM_S390},       Entry{"riscv64", EM_RISCV},
      Entry{"riscv32", EM_RISCV},   Entry{"loongarch64", 258},
      Entry{"mips", EM_MIPS},       Entry{"mips64", EM_MIPS},
      Entry{"sparc64", EM_SPARCV9},
  };
  for (const auto& [known, machine] : kNames) {
    if (name == known) return machine;
  }
  if (name.size() == 4 && name[0] == 'i' && name.ends_with("86")) return EM_386;
  if (name.starts_with("arm")) return EM_ARM;  // "armv7l"
  return EM_NONE;
}

bool runs_programs_of(uint16_t kernel, uint16_t program) {
  if (kernel == EM_NONE || program == EM_NONE || kernel == program) return true;
  switch (kernel) {
    case EM_X86_64:
      return program == EM_386;
    case EM_AARCH64:
      return program == EM_ARM;
    case EM_PPC64:
      return program == EM_PPC;
    case EM_SPARCV9:
      return program == EM_SPARC || program == EM_SPARC32PLUS;
    default:
      return false;
  }
}

KernelAddresses kernel_addresses_of(uint16_t machine) {
  switch (machine) {
    case EM_S390:
    case EM_SPARC:
    case EM_SPARC32PLUS:
    case EM_SPARCV9:
      return KernelAddresses::Overlapping;
    case EM_386:
    case EM_ARM:
    case EM_PPC:
    case EM_MIPS:
      return KernelAddresses::FromItsMap;
    default:
      return KernelAddresses::TopHalf;
  }
}

}  // namespace prof
