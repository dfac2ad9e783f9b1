// Unwinder: from one sample's user registers and stack copy to its call chain. Called for each
// sample with a stack copy; what code lies where is asked of the caller through CodeMap.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "common/address.h"

namespace prof {

class UnwindModule;

/// Why a walk ended. Every one has a reason.
enum class UnwindStop : uint8_t {
  EndOfStack,          // reached the bottom, as CFI, a return address or frame pointer of 0 say
  NoMapping,           // no code is known at a frame's address
  NoUnwindInfo,        // nothing tells how to go on from a frame
  UnsupportedRule,     // something tells, in a way that is not understood
  StackTruncated,      // needed what lies outside of the stack copy
  NoProgress,          // a frame would not lie above the one it called
  FrameLimit,          // max_frames
  UnsupportedMachine,  // registers of another machine, as of a 32-bit task
};
inline constexpr size_t kUnwindStops = 8;

/// User registers and stack copy of one sample. Registers are in DWARF's numbering of `machine`
/// (EM_X86_64, EM_AARCH64); bit n of `valid` tells that register n is known. See user_state().
struct UserState {
  uint16_t machine = 0;
  std::array<uint64_t, 33> registers{};
  uint64_t valid = 0;
  VirtAddr stack_begin{};
  std::span<const std::byte> stack;
};

/// A mapping of code. `module` is nullptr where code has no file (JIT).
struct CodeRange {
  VirtAddr begin{};
  VirtAddr end{};
  uint64_t bias = 0;  // an address in the file's terms is the address minus this, modulo 2^64
  const UnwindModule* module = nullptr;
};

/// What code lies at an address, in the process and at the time of a sample.
class CodeMap {
 public:
  virtual ~CodeMap() = default;
  virtual std::optional<CodeRange> find(VirtAddr addr) = 0;
  /// Maps that give different answers have different versions, whatever object they are: unwinders
  /// keep answers by it, across samples and processes. Below 2^44.
  virtual uint64_t version() const = 0;
};

/// A frame's address as recorded chains have it, where all but the leaf are return addresses, which
/// readers look one byte before. Code that a signal interrupted did not call: its address plus one.
constexpr uint64_t as_recorded(const FrameAddress& frame, bool leaf) {
  return raw(frame.addr) + (frame.kind == AddrKind::InstructionPointer && !leaf ? 1 : 0);
}

class Unwinder {
 public:
  virtual ~Unwinder() = default;
  /// Replaces `out` by the chain, leaf first, of `max_frames` at most.
  virtual UnwindStop unwind(CodeMap& map, const UserState& user, size_t max_frames,
                            std::vector<FrameAddress>& out) = 0;
};

}  // namespace prof
