#include "object/x86_instruction.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace prof {

namespace {

constexpr size_t kMostBytes = 15;

// What follows an opcode. In the tables below each letter is an opcode:
//   .  nothing               m  ModRM                  x  no instruction in 64-bit mode
//   b  imm8                  B  ModRM and imm8         -  no instruction
//   z  imm16 or imm32        Z  ModRM and imm16/32     p  prefix, or the way to another table
//   w  imm16                 v  imm of the operand     e  imm16 and imm8 (enter)
//   j  rel32 (rel16)         o  an address             f  far pointer, not in 64-bit mode
//   g  ModRM; an imm8 if its reg is 0 or 1             G  the same, imm16/32
//   i  ModRM and two imm8: of SSE4a, where a vector instruction without prefix has none
constexpr std::string_view kOneByte =
    "mmmmbzxxmmmmbzxp"   // 00
    "mmmmbzxxmmmmbzxx"   // 10
    "mmmmbzpxmmmmbzpx"   // 20
    "mmmmbzpxmmmmbzpx"   // 30
    "................"   // 40: REX in 64-bit mode
    "................"   // 50
    "xxmmppppzZbB...."   // 60: 62 is BOUND where it is not EVEX
    "bbbbbbbbbbbbbbbb"   // 70
    "BZBBmmmmmmmmmmmm"   // 80
    "..........f....."   // 90
    "oooo....bz......"   // a0
    "bbbbbbbbvvvvvvvv"   // b0
    "BBw.mmBZe.w..bx."   // c0
    "mmmmbbx.mmmmmmmm"   // d0
    "bbbbbbbbjjfb...."   // e0
    "p.pp..gG......mm";  // f0
constexpr std::string_view kTwoBytes =
    "mmmm-.....-.-m.B"   // 0f 00
    "mmmmmmmmmmmmmmmm"   // 10
    "mmmm----mmmmmmmm"   // 20
    "......-.p-p-----"   // 30
    "mmmmmmmmmmmmmmmm"   // 40
    "mmmmmmmmmmmmmmmm"   // 50
    "mmmmmmmmmmmmmmmm"   // 60
    "BBBBmmm.mm--mmmm"   // 70
    "jjjjjjjjjjjjjjjj"   // 80
    "mmmmmmmmmmmmmmmm"   // 90
    "...mBm--...mBmmm"   // a0
    "mmmmmmmmmmBmmmmm"   // b0
    "mmBmBBBm........"   // c0
    "mmmmmmmmmmmmmmmm"   // d0
    "mmmmmmmmmmmmmmmm"   // e0
    "mmmmmmmmmmmmmmmm";  // f0
static_assert(kOneByte.size() == 256 && kTwoBytes.size() == 256);

class Decoder {
 public:
  Decoder(std::span<const std::byte> code, bool is_64)
      : code_(code.first(std::min(code.size(), kMostBytes))), is_64_(is_64) {}

  std::optional<X86Instruction> decode() {
    prefixes();
    opcode();
    if (!ok_) return std::nullopt;
    return X86Instruction{static_cast<uint8_t>(at_), branch_};
  }

 private:
  uint8_t peek(size_t ahead = 0) const {
    return at_ + ahead < code_.size() ? std::to_integer<uint8_t>(code_[at_ + ahead]) : 0;
  }
  uint8_t next() {
    const uint8_t byte = peek();
    skip(1);
    return byte;
  }
  void skip(size_t count) {
    if (count > code_.size() - at_) {
      ok_ = false;
      at_ = code_.size();
    } else {
      at_ += count;
    }
  }

  void prefixes();
  void opcode();
  /// True if it was one of those: VEX, EVEX, XOP.
  bool vector(uint8_t first);
  void follow(char rule);
  void modrm();
  void note_branch(uint8_t opcode);
  void note_branch_of_two(uint8_t opcode);
  size_t operand_size() const { return operand_16_ && !wide_ ? 2 : 4; }

