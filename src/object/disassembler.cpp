#include "object/disassembler.h"

#include <capstone/capstone.h>
#include <elf.h>

#include <array>
#include <bit>

#include "common/byte_reader.h"
#include "object/x86_instruction.h"

namespace prof {

namespace {

constexpr size_t kArm64Length = 4;

/// Whether one of AArch64 leaves the straight line.
bool is_arm64_branch(uint32_t word) {
  struct Pattern {
    uint32_t mask, value;
  };
  // B, BL; B.cond; CBZ, CBNZ; TBZ, TBNZ; BR, BLR, RET, ERET; SVC, HVC, SMC, BRK
  constexpr std::array kBranches = {
      Pattern{0x7c000000, 0x14000000}, Pattern{0xff000000, 0x54000000},
      Pattern{0x7e000000, 0x34000000}, Pattern{0x7e000000, 0x36000000},
      Pattern{0xfe000000, 0xd6000000}, Pattern{0xff000000, 0xd4000000}};
  for (const auto& [mask, value] : kBranches) {
    if ((word & mask) == value) return true;
  }
  return false;
}

}  // namespace

struct Disassembler::Handle {
  csh engine = 0;
  cs_insn* instruction = nullptr;

  explicit Handle(uint16_t machine) {
    const bool arm = machine == EM_AARCH64;
    const cs_mode mode = arm ? CS_MODE_LITTLE_ENDIAN : machine == EM_386 ? CS_MODE_32 : CS_MODE_64;
    if (cs_open(arm ? CS_ARCH_ARM64 : CS_ARCH_X86, mode, &engine) != CS_ERR_OK) {
      engine = 0;
      return;
    }
    if (!arm) cs_option(engine, CS_OPT_SYNTAX, CS_OPT_SYNTAX_ATT);
    cs_option(engine, CS_OPT_DETAIL, CS_OPT_ON);
    instruction = cs_malloc(engine);
  }
  ~Handle() {
    if (instruction) cs_free(instruction, 1);
    if (engine != 0) cs_close(&engine);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  /// Of a branch whose only operand is where it leads.
  std::optional<uint64_t> target(bool arm) const {
    const cs_detail& detail = *instruction->detail;
    if (arm) {
      const cs_arm64& parts = detail.arm64;
      if (parts.op_count != 1 || parts.operands[0].type != ARM64_OP_IMM) return std::nullopt;
      return static_cast<uint64_t>(parts.operands[0].imm);
    }
    const cs_x86& parts = detail.x86;
    if (parts.op_count != 1 || parts.operands[0].type != X86_OP_IMM) return std::nullopt;
    for (const unsigned group : {CS_GRP_JUMP, CS_GRP_CALL, CS_GRP_BRANCH_RELATIVE}) {
      if (cs_insn_group(engine, instruction, group)) {
        return static_cast<uint64_t>(parts.operands[0].imm);
      }
    }
    return std::nullopt;
  }
};

Disassembler::Disassembler(uint16_t machine) : machine_(machine) {}
Disassembler::~Disassembler() = default;

std::unique_ptr<Disassembler> Disassembler::make(uint16_t machine) {
  if (machine != EM_X86_64 && machine != EM_386 && machine != EM_AARCH64) return nullptr;
  return std::unique_ptr<Disassembler>(new Disassembler(machine));
}

std::optional<Instruction> Disassembler::decode(std::span<const std::byte> code) const {
  if (machine_ == EM_AARCH64) {
    // Little-endian, as all instructions of it are, whatever its data.
    ByteReader in(code, std::endian::native == std::endian::big);
    const uint32_t word = in.u32();
    if (!in.ok()) return std::nullopt;
    return Instruction{kArm64Length, is_arm64_branch(word)};
  }
  const auto found = decode_x86(code, machine_ == EM_X86_64);
  if (!found) return std::nullopt;
  return Instruction{found->length, found->branch};
}

std::optional<InstructionText> Disassembler::text(std::span<const std::byte> code,
                                                  uint64_t address) {
  if (!handle_) handle_ = std::make_unique<Handle>(machine_);
  cs_insn* const instruction = handle_->instruction;
  if (!instruction) return std::nullopt;
  const auto* at = reinterpret_cast<const uint8_t*>(code.data());
  size_t left = code.size();
  if (!cs_disasm_iter(handle_->engine, &at, &left, &address, instruction) || left != 0) {
    return std::nullopt;
  }
  const bool arm = machine_ == EM_AARCH64;
  InstructionText text{instruction->mnemonic, instruction->op_str, {}};
  if (const auto branch = decode(code); branch && branch->branch) {
    text.target = handle_->target(arm);
  }
  return text;
}

}  // namespace prof
