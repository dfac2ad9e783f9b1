#include <elf.h>

#include <catch2/catch.hpp>

#include "object/machine.h"

using namespace prof;

TEST_CASE("Machines have ELF's numbers, whatever uname calls them") {
  CHECK(elf_machine_of("x86_64") == EM_X86_64);
  CHECK(elf_machine_of("i386") == EM_386);
  CHECK(elf_machine_of("i686") == EM_386);
  CHECK(elf_machine_of("aarch64") == EM_AARCH64);
  CHECK(elf_machine_of("arm64") == EM_AARCH64);
  CHECK(elf_machine_of("armv7l") == EM_ARM);
  CHECK(elf_machine_of("ppc64le") == EM_PPC64);
  CHECK(elf_machine_of("s390x") == EM_S390);
  CHECK(elf_machine_of("riscv64") == EM_RISCV);
  CHECK(elf_machine_of("pdp11") == EM_NONE);
}

TEST_CASE("A kernel runs programs of its machine and of the smaller one") {
  CHECK(runs_programs_of(EM_X86_64, EM_X86_64));
  CHECK(runs_programs_of(EM_X86_64, EM_386));
  CHECK_FALSE(runs_programs_of(EM_386, EM_X86_64));
  CHECK(runs_programs_of(EM_AARCH64, EM_ARM));
  CHECK_FALSE(runs_programs_of(EM_S390, EM_X86_64));
  CHECK(runs_programs_of(EM_NONE, EM_S390));
  CHECK(runs_programs_of(EM_S390, EM_NONE));
}

TEST_CASE("What tells the kernel's addresses depends on the machine") {
  CHECK(kernel_addresses_of(EM_X86_64) == KernelAddresses::TopHalf);
  CHECK(kernel_addresses_of(EM_AARCH64) == KernelAddresses::TopHalf);
  CHECK(kernel_addresses_of(EM_NONE) == KernelAddresses::TopHalf);
  CHECK(kernel_addresses_of(EM_386) == KernelAddresses::FromItsMap);
  CHECK(kernel_addresses_of(EM_ARM) == KernelAddresses::FromItsMap);
  CHECK(kernel_addresses_of(EM_S390) == KernelAddresses::Overlapping);
}
