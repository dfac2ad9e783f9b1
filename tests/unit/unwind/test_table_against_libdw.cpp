// Every row of libdw's view of a file's CFI must be the table's, or be counted as unsupported.
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fcntl.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>

#include "common/unique_fd.h"
#include "support/elf_builder.h"
#include "unwind/table_builder.h"

using namespace prof;

namespace {

/// DWARF's numbers of the registers that rules speak of.
struct Numbers {
  int bx, fp, sp, ra;
};
constexpr Numbers kX86 = {3, 6, 7, 16};
constexpr Numbers kArm = {-1, 29, 31, 30};

struct Oracle {
  explicit Oracle(const std::string& path) : fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    elf_version(EV_CURRENT);
    elf.reset(elf_begin(fd.get(), ELF_C_READ_MMAP, nullptr));
    if (elf) cfi.reset(dwarf_getcfi_elf(elf.get()));
  }
  UniqueFd fd;
  std::unique_ptr<Elf, int (*)(Elf*)> elf{nullptr, elf_end};
  std::unique_ptr<Dwarf_CFI, int (*)(Dwarf_CFI*)> cfi{nullptr, dwarf_cfi_end};
};

using Ops = std::span<const Dwarf_Op>;

bool is_breg(const Dwarf_Op& op, int reg) {
  return op.atom == DW_OP_breg0 + reg || (op.atom == DW_OP_bregx && op.number == Dwarf_Word(reg));
}
int64_t breg_offset(const Dwarf_Op& op) {
  return static_cast<int64_t>(op.atom == DW_OP_bregx ? op.number2 : op.number);
}

/// libdw's rule for a register in the table's terms: kind, offset, register.
struct Said {
  uint8_t kind = UNWIND_SAME;
  int64_t offset = 0;
  int reg = 0;
  bool operator==(const Said&) const = default;
};

/// nullopt: something that the table has no words for.
std::optional<Said> said_of(Dwarf_Frame* frame, const Numbers& numbers, int reg) {
  Dwarf_Op memory[3];
  Dwarf_Op* ops = nullptr;
  size_t count = 0;
  if (dwarf_frame_register(frame, reg, memory, &ops, &count) != 0) return std::nullopt;
  if (count == 0) return Said{ops ? uint8_t{UNWIND_LOST} : uint8_t{UNWIND_SAME}};
  if (ops[0].atom == DW_OP_call_frame_cfa) {
    if (count == 1) return Said{UNWIND_AT_CFA, 0};
    if (count == 2 && ops[1].atom == DW_OP_plus_uconst) {
      return Said{UNWIND_AT_CFA, static_cast<int64_t>(ops[1].number)};
    }
    // A DW_CFA_expression, which is given the CFA and does not use it.
    ++ops;
    --count;
  }
  if (count != 1) return std::nullopt;
  if (ops[0].atom == DW_OP_regx) return Said{UNWIND_IN_REGISTER, 0, int(ops[0].number)};
  if (ops[0].atom >= DW_OP_reg0 && ops[0].atom <= DW_OP_reg31) {
    return Said{UNWIND_IN_REGISTER, 0, ops[0].atom - DW_OP_reg0};
  }
  if (is_breg(ops[0], numbers.sp)) return Said{UNWIND_AT_SP, breg_offset(ops[0])};
  if (is_breg(ops[0], numbers.fp)) return Said{UNWIND_AT_FP, breg_offset(ops[0])};
  return std::nullopt;
}

bool sp_is_cfa(Dwarf_Frame* frame, const Numbers& numbers) {
  Dwarf_Op memory[3];
  Dwarf_Op* ops = nullptr;
  size_t count = 0;
  return dwarf_frame_register(frame, numbers.sp, memory, &ops, &count) == 0 && count == 2 &&
         ops[0].atom == DW_OP_call_frame_cfa && ops[1].atom == DW_OP_stack_value;
}

