// Disassembler: instructions of one kind of machine: how long they are, whether they branch, and
// their text. Used by report/code_text and branch_code.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace prof {

struct Instruction {
  uint8_t length = 0;
  bool branch = false;
};

/// "jne", "0x401136": as GNU's assembler would write it.
struct InstructionText {
  std::string mnemonic, operands;
  std::optional<uint64_t> target;  // of a branch that says where to
};

/// Of x86-64, i386 and AArch64.
class Disassembler {
 public:
  /// `machine` is ELF's number; nullptr for one that is not known.
  static std::unique_ptr<Disassembler> make(uint16_t machine);
  ~Disassembler();
  Disassembler(const Disassembler&) = delete;
  Disassembler& operator=(const Disassembler&) = delete;

  /// Of the instruction that `code` begins with; nothing if it is cut off, or no instruction.
  std::optional<Instruction> decode(std::span<const std::byte> code) const;
  /// `code` is one instruction, at `address`. Nothing for one that libcapstone does not know.
  std::optional<InstructionText> text(std::span<const std::byte> code, uint64_t address);

 private:
  struct Handle;  // libcapstone's
  explicit Disassembler(uint16_t machine);

  const uint16_t machine_;
  std::unique_ptr<Handle> handle_;  // opened by the first text
};

}  // namespace prof
