// TableUnwinder: the unwinder that is used by default. It walks stack copies by the modules'
// tables, and by frame pointers where code has no file.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "unwind/rule_dictionary.h"
#include "unwind/unwinder.h"

namespace prof {

/// Of one thread. All modules of the code maps must have been made with `dictionary`.
class TableUnwinder final : public Unwinder {
 public:
  /// `fallback` walks anew, and its chain is taken if it is longer, where a rule is not supported;
  /// may be nullptr.
  explicit TableUnwinder(const RuleDictionary& dictionary, Unwinder* fallback = nullptr);

  UnwindStop unwind(CodeMap& map, const UserState& user, size_t max_frames,
                    std::vector<FrameAddress>& out) override;

  /// Of the last chain, by frame: the stack pointer there, which is the CFA of what it called.
  /// Empty if the chain is the fallback's.
  std::span<const uint64_t> stack_pointers() const { return stack_pointers_; }

  /// How many samples the fallback was asked for.
  uint64_t fallbacks() const { return fallbacks_; }

 private:
  /// The rule of an address. Most frames of a sample were in one of the last samples, too.
  struct CachedRule {
    uint64_t addr = 0;
    uint64_t version_and_rule = 0;  // version << UNWIND_RULE_BITS | rule
  };
  struct CachedRange {
    uint64_t version = 0;
    CodeRange range;
  };
  static constexpr size_t kRuleCount = 8192;
  static constexpr size_t kRangeCount = 16;
  static constexpr uint32_t kNoMapping = UINT32_MAX;

  template <int kArch>
  UnwindStop walk(CodeMap& map, const UserState& user, size_t max_frames,
                  std::vector<FrameAddress>& out);
  /// A rule's id, or kNoMapping.
  uint32_t rule_of(CodeMap& map, uint64_t version, uint64_t addr) {
    CachedRule& cached = rules_[slot_of(addr, version)];
    if (cached.addr == addr && cached.version_and_rule >> UNWIND_RULE_BITS == version) {
      return unwind_row_rule(static_cast<uint32_t>(cached.version_and_rule));
    }
    return look_up(map, version, addr, cached);
  }
  static size_t slot_of(uint64_t addr, uint64_t version) {
    return ((addr + version) * 0x9e3779b97f4a7c15u) >> 51;
  }
  uint32_t look_up(CodeMap& map, uint64_t version, uint64_t addr, CachedRule& cached);
  const CodeRange* range_of(CodeMap& map, uint64_t version, uint64_t addr);

  const RuleDictionary& dictionary_;
  Unwinder* fallback_;
  std::vector<CachedRule> rules_;
  std::vector<CachedRange> ranges_;
  size_t next_range_ = 0;
  std::vector<uint64_t> stack_pointers_;
  std::vector<FrameAddress> other_;
  uint64_t fallbacks_ = 0;
};

}  // namespace prof
