// for_each_address: the addresses of a call chain, told from the context markers between them.
// Used by the pipeline, per distinct chain, and by script, per sample.
#pragma once

#include <optional>

#include "common/address.h"
#include "perfdata/format.h"
#include "perfdata/record.h"
#include "unwind/unwinder.h"

namespace prof {

// Markers of our own; the kernel's are multiples of 32 (PERF_CONTEXT_*).

/// Before what was unwound from a copy of the user's stack: addresses that are to be looked up as
/// they are. As perf has them, those of callers lie inside the call, not behind it.
inline constexpr uint64_t kContextUnwound = static_cast<uint64_t>(-4085);
/// Between the frames of a stack that was larger than its copy and those of the thread's stack
/// before it, which go on from there: see stack_joiner.h. Stands for itself as an address, too.
inline constexpr uint64_t kContextJoined = static_cast<uint64_t>(-4084);
inline constexpr VirtAddr kJoinedStack{kContextJoined};
/// Plus an UnwindStop: ends a chain that was unwound, and says why there.
inline constexpr uint64_t kContextStop = static_cast<uint64_t>(-4093);
/// The address that stands for the rest of a stack that was larger than its copy.
inline constexpr VirtAddr kTruncatedStack{kContextStop +
                                          static_cast<uint64_t>(UnwindStop::StackTruncated)};

constexpr bool is_stop_marker(uint64_t marker) {
  return marker >= kContextStop && marker < kContextUnwound;
}

/// The mode that a context marker announces; nothing for a marker of a newer kernel.
inline std::optional<CpuMode> mode_of_marker(uint64_t marker) {
  switch (marker) {
    case kContextKernel:
      return CpuMode::Kernel;
    case kContextUser:
    case kContextUnwound:
      return CpuMode::User;
    case kContextHypervisor:
      return CpuMode::Hypervisor;
    case kContextGuestKernel:
      return CpuMode::GuestKernel;
    case kContextGuestUser:
    case kContextGuest:
      return CpuMode::GuestUser;
    default:
      return std::nullopt;
  }
}

/// visit(CpuMode, FrameAddress) for each address, leaf first; `mode` holds until the first marker.
/// The first address of each context is an instruction pointer, the others are return addresses
/// unless they were unwound.
template <class Visit>
void for_each_address(const U64View& chain, CpuMode mode, Visit&& visit) {
  AddrKind kind = AddrKind::InstructionPointer;
  AddrKind next = AddrKind::ReturnAddress;
  for (size_t i = 0; i < chain.size(); ++i) {
    const uint64_t ip = chain[i];
    FrameAddress address;
    if (ip < kContextMax) [[likely]] {
      address = {VirtAddr{ip}, kind};
      kind = next;
    } else if (ip == kContextJoined) {
      address = {kJoinedStack};
    } else if (is_stop_marker(ip)) {
      if (VirtAddr{ip} != kTruncatedStack) continue;
      address = {kTruncatedStack};
    } else {
      const std::optional<CpuMode> marked = mode_of_marker(ip);
      if (!marked) return;  // what follows cannot be told
      mode = *marked;
      kind = AddrKind::InstructionPointer;
      next = ip == kContextUnwound ? kind : AddrKind::ReturnAddress;
      continue;
    }
    visit(mode, address);
  }
}

/// Whether for_each_address visits anything.
inline bool has_address(const U64View& chain) {
  for (size_t i = 0; i < chain.size(); ++i) {
    if (chain[i] < kContextMax) return true;
    if (!mode_of_marker(chain[i])) return false;
  }
  return false;
}

}  // namespace prof
