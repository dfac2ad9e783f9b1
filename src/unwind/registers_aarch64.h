// AArch64's registers: perf's order in a sample (arch/arm64/include/uapi/asm/perf_regs.h) and
// DWARF's numbers (AADWARF64, "DWARF register names") are the same. Used by user_state().
#pragma once

#include <cstdint>

namespace prof {

inline constexpr uint32_t kArmX29 = 29, kArmX30 = 30, kArmSp = 31, kArmPc = 32;
inline constexpr uint32_t kArmRegisterCount = 33;  // beyond: VG, which unwinding does not need

}  // namespace prof
