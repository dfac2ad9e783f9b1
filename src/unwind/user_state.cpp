#include "unwind/user_state.h"

#include <elf.h>
#include <linux/perf_event.h>

#include "unwind/registers_aarch64.h"
#include "unwind/registers_x86_64.h"

namespace prof {

namespace {

uint32_t dwarf_number(uint16_t machine, uint32_t perf_number) {
  if (machine == EM_X86_64) {
    return perf_number < kX86PerfToDwarf.size() ? kX86PerfToDwarf[perf_number] : kNoDwarfRegister;
  }
  return perf_number < kArmRegisterCount ? perf_number : kNoDwarfRegister;
}

}  // namespace

UserState user_state(uint16_t machine, uint64_t abi, uint64_t mask, const U64View& registers,
                     std::span<const std::byte> stack) {
  UserState state;
  if (abi != PERF_SAMPLE_REGS_ABI_64 || (machine != EM_X86_64 && machine != EM_AARCH64)) {
    state.machine = EM_NONE;
    return state;
  }
  state.machine = machine;
  size_t next = 0;
  for (uint32_t bit = 0; bit < 64 && next < registers.size(); ++bit) {
    if (!(mask >> bit & 1)) continue;
    const uint64_t value = registers[next++];
    const uint32_t number = dwarf_number(machine, bit);
    if (number == kNoDwarfRegister) continue;
    state.registers[number] = value;
    state.valid |= uint64_t{1} << number;
  }
  const uint32_t sp = machine == EM_X86_64 ? kX86Rsp : kArmSp;
  if (state.valid >> sp & 1) {
    state.stack_begin = VirtAddr{state.registers[sp]};
    state.stack = stack;
  }
  return state;
}

}  // namespace prof
