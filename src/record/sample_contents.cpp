#include "record/sample_contents.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

#include "perfdata/register_names.h"

namespace prof {

namespace {

#if defined(__x86_64__)
constexpr std::string_view kMachine = "x86_64";
constexpr uint64_t kGeneral = 0xff0fff;            // without the segment registers DS, ES, FS, GS
constexpr uint64_t kVectors = ~uint64_t{0} << 32;  // XMM
constexpr uint64_t kWeight = PERF_SAMPLE_WEIGHT_STRUCT;  // as perf: with the latencies of x86
#elif defined(__aarch64__)
constexpr std::string_view kMachine = "aarch64";
constexpr uint64_t kGeneral = (uint64_t{1} << 33) - 1;  // x0 to x29, lr, sp, pc
constexpr uint64_t kVectors = 0;
constexpr uint64_t kWeight = PERF_SAMPLE_WEIGHT;
#else
#error "which registers does a stack copy need on this architecture?"
#endif

constexpr uint64_t kLevels =
    PERF_SAMPLE_BRANCH_USER | PERF_SAMPLE_BRANCH_KERNEL | PERF_SAMPLE_BRANCH_HV;

// Newer than the headers we build with (Linux 6.1, and 6.8).
constexpr uint64_t kPrivSave = uint64_t{1} << 18;
constexpr uint64_t kCounters = uint64_t{1} << 19;

constexpr std::array<std::pair<std::string_view, uint64_t>, 20> kBranches = {{
    {"u", PERF_SAMPLE_BRANCH_USER},
    {"k", PERF_SAMPLE_BRANCH_KERNEL},
    {"hv", PERF_SAMPLE_BRANCH_HV},
    {"any", PERF_SAMPLE_BRANCH_ANY},
    {"any_call", PERF_SAMPLE_BRANCH_ANY_CALL},
    {"any_ret", PERF_SAMPLE_BRANCH_ANY_RETURN},
    {"ind_call", PERF_SAMPLE_BRANCH_IND_CALL},
    {"ind_jmp", PERF_SAMPLE_BRANCH_IND_JUMP},
    {"call", PERF_SAMPLE_BRANCH_CALL},
    {"cond", PERF_SAMPLE_BRANCH_COND},
    {"abort_tx", PERF_SAMPLE_BRANCH_ABORT_TX},
    {"in_tx", PERF_SAMPLE_BRANCH_IN_TX},
    {"no_tx", PERF_SAMPLE_BRANCH_NO_TX},
    {"stack", PERF_SAMPLE_BRANCH_CALL_STACK},
    {"no_flags", PERF_SAMPLE_BRANCH_NO_FLAGS},
    {"no_cycles", PERF_SAMPLE_BRANCH_NO_CYCLES},
    {"save_type", PERF_SAMPLE_BRANCH_TYPE_SAVE},
    {"hw_index", PERF_SAMPLE_BRANCH_HW_INDEX},
    {"priv", kPrivSave},
    {"counter", kCounters},
}};

template <class Take>
Result<void> for_each_word(std::string_view text, Take&& take) {
  for (;;) {
    const size_t comma = text.find(',');
    if (auto done = take(text.substr(0, comma)); !done) return done;
    if (comma == text.npos) return {};
    text.remove_prefix(comma + 1);
  }
}

constexpr uint64_t registers_offered(bool vectors) {
  return kGeneral | (vectors ? kVectors : 0);
}

}  // namespace

void SampleContents::apply(perf_event_attr& attr) const {
  const auto want = [&attr](bool wanted, uint64_t bits) {
    if (wanted) attr.sample_type |= bits;
  };
  want(address, PERF_SAMPLE_ADDR | PERF_SAMPLE_DATA_SRC);
  want(phys_address, PERF_SAMPLE_PHYS_ADDR);
  want(data_page_size, PERF_SAMPLE_DATA_PAGE_SIZE);
  want(code_page_size, PERF_SAMPLE_CODE_PAGE_SIZE);
  want(weight, kWeight);
  want(transaction, PERF_SAMPLE_TRANSACTION);
  want(raw, PERF_SAMPLE_RAW | PERF_SAMPLE_CPU);
  want(period, PERF_SAMPLE_PERIOD);
  want(cpu, PERF_SAMPLE_CPU);
  want(identifier, PERF_SAMPLE_IDENTIFIER);
  want(cgroup, PERF_SAMPLE_CGROUP);
  // What never samples has neither registers nor branches.
  if (attr.type == PERF_TYPE_SOFTWARE && attr.config == PERF_COUNT_SW_DUMMY) return;
  want(interrupt_registers != 0, PERF_SAMPLE_REGS_INTR);
  attr.sample_regs_intr = interrupt_registers;
  want(user_registers != 0, PERF_SAMPLE_REGS_USER);
  attr.sample_regs_user |= user_registers;
  want(branches != 0, PERF_SAMPLE_BRANCH_STACK);
  attr.branch_sample_type = branches;
}

uint64_t general_registers() {
  return kGeneral;
}

Result<uint64_t> parse_registers(std::string_view text, bool vectors) {
  uint64_t mask = 0;
  const auto done = for_each_word(text, [&](std::string_view word) -> Result<void> {
    const auto bits = register_bits(kMachine, word);
    if (bits && (*bits & ~registers_offered(vectors)) == 0) {
      mask |= *bits;
      return {};
    }
    return fail(fmt::format("no register '{}' to record", word),
                "registers are " + register_list(vectors), 2);
  });
  if (!done) return tl::unexpected(done.error());
  return mask;
}

std::string register_list(bool vectors) {
  std::string list, last;
  for (unsigned i = 0; i < 64; ++i) {
    const std::string name(register_name(kMachine, i));
    if ((registers_offered(vectors) >> i & 1) == 0 || name == last) continue;
    list += (list.empty() ? "" : " ") + name;
    last = name;
  }
  return list;
}

Result<uint64_t> parse_branch_filter(std::string_view text) {
  uint64_t mask = 0;
  const auto done = for_each_word(text, [&mask](std::string_view word) -> Result<void> {
    const auto* found =
        std::ranges::find(kBranches, word, &std::pair<std::string_view, uint64_t>::first);
    if (found != kBranches.end()) {
      mask |= found->second;
      return {};
    }
    std::string names;
    for (const auto& [name, bit] : kBranches)
      names += (names.empty() ? "" : ", ") + std::string(name);
    return fail(fmt::format("no branch filter '{}'", word), "filters are " + names, 2);
  });
  if (!done) return tl::unexpected(done.error());
  if ((mask & ~kLevels) == 0) mask |= PERF_SAMPLE_BRANCH_ANY;
  return mask;
}

}  // namespace prof