bool cfa_agrees(Dwarf_Frame* frame, const Numbers& numbers, const unwind_rule& rule) {
  Dwarf_Op* ops = nullptr;
  size_t count = 0;
  if (dwarf_frame_cfa(frame, &ops, &count) != 0 || count == 0) return false;
  if (count == 1) {
    const int reg = rule.cfa_kind == UNWIND_CFA_SP         ? numbers.sp
                    : rule.cfa_kind == UNWIND_CFA_FP       ? numbers.fp
                    : rule.cfa_kind == UNWIND_CFA_REGISTER ? rule.cfa_register
                                                           : -1;
    return reg >= 0 && is_breg(ops[0], reg) && breg_offset(ops[0]) == rule.cfa_offset;
  }
  if (ops[1].atom == DW_OP_deref && (count == 2 || count == 3)) {
    const int reg = rule.cfa_kind == UNWIND_CFA_DEREF_SP   ? numbers.sp
                    : rule.cfa_kind == UNWIND_CFA_DEREF_FP ? numbers.fp
                                                           : -1;
    if (reg < 0 || !is_breg(ops[0], reg) || breg_offset(ops[0]) != rule.cfa_offset) return false;
    if (count == 2) return rule.cfa_extra == 0;
    return ops[2].atom == DW_OP_plus_uconst && ops[2].number == rule.cfa_extra;
  }
  return rule.cfa_kind == UNWIND_CFA_PLT && count == 9 && is_breg(ops[0], numbers.sp) &&
         is_breg(ops[1], numbers.ra) && ops[2].atom == DW_OP_lit15 && ops[3].atom == DW_OP_and &&
         ops[4].atom == DW_OP_lit0 + rule.cfa_extra && ops[5].atom == DW_OP_ge &&
         ops[6].atom == DW_OP_lit3 && ops[7].atom == DW_OP_shl && ops[8].atom == DW_OP_plus;
}

bool agrees(const std::optional<Said>& said, uint8_t kind, int32_t offset) {
  return said && said->kind == kind && (kind == UNWIND_LOST || said->offset == offset);
}

/// Whether the table says of a row what libdw says.
bool row_agrees(Dwarf_Frame* frame, bool signal, const Numbers& numbers, const unwind_rule& rule) {
  const auto ra = said_of(frame, numbers, numbers.ra);
  const auto fp = said_of(frame, numbers, numbers.fp);
  const auto bx = numbers.bx < 0 ? Said{} : said_of(frame, numbers, numbers.bx);
  if (signal) {
    return rule.cfa_kind == UNWIND_CFA_SIGNAL && fp == Said{UNWIND_AT_SP, 120} &&
           bx == Said{UNWIND_AT_SP, 128} && ra == Said{UNWIND_AT_SP, 168};
  }
  if (ra && ra->kind == UNWIND_LOST) return rule.cfa_kind == UNWIND_CFA_END;
  if (!sp_is_cfa(frame, numbers) || !cfa_agrees(frame, numbers, rule)) return false;
  const bool ra_agrees = ra && ra->kind == UNWIND_IN_REGISTER
                             ? rule.ra_kind == UNWIND_IN_REGISTER && rule.ra_register == ra->reg
                             : agrees(ra, rule.ra_kind, rule.ra_offset);
  // Of an rbx that nobody speaks of, libdw says "undefined": its list of registers that a call
  // keeps has rax (0) in rbx's place.
  const bool bx_agrees = agrees(bx, rule.bx_kind, rule.bx_offset) ||
                         (rule.bx_kind == UNWIND_SAME && bx && bx->kind == UNWIND_LOST) ||
                         (rule.bx_kind == UNWIND_LOST && (!bx || bx->kind == UNWIND_IN_REGISTER));
  return ra_agrees && bx_agrees && agrees(fp, rule.fp_kind, rule.fp_offset);
}

struct Comparison {
  uint64_t rows = 0, unsupported = 0, differing = 0;
  uint64_t first_difference = 0;
};

/// Walks libdw's rows over all of a file's code.
Comparison compare(const ElfFile& file, Dwarf_CFI* cfi, const UnwindTable& table,
                   const RuleDictionary& rules) {
  Comparison result;
  const Numbers& numbers = file.machine() == EM_AARCH64 ? kArm : kX86;
  uint64_t since_fde = 0;  // bytes without an FDE before this one
  uint64_t guessed = 0;    // of them, those taken to have frame pointers
  // V8's built-in functions in node are; smaller stretches may not be.
  constexpr uint64_t kLargeStretch = uint64_t{64} << 10;
  const auto end_stretch = [&](uint64_t at) {
    if (guessed > 0 && since_fde < kLargeStretch) {
      if (result.differing == 0) result.first_difference = at - guessed;
      result.differing += guessed;
    }
    since_fde = guessed = 0;
  };
  for (const ElfSegment& segment : file.segments()) {
    if (segment.type != PT_LOAD || !(segment.flags & PF_X)) continue;
    for (uint64_t pc = segment.vaddr; pc < segment.vaddr + segment.filesz;) {
      Dwarf_Frame* found = nullptr;
      const uint8_t kind = rules[table.find(ElfAddr{pc})].cfa_kind;
      if (dwarf_cfi_addrframe(cfi, pc, &found) != 0) {
        // Padding keeps the rule before it; what is synthesized is a stop here.
        ++since_fde;
        if (since_fde > 16 && kind == UNWIND_CFA_FRAME_POINTER) {
          ++guessed;
        } else if (since_fde > 16 && kind != UNWIND_CFA_NONE && kind != UNWIND_CFA_END) {
          if (result.differing++ == 0) result.first_difference = pc;
        }
        ++pc;
        continue;
      }
      const std::unique_ptr<Dwarf_Frame, void (*)(void*)> frame(found, std::free);
      Dwarf_Addr begin = 0, end = 0;
      bool signal = false;
      dwarf_frame_info(found, &begin, &end, &signal);
      ++result.rows;
      end_stretch(pc);
      for (const uint64_t at : {pc, end - 1}) {
        const unwind_rule& rule = rules[table.find(ElfAddr{at})];
        if (rule.cfa_kind == UNWIND_CFA_UNSUPPORTED) {
          result.unsupported += at == pc;
        } else if (!row_agrees(found, signal, numbers, rule)) {
          if (result.differing++ == 0) result.first_difference = at;
        }
      }
      pc = std::max<uint64_t>(end, pc + 1);
    }
    end_stretch(segment.vaddr + segment.filesz);
  }
  return result;
}

