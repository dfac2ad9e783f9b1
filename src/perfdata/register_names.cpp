#include "perfdata/register_names.h"

#include <algorithm>
#include <array>

namespace prof {

namespace {

// PERF_REG_X86_AX to PERF_REG_X86_R15; from 32 on two words for each of XMM0 to XMM15.
constexpr std::array<std::string_view, 64> kX86 = {
    "AX",    "BX",    "CX",    "DX",    "SI",    "DI",    "BP",    "SP",    "IP",    "FLAGS",
    "CS",    "SS",    "DS",    "ES",    "FS",    "GS",    "R8",    "R9",    "R10",   "R11",
    "R12",   "R13",   "R14",   "R15",   "",      "",      "",      "",      "",      "",
    "",      "",      "XMM0",  "XMM0",  "XMM1",  "XMM1",  "XMM2",  "XMM2",  "XMM3",  "XMM3",
    "XMM4",  "XMM4",  "XMM5",  "XMM5",  "XMM6",  "XMM6",  "XMM7",  "XMM7",  "XMM8",  "XMM8",
    "XMM9",  "XMM9",  "XMM10", "XMM10", "XMM11", "XMM11", "XMM12", "XMM12", "XMM13", "XMM13",
    "XMM14", "XMM14", "XMM15", "XMM15",
};

// PERF_REG_ARM64_X0 to PERF_REG_ARM64_PC.
constexpr std::array<std::string_view, 33> kArm64 = {
    "x0",  "x1",  "x2",  "x3",  "x4",  "x5",  "x6",  "x7",  "x8",  "x9",  "x10",
    "x11", "x12", "x13", "x14", "x15", "x16", "x17", "x18", "x19", "x20", "x21",
    "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x29", "lr",  "sp",  "pc",
};

bool same_letters(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

}  // namespace

std::string_view register_name(std::string_view machine, unsigned number) {
  const bool x86 = machine == "x86_64" || machine == "i686" || machine == "i386";
  if (x86) return number < kX86.size() ? kX86[number] : std::string_view();
  if (machine.starts_with("aarch64")) {
    return number < kArm64.size() ? kArm64[number] : std::string_view();
  }
  return {};
}

std::optional<uint64_t> register_bits(std::string_view machine, std::string_view name) {
  uint64_t bits = 0;
  for (unsigned i = 0; i < 64; ++i) {
    const auto known = register_name(machine, i);
    if (!known.empty() && same_letters(known, name)) bits |= uint64_t{1} << i;
  }
  return bits == 0 ? std::nullopt : std::optional(bits);
}

}  // namespace prof
