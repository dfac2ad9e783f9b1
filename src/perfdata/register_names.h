// What the registers of a sample are called (PERF_SAMPLE_REGS_USER and _REGS_INTR), by perf's names
// and the numbers of arch/*/include/uapi/asm/perf_regs.h. Used by record, where registers are asked
// for by name, and by script.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace prof {

/// Of a machine as uname(2) calls it: "x86_64", "aarch64". Empty if that has no such register, or
/// is not known.
std::string_view register_name(std::string_view machine, unsigned number);

/// The bits of a register in a mask of them; of either case. A vector register has two.
std::optional<uint64_t> register_bits(std::string_view machine, std::string_view name);

}  // namespace prof
