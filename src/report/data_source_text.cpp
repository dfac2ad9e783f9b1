#include "report/data_source_text.h"

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace prof {

namespace {

/// The part of the word that has `count` bits from `at` on.
uint64_t part(uint64_t source, unsigned at, unsigned count) {
  return source >> at & ((uint64_t{1} << count) - 1);
}

// perf's names of the bits; empty: it has none, or its own place in the text.
constexpr std::array<std::string_view, 5> kOperations = {"N/A", "LOAD", "STORE", "PFETCH", "EXEC"};
constexpr std::array<std::string_view, 14> kLevels = {"N/A",
                                                      "",
                                                      "",
                                                      "L1",
                                                      "LFB/MAB",
                                                      "L2",
                                                      "L3",
                                                      "Local RAM",
                                                      "Remote RAM (1 hop)",
                                                      "Remote RAM (2 hops)",
                                                      "Remote Cache (1 hop)",
                                                      "Remote Cache (2 hops)",
                                                      "I/O",
                                                      "Uncached"};
constexpr std::array<std::string_view, 7> kTlb = {"N/A", "", "", "L1", "L2", "Walker", "Fault"};
constexpr std::array<std::string_view, 5> kSnoops = {"N/A", "None", "Hit", "Miss", "HitM"};
constexpr std::array<std::string_view, 2> kMoreSnoops = {"Fwd", "Peer"};
constexpr uint64_t kHit = 2, kMiss = 4;  // among the bits of a level, and of the TLB
// By number: PERF_MEM_LVLNUM_* and PERF_MEM_HOPS_*.
constexpr std::array<std::string_view, 16> kLevelNumbers = {
    "",   "L1",  "L2",  "L3",        "L4",      "L5",  "L6",   "L7",
    "L8", "CXL", "I/O", "Any cache", "LFB/MAB", "RAM", "PMEM", "N/A"};
constexpr std::array<std::string_view, 8> kHops = {
    "", "core, same node", "node, same socket", "socket, same board", "board", "?", "?", "?"};

void join(std::string& to, std::string_view name) {
  if (name.empty()) return;
  if (!to.empty()) to += " or ";
  to += name;
}

void join_bits(std::string& to, uint64_t bits, std::span<const std::string_view> names) {
  for (size_t i = 0; i < names.size(); ++i) {
    if (bits >> i & 1) join(to, names[i]);
  }
}

std::string or_none(std::string text) {
  return text.empty() ? std::string("N/A") : text;
}

std::string_view outcome(uint64_t bits) {
  if ((bits & kHit) && (bits & kMiss)) return " hit miss";
  return bits & kHit ? " hit" : bits & kMiss ? " miss" : "";
}

/// The first that is set; "No" if none is.
std::string_view operation(uint64_t bits) {
  for (size_t i = 0; i < kOperations.size(); ++i) {
    if (bits >> i & 1) return kOperations[i];
  }
  return "No";
}

}  // namespace

/// Older processors say the level by bits, newer ones by a number, and how far away it is.
std::string memory_level_text(uint64_t source) {
  const uint64_t bits = part(source, 5, 14);
  const auto number = kLevelNumbers[part(source, 33, 4)];
  const auto hops = kHops[part(source, 43, 3)];
  const bool remote = part(source, 37, 1) != 0;
  std::string where;
  if (hops.empty()) {
    join_bits(where, bits, kLevels);
    join(where, number);
    if (!remote) where = or_none(std::move(where));
  } else {
    where = std::string(hops) + " " + std::string(number);
  }
  return (remote ? "Remote " : "") + where + std::string(outcome(bits));
}

std::string snoop_text(uint64_t source) {
  std::string text;
  join_bits(text, part(source, 19, 5), kSnoops);
  join_bits(text, part(source, 38, 2), kMoreSnoops);
  return or_none(std::move(text));
}

std::string tlb_text(uint64_t source) {
  const uint64_t bits = tlb_bits(source);
  std::string text;
  join_bits(text, bits, kTlb);
  return or_none(std::move(text)) + std::string(outcome(bits));
}

std::string lock_text(uint64_t source) {
  const uint64_t bits = lock_bits(source);
  return bits & 1 ? "N/A" : bits & 2 ? "Yes" : "No";
}

std::string blocked_text(uint64_t source) {
  const uint64_t bits = blocked_bits(source);
  if (bits == 0 || (bits & 1)) return " N/A";
  return std::string(bits & 2 ? " Data" : "") + (bits & 4 ? " Addr" : "");
}

uint64_t memory_level_bits(uint64_t source) {
  return part(source, 5, 14) << 8 | part(source, 33, 5) << 3 | part(source, 43, 3);
}
uint64_t snoop_bits(uint64_t source) {
  return part(source, 19, 5) << 2 | part(source, 38, 2);
}
uint64_t tlb_bits(uint64_t source) {
  return part(source, 26, 7);
}
uint64_t lock_bits(uint64_t source) {
  return part(source, 24, 2);
}
uint64_t blocked_bits(uint64_t source) {
  return part(source, 40, 3);
}

std::string data_source_text(uint64_t source) {
  std::string text = "|OP ";
  text += operation(part(source, 0, 5));
  text += "|LVL " + memory_level_text(source);
  text += "|SNP " + snoop_text(source);
  text += "|TLB " + tlb_text(source);
  text += "|LCK ";
  text += lock_text(source);
  text += "|BLK " + blocked_text(source);
  return text;
}

}  // namespace prof
