// How long an instruction of x86 is and whether it branches, by the rules of its encoding: also of
// vector instructions that a library of disassembly may be too old for. Used by Disassembler.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace prof {

struct X86Instruction {
  uint8_t length = 0;
  bool branch = false;  // jump, call, return, trap or system call: leaves the straight line
};

/// The instruction that `code` begins with, in 64-bit or 32-bit mode; nothing if it is cut off, or
/// no instruction.
std::optional<X86Instruction> decode_x86(std::span<const std::byte> code, bool is_64);

}  // namespace prof
