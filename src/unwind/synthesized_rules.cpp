#include "unwind/synthesized_rules.h"

#include <algorithm>
#include <string_view>

namespace prof {

namespace {

using namespace std::literals;
using Bytes = std::span<const std::byte>;

unwind_rule rule_of_kind(uint8_t kind) {
  unwind_rule rule{};
  rule.cfa_kind = kind;
  return rule;
}

unwind_rule x86_rule(int32_t cfa_offset) {
  unwind_rule rule = rule_of_kind(UNWIND_CFA_SP);
  rule.cfa_offset = cfa_offset;
  rule.ra_kind = UNWIND_AT_CFA;
  rule.ra_offset = -8;
  return rule;
}

/// From byte `threshold` of an entry on, its relocation's number is on the stack, too.
unwind_rule x86_plt_rule(uint16_t threshold) {
  unwind_rule rule = x86_rule(8);
  rule.cfa_kind = UNWIND_CFA_PLT;
  rule.cfa_extra = threshold;
  return rule;
}

std::string_view text_of(Bytes code) {
  return {reinterpret_cast<const char*>(code.data()), code.size()};
}

bool matches(Bytes code, size_t at, std::string_view bytes) {
  return at <= code.size() && text_of(code).substr(at).starts_with(bytes);
}

/// Lazy: a header "push GOT+8; jmp *GOT+16" and entries that push a number and jump to it, all of
/// 16 bytes. Otherwise entries are only jumps. (psABI x86-64, "Procedure Linkage Table".)
std::vector<CfiRow> x86_plt_rows(Bytes code, uint64_t addr) {
  constexpr size_t kEntry = 16;
  const bool header = matches(code, 0, "\xff\x35"sv);  // pushq *(%rip)
  if (!header) {
    const bool jumps = matches(code, 0, "\xff\x25"sv) ||  // jmp *(%rip), with endbr64 and bnd
                       matches(code, 0, "\xf3\x0f\x1e\xfa\xff\x25"sv) ||
                       matches(code, 0, "\xf3\x0f\x1e\xfa\xf2\xff\x25"sv);
    return jumps ? std::vector<CfiRow>{{addr, x86_rule(8)}} : std::vector<CfiRow>{};
  }
  std::vector<CfiRow> rows = {{addr, x86_rule(16)}, {addr + 6, x86_rule(24)}};
  if (matches(code, kEntry, "\xff\x25"sv) && matches(code, kEntry + 6, "\x68"sv)) {
    rows.push_back({addr + kEntry, x86_plt_rule(11)});
  } else if (matches(code, kEntry, "\xf3\x0f\x1e\xfa\x68"sv)) {
    rows.push_back({addr + kEntry, x86_plt_rule(9)});
  } else {
    rows.push_back({addr + kEntry, unsupported_rule()});
  }
  return rows;
}

/// Entries touch neither stack nor x30; a header of 32 bytes begins with
/// "stp x16, x30, [sp, #-16]!", perhaps after "bti c". (AAELF64, "Procedure Linkage Table".)
std::vector<CfiRow> arm_plt_rows(Bytes code, uint64_t addr) {
  constexpr std::string_view kStore = "\xf0\x7b\xbf\xa9"sv;
  unwind_rule untouched = rule_of_kind(UNWIND_CFA_SP);
  std::vector<CfiRow> rows = {{addr, untouched}};
  const uint64_t store = matches(code, 0, kStore) ? 0 : 4;
  if (!matches(code, store, kStore)) return rows;
  unwind_rule stored = untouched;
  stored.cfa_offset = 16;
  stored.ra_kind = UNWIND_AT_CFA;
  stored.ra_offset = -8;
  rows.push_back({addr + store + 4, stored});
  rows.push_back({addr + 32, untouched});
  return rows;
}

bool is_plt(std::string_view name) {
  return name == ".plt" || name.starts_with(".plt.") || name == ".iplt";
}

struct SignalReturn {
  uint16_t machine;
  std::string_view code;
};
const SignalReturn kSignalReturns[] = {
    {EM_X86_64, "\x48\xc7\xc0\x0f\x00\x00\x00\x0f\x05"sv},  // mov $15, %rax; syscall
    {EM_X86_64, "\xb8\x0f\x00\x00\x00\x0f\x05"sv},          // mov $15, %eax; syscall
    {EM_AARCH64, "\x68\x11\x80\xd2\x01\x00\x00\xd4"sv},     // mov x8, #139; svc #0
    {EM_AARCH64, "\x68\x11\x80\x52\x01\x00\x00\xd4"sv},     // mov w8, #139; svc #0
};

/// What is searched of one stretch at most.
constexpr size_t kMaxSearched = size_t{64} << 20;

/// Code by hand, which may use the register for anything, is not as large, or has no such
/// prologues.
constexpr uint64_t kLargeStretch = uint64_t{64} << 10;
constexpr uint64_t kBytesAPrologue = 4096;
constexpr std::string_view kX86Prologue = "\x55\x48\x89\xe5"sv;  // push %rbp; mov %rsp, %rbp
constexpr std::string_view kArmPrologue = "\xfd\x03\x00\x91"sv;  // mov x29, sp

/// What a file holds of the code at [begin, end), up to kMaxSearched.
Bytes stretch(const ElfFile& file, uint64_t begin, uint64_t end) {
  if (begin >= end) return {};
  const Bytes code = file.loaded_bytes(ElfAddr{begin});
  return code.first(
      static_cast<size_t>(std::min({uint64_t{code.size()}, end - begin, uint64_t{kMaxSearched}})));
}

}  // namespace

std::vector<SynthesizedCode> synthesize_plt(const ElfFile& file) {
  std::vector<SynthesizedCode> out;
  for (const ElfSection& section : file.sections()) {
    if (!(section.flags & SHF_EXECINSTR) || !is_plt(section.name)) continue;
    const Bytes code = file.contents(section);
    const uint64_t end = section.addr + code.size();
    if (code.empty() || end < section.addr) continue;
    auto rows = file.machine() == EM_X86_64 ? x86_plt_rows(code, section.addr)
                                            : arm_plt_rows(code, section.addr);
    if (!rows.empty()) out.push_back({section.addr, end, std::move(rows)});
  }
  return out;
}

std::vector<SynthesizedCode> synthesize_entry(const ElfFile& file, bool has_cfi) {
  const uint64_t entry = raw(file.entry());
  if (entry == 0) return {};
  const bool has_interpreter = std::ranges::any_of(
      file.segments(), [](const ElfSegment& segment) { return segment.type == PT_INTERP; });
  const ElfSection* text = file.section(".text");
  // Linkers before binutils 2.37 gave a library the begin of its code as entry point.
  if (file.type() == ET_DYN && !has_interpreter && text && text->addr == entry) return {};
  // With CFI around it, the next function's entry ends it; else it is guessed to be short.
  const uint64_t size = has_cfi ? 4096 : 32;
  if (entry + size < entry) return {};
  return {{entry, entry + size, {{entry, rule_of_kind(UNWIND_CFA_END)}}}};
}

std::vector<SynthesizedCode> synthesize_signal_return(const ElfFile& file, uint64_t begin,
                                                      uint64_t end) {
  const Bytes code = stretch(file, begin, end);
  for (const SignalReturn& known : kSignalReturns) {
    if (known.machine != file.machine()) continue;
    const size_t at = text_of(code).find(known.code);
    if (at == std::string_view::npos) continue;
    // A handler returns to its first byte, and a return address is looked up one byte before.
    const uint64_t first = begin + at - (at > 0 || begin > 0 ? 1 : 0);
    return {{first, begin + at + known.code.size(), {{first, rule_of_kind(UNWIND_CFA_SIGNAL)}}}};
  }
  return {};
}

bool keeps_frame_pointers(const ElfFile& file, uint64_t begin, uint64_t end) {
  if (end < begin + kLargeStretch) return false;
  const std::string_view code = text_of(stretch(file, begin, end));
  if (code.size() < kLargeStretch) return false;
  const std::string_view prologue = file.machine() == EM_X86_64 ? kX86Prologue : kArmPrologue;
  uint64_t found = 0;
  for (size_t at = code.find(prologue); at != code.npos; at = code.find(prologue, at + 1)) ++found;
  return found >= code.size() / kBytesAPrologue;
}

}  // namespace prof
