// x86-64's registers: perf's order in a sample (arch/x86/include/uapi/asm/perf_regs.h) and DWARF's
// numbers (psABI x86-64, "DWARF Register Number Mapping"). Used by user_state().
#pragma once

#include <array>
#include <cstdint>

namespace prof {

inline constexpr uint32_t kX86Rbp = 6, kX86Rsp = 7, kX86Rip = 16;

inline constexpr uint8_t kNoDwarfRegister = 0xff;

/// DWARF's number of perf's n-th register: ax bx cx dx si di bp sp ip flags cs ss ds es fs gs
/// r8…r15.
inline constexpr std::array<uint8_t, 24> kX86PerfToDwarf = {
    0,    3,    2,    1,    4, 5, 6,  7,  16, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 8, 9, 10, 11, 12, 13,   14,   15};

}  // namespace prof
