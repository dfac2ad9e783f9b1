#include "report/branch_text.h"

#include <fmt/format.h>

#include <array>
#include <iterator>

#include "report/script_frames.h"

namespace prof {

namespace {

constexpr size_t kMostKnown = size_t{1} << 20;

// struct perf_branch_entry (include/uapi/linux/perf_event.h): from, to, and a word of bits. A
// machine of the other byte order has them in the same places, counted from the other end.
constexpr size_t kWordsOfBranch = 3;

// PERF_BR_EXTEND_ABI: the type is in new_type, and here goes on from there.
constexpr uint32_t kExtendedType = 15;
// PERF_BR_* and PERF_BR_NEW_*, by perf's names.
constexpr std::array<std::string_view, 23> kTypes = {
    "",           "COND",       "UNCOND",   "IND",    "CALL",   "IND_CALL", "RET",   "SYSCALL",
    "SYSRET",     "COND_CALL",  "COND_RET", "ERET",   "IRQ",    "SERROR",   "NO_TX", "FAULT_ALGN",
    "FAULT_DATA", "FAULT_INST", "ARCH_1",   "ARCH_2", "ARCH_3", "ARCH_4",   "ARCH_5"};

/// `count` bits from `at` on; of a swapped word as the other machine counted them.
uint64_t bits(uint64_t word, unsigned at, unsigned count, bool swapped) {
  const unsigned shift = swapped ? 64 - at - count : at;
  return word >> shift & ((uint64_t{1} << count) - 1);
}

Branch branch_of(uint64_t from, uint64_t to, uint64_t word, bool swapped) {
  Branch branch;
  branch.from = from;
  branch.to = to;
  branch.mispredicted = bits(word, 0, 1, swapped) != 0;
  branch.predicted = bits(word, 1, 1, swapped) != 0;
  branch.in_transaction = bits(word, 2, 1, swapped) != 0;
  branch.abort = bits(word, 3, 1, swapped) != 0;
  branch.cycles = static_cast<uint32_t>(bits(word, 4, 16, swapped));
  uint64_t type = bits(word, 20, 4, swapped);
  if (type == kExtendedType) type += bits(word, 26, 4, swapped);
  if (type < kTypes.size()) branch.type = kTypes[type];
  return branch;
}

}  // namespace

void for_each_branch(std::span<const std::byte> entries, bool swapped,
                     const std::function<void(const Branch&)>& visit) {
  const U64View words(entries, swapped);
  for (size_t i = 0; i + kWordsOfBranch <= words.size(); i += kWordsOfBranch) {
    visit(branch_of(words[i], words[i + 1], words[i + 2], swapped));
  }
}

const ResolvedAddress& BranchText::resolved(uint64_t address, const Spaces& spaces) {
  const CpuMode mode = recording_.mode_of(spaces.sampled, spaces.time, VirtAddr{address});
  // Those of guests, whose processes prof does not map, are told apart by this.
  constexpr uint64_t kGuests = uint64_t{1} << 32;
  const uint64_t space = mode == CpuMode::Kernel ? spaces.kernel
                         : mode == CpuMode::User ? spaces.user
                                                 : kGuests + static_cast<uint64_t>(mode);
  auto& known = known_[space];
  const auto [it, added] = known.try_emplace(address);
  if (added) {
    ++known_count_;
    it->second =
        recording_.resolve(spaces.state, spaces.time, mode, FrameAddress{VirtAddr{address}});
  }
  return it->second;
}

void BranchText::append_end(uint64_t address, const Spaces& spaces, ScriptFieldSet fields,
                            std::string& out) {
  const bool dso = (fields & kFieldDso) != 0;
  const auto at = std::back_inserter(out);
  if (fields & kFieldBrstack) {
    fmt::format_to(at, "0x{:x}", address);
    if (!dso) return;
  }
  const ResolvedAddress& found = resolved(address, spaces);
  if (fields & kFieldBrstack) {
    // printed already
  } else if (!(fields & kFieldBrstacksym)) {
    fmt::format_to(at, "0x{:x}", found.mapping ? found.dso_address : address);
  } else if (found.symbol.found()) {
    fmt::format_to(at, "{}+0x{:x}", recording_.strings()[found.symbol.name],
                   found.dso_address - found.symbol.start);
  } else {
    out += kUnknownName;
  }
  if (dso) fmt::format_to(at, "({})", dso_name_of(recording_, found));
}

void BranchText::append(const SampleRecord& sample, const ThreadState& state, uint32_t user_space,
                        uint32_t kernel_space, ScriptFieldSet fields, std::string& out) {
  if (known_count_ > kMostKnown) {
    known_.clear();
    known_count_ = 0;
  }
  const Spaces spaces{state, user_space, kernel_space, sample.time, sample.cpu_mode()};
  const bool names = (fields & kFieldBrstacksym) && !(fields & kFieldBrstack);
  for_each_branch(sample.branch_stack, recording_.reader().swapped(), [&](const Branch& branch) {
    if (!names) out += ' ';
    append_end(branch.from, spaces, fields, out);
    out += '/';
    append_end(branch.to, spaces, fields, out);
    const char hit = branch.predicted ? 'P' : branch.mispredicted ? 'M' : '-';
    fmt::format_to(std::back_inserter(out), "/{}/{}/{}/{}/{} ", hit,
                   branch.in_transaction ? 'X' : '-', branch.abort ? 'A' : '-', branch.cycles,
                   branch.type);
  });
}

}  // namespace prof
