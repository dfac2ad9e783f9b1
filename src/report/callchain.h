// for_each_address: the addresses of a call chain, told from the context markers between them.
// Used by the pipeline, per distinct chain, and by script, per sample.
#pragma once

#include <optional>

#include "common/address.h"
#include "perfdata/format.h"
#include "perfdata/record.h"

namespace prof {

/// The mode that a context marker announces; nothing for a marker of a newer kernel.
inline std::optional<CpuMode> mode_of_marker(uint64_t marker) {
  switch (marker) {
    case kContextKernel:
      return CpuMode::Kernel;
    case kContextUser:
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
/// The first address of each context is an instruction pointer, the others are return addresses.
template <class Visit>
void for_each_address(const U64View& chain, CpuMode mode, Visit&& visit) {
  AddrKind kind = AddrKind::InstructionPointer;
  for (size_t i = 0; i < chain.size(); ++i) {
    const uint64_t ip = chain[i];
    if (ip < kContextMax) {
      visit(mode, FrameAddress{VirtAddr{ip}, kind});
      kind = AddrKind::ReturnAddress;
      continue;
    }
    const std::optional<CpuMode> marked = mode_of_marker(ip);
    if (!marked) return;  // what follows cannot be told
    mode = *marked;
    kind = AddrKind::InstructionPointer;
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

/// A sample's call chain; without one, its instruction pointer alone.
template <class Visit>
void for_each_address(const SampleRecord& sample, Visit&& visit) {
  if (has_address(sample.callchain)) {
    for_each_address(sample.callchain, sample.cpu_mode(), visit);
  } else {
    visit(sample.cpu_mode(), FrameAddress{VirtAddr{sample.ip}});
  }
}

}  // namespace prof