void check_file(const std::string& path, double most_unsupported, uint64_t at_least = 100) {
  INFO(path);
  const Oracle oracle(path);
  const auto file = ElfFile::open(path);
  REQUIRE(file);
  REQUIRE(oracle.cfi);
  RuleDictionary rules;
  const auto table = build_unwind_table(*file, rules);
  REQUIRE(table);
  const Comparison result = compare(*file, oracle.cfi.get(), *table, rules);
  INFO(std::hex << "first difference at 0x" << result.first_difference);
  CHECK(result.differing == 0);
  CHECK(result.rows >= at_least);
  CHECK(result.unsupported <= table->counts().unsupported_rows);
  CHECK(static_cast<double>(result.unsupported) <=
        most_unsupported * static_cast<double>(result.rows));
  CHECK(table->counts().broken_fdes == 0);
  WARN(path << ": " << std::dec << result.rows << " rows equal libdw's, " << result.unsupported
            << " unsupported, table of " << table->counts().rows << " rows");
}

std::string existing(std::initializer_list<const char*> paths) {
  for (const char* path : paths) {
    if (std::filesystem::exists(path)) return path;
  }
  return {};
}

}  // namespace

TEST_CASE("Unwind tables of the system's basic files equal libdw's CFI, row by row") {
  const std::string path = GENERATE(
      existing({"/lib/x86_64-linux-gnu/libc.so.6", "/lib64/libc.so.6"}), existing({"/bin/bash"}),
      existing({"/usr/lib/x86_64-linux-gnu/libstdc++.so.6", "/usr/lib64/libstdc++.so.6"}),
      existing({"/lib64/ld-linux-x86-64.so.2"}));
  if (!path.empty()) check_file(path, 0.001);
}

TEST_CASE("Unwind tables of large files equal libdw's CFI, row by row", "[slow]") {
  const std::string path =
      GENERATE(existing({"/usr/lib/gcc/x86_64-linux-gnu/12/cc1plus"}),
               existing({"/usr/lib/x86_64-linux-gnu/libLLVM-14.so.1"}),
               existing({"/usr/lib/x86_64-linux-gnu/libcrypto.so.3"}), existing({"/usr/bin/node"}));
  if (!path.empty()) check_file(path, 0.001);
}

TEST_CASE("The unwind table of an AArch64 file equals libdw's CFI, row by row") {
  // Calls among themselves need no PLT, which libdw knows nothing of.
  constexpr std::string_view kSource = R"(
    void use(void*);
    __attribute__((noinline)) int plain(int a) { return a * 3; }
    __attribute__((noinline)) int calls(int a) { return plain(a) + plain(a + 1) * a; }
    int variable(int a) { char* b = __builtin_alloca(a); b[0] = 1; return calls(b[a - 1]); }
    int aligned(int a) { _Alignas(64) volatile char b[200]; b[a] = 1; return calls(b[a / 2]); }
    int large(int a) { volatile char b[70000]; b[a] = 1; return calls(b[a / 2]) + calls(a); }
    int early(int a) { if (a < 3) return 1; return calls(a) + calls(a * a) + variable(a); }
  )";
  const std::string source = test::write_temporary("arm.c", test::bytes_of(kSource));
  for (const char* options :
       {"-O0", "-O2", "-Os -fomit-frame-pointer", "-O2 -mbranch-protection=standard"}) {
    const std::string out = source + ".so";
    const std::string command =
        "clang -target aarch64-linux-gnu -w -fPIC -nostdlib -shared "
        "-fuse-ld=lld -Wl,-Bsymbolic " +
        std::string(options) + " " + source + " -o " + out + " 2>/dev/null";
    if (std::system(command.c_str()) != 0) {
      WARN("skipped: no clang and lld that make AArch64 files");
      return;
    }
    check_file(out, 0, 10);
  }
}
