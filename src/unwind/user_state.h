// user_state: a sample's user registers and stack copy, as perf records them, in the unwinders'
// terms. Called for each sample before it is unwound.
#pragma once

#include <cstdint>
#include <span>

#include "common/byte_reader.h"
#include "unwind/unwinder.h"

namespace prof {

/// `machine` is the recording's (EM_*), `abi` a PERF_SAMPLE_REGS_ABI_*, `mask` sample_regs_user:
/// `registers` has one value for each of its bits. Tasks of 32 bits get machine EM_NONE, on which
/// unwinders stop with UnsupportedMachine.
UserState user_state(uint16_t machine, uint64_t abi, uint64_t mask, const U64View& registers,
                     std::span<const std::byte> stack);

}  // namespace prof
