// Address kinds as types: where a number counts from. Used by object, symbolize, unwind and report.
#pragma once

#include <cstdint>

namespace prof {

/// An address in a process (or the kernel) as it ran.
enum class VirtAddr : uint64_t {};
/// An address as an ELF file's symbols and program headers mean it (st_value, p_vaddr).
enum class ElfAddr : uint64_t {};
/// A byte position in a file. perf calls an address in this form "relative to the DSO".
enum class FileOffset : uint64_t {};

constexpr uint64_t raw(VirtAddr a) {
  return static_cast<uint64_t>(a);
}
constexpr uint64_t raw(ElfAddr a) {
  return static_cast<uint64_t>(a);
}
constexpr uint64_t raw(FileOffset a) {
  return static_cast<uint64_t>(a);
}

enum class AddrKind : uint8_t { InstructionPointer, ReturnAddress };

/// An address of a call chain, as it was found.
struct FrameAddress {
  VirtAddr addr{};
  AddrKind kind = AddrKind::InstructionPointer;

  /// The address to look up: inside the call for a return address, since a call that does not
  /// return may be the last instruction of its function. The only "minus one" in prof.
  constexpr VirtAddr lookup() const {
    return kind == AddrKind::ReturnAddress && raw(addr) != 0 ? VirtAddr{raw(addr) - 1} : addr;
  }
};

}  // namespace prof