  const std::span<const std::byte> code_;
  const bool is_64_;
  size_t at_ = 0;
  bool ok_ = true;
  bool branch_ = false;
  bool operand_16_ = false, address_other_ = false, wide_ = false;  // 66, 67, REX.W
  bool repne_ = false;                                              // f2
};

void Decoder::prefixes() {
  constexpr std::string_view kPlain("\x26\x2e\x36\x3e\x64\x65\xf0\xf2\xf3\x66\x67");
  while (ok_ && kPlain.find(static_cast<char>(peek())) != kPlain.npos) {
    const uint8_t prefix = next();
    if (prefix == 0x66) operand_16_ = true;
    if (prefix == 0x67) address_other_ = true;
    if (prefix == 0xf2) repne_ = true;
  }
  // Only the last one counts, and only right before the opcode.
  while (ok_ && is_64_ && (peek() & 0xf0) == 0x40) wide_ = (next() & 8) != 0;
}

void Decoder::opcode() {
  const uint8_t first = next();
  if (!ok_ || vector(first)) return;
  if (first != 0x0f) {
    note_branch(first);
    return follow(kOneByte[first]);
  }
  const uint8_t second = next();
  if (second == 0x38 || second == 0x3a) {
    next();
    return follow(second == 0x38 ? 'm' : 'B');
  }
  note_branch_of_two(second);
  follow(second == 0x78 && (operand_16_ || repne_) ? 'i' : kTwoBytes[second]);
}

bool Decoder::vector(uint8_t first) {
  // In 32-bit mode these are LES, LDS and BOUND, unless what follows names two registers.
  const bool registers = is_64_ || peek() >= 0xc0;
  unsigned map = 1;
  if ((first == 0xc5 || first == 0xc4) && registers) {
    const uint8_t payload = next();
    if (first == 0xc4) {
      map = payload & 0x1f;
      next();
    }
  } else if (first == 0x62 && registers) {
    map = peek() & 7;
    skip(3);
  } else if (first == 0x8f && (peek() & 0x1f) >= 8) {  // XOP; else POP
    map = peek() & 0x1f;
    skip(2);
  } else {
    return false;
  }
  const uint8_t opcode = next();
  if (first == 0xc5 || first == 0xc4 || first == 0x62) {
    if (map == 1) {
      // The immediates of the instructions that have none of these forms are not theirs.
      constexpr std::string_view kWithByte("\x70\x71\x72\x73\xc2\xc4\xc5\xc6");
      if (opcode == 0x77 && first != 0x62) return true;  // vzeroupper
      follow(kWithByte.find(static_cast<char>(opcode)) != kWithByte.npos ? 'B' : 'm');
    } else if (map == 3) {
      follow('B');
    } else {
      follow(map == 2 || map == 5 || map == 6 ? 'm' : '-');
    }
    return true;
  }
  if (map == 10) {
    modrm();
    skip(4);
  } else {
    follow(map == 8 ? 'B' : map == 9 ? 'm' : '-');
  }
  return true;
}

void Decoder::modrm() {
  const uint8_t byte = next();
  const unsigned mod = byte >> 6, rm = byte & 7;
  if (mod == 3) return;
  if (!is_64_ && address_other_) {
    skip(mod == 1 ? 1 : mod == 2 || rm == 6 ? 2 : 0);
    return;
  }
  const unsigned base = rm == 4 ? next() & 7 : rm;
  skip(mod == 1 ? 1 : mod == 2 || base == 5 ? 4 : 0);
}

void Decoder::follow(char rule) {
  const unsigned reg = peek() >> 3 & 7;
  switch (rule) {
    case '.':
      return;
    case 'm':
      return modrm();
    case 'B':
      modrm();
      return skip(1);
    case 'i':
      modrm();
      return skip(2);
    case 'Z':
      modrm();
      return skip(operand_size());
    case 'g':
    case 'G':
      modrm();
      return skip(reg > 1 ? 0 : rule == 'g' ? 1 : operand_size());
    case 'b':
      return skip(1);
    case 'w':
      return skip(2);
    case 'e':
      return skip(3);
    case 'z':
      return skip(operand_size());
    case 'v':
      return skip(wide_ ? 8 : operand_size());
    case 'j':  // in 64-bit mode the operand's size is no one's choice
      return skip(is_64_ ? 4 : operand_size());
    case 'o':
      return skip(is_64_ ? (address_other_ ? 4 : 8) : address_other_ ? 2 : 4);
    case 'f':
      ok_ = ok_ && !is_64_;
      return skip(operand_size() + 2);
    case 'x':
      ok_ = ok_ && !is_64_;
      return;
    default:
      ok_ = false;
  }
}

void Decoder::note_branch(uint8_t opcode) {
  // ret, lret, int3, int, into, iret, loops, call, jmp and far ones
  constexpr std::string_view kBranches(
      "\x9a\xc2\xc3\xca\xcb\xcc\xcd\xce\xcf\xe0\xe1\xe2\xe3\xe8\xe9\xea\xeb\xf1");
  const unsigned reg = peek() >> 3 & 7;
  branch_ = (opcode & 0xf0) == 0x70 ||
            kBranches.find(static_cast<char>(opcode)) != kBranches.npos ||
            (opcode == 0xff && reg >= 2 && reg <= 5);
}

void Decoder::note_branch_of_two(uint8_t opcode) {
  constexpr std::string_view kSystem("\x05\x07\x34\x35");  // syscall, sysret, sysenter, sysexit
  const bool enters_guest = opcode == 0x01 && (peek() == 0xc2 || peek() == 0xc3);
  branch_ = (opcode & 0xf0) == 0x80 || enters_guest ||
            kSystem.find(static_cast<char>(opcode)) != kSystem.npos;
}

}  // namespace

std::optional<X86Instruction> decode_x86(std::span<const std::byte> code, bool is_64) {
  return Decoder(code, is_64).decode();
}

}  // namespace prof
