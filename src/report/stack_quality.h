// StackQuality: how many of a recording's stacks are whole, and what would mend the others. Counted
// by the pipeline, told by report.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "report/profile.h"
#include "symbolize/symbolizer.h"
#include "unwind/unwinder.h"

namespace prof {

/// Why a chain has no more callers.
enum class StackEnd : uint8_t {
  Recorded,  // the kernel walked it and does not say
  // The others are UnwindStop's, plus one.
  EndOfStack,
  NoMapping,
  NoUnwindInfo,
  UnsupportedRule,
  StackTruncated,
  NoProgress,
  FrameLimit,
  UnsupportedMachine,
};
constexpr StackEnd stack_end(UnwindStop stop) {
  return static_cast<StackEnd>(static_cast<uint8_t>(stop) + 1);
}

enum class StackVerdict : uint8_t {
  Whole,      // reaches _start, main, a thread's or the kernel's entry, or the proven bottom
  Truncated,  // deeper than what was recorded
  Broken,     // ends in the middle
  Unnamed,    // whole as well, but code in it has no name
};

/// Samples of one command whose stacks have the same flaw in the same file.
struct StackFlaw {
  StackVerdict verdict = StackVerdict::Broken;
  StackEnd end = StackEnd::Recorded;
  MissReason miss = MissReason::None;  // of Unnamed
  bool jit = false;                    // code without a file
  StringId comm;                       // invalid if samples were not kept apart by it
  StringId dso;                        // where the stack ends, or has no name; invalid if unmapped
  auto operator<=>(const StackFlaw&) const = default;
};

class StackQuality {
 public:
  /// A stack's outermost frames as its verdict needs them.
  struct Stack {
    StringId comm;
    StackEnd end = StackEnd::Recorded;
    bool joined = false;  // completed by the thread's stack before
    bool has_user = false;
    size_t length = 0;                   // addresses
    const Frame* root = nullptr;         // the outermost
    const Frame* unnamed = nullptr;      // the innermost without a name
    MissReason miss = MissReason::None;  // why it has none
  };
  /// `limit`: addresses that the kernel's walks have at most; `copy_size`: bytes of the stack
  /// copies, 0 if there are none.
  /// `proven`: stacks were walked while recording, and those that are whole are known to be.
  void set_recorded(size_t limit, uint64_t copy_size, bool proven) {
    limit_ = limit;
    copy_size_ = copy_size;
    proven_ = proven;
  }
  void add(const Profile& profile, const Stack& stack, uint64_t samples);

  uint64_t copy_size() const { return copy_size_; }
  bool proven() const { return proven_; }
  uint64_t samples() const { return samples_; }
  /// Those that reach their root, whether all their frames have names or not.
  uint64_t whole() const { return whole_; }
  /// Of them, those that were larger than their copy and completed by the stack before.
  uint64_t joined() const { return joined_; }
  /// Of the whole ones, those with a frame that has no name.
  uint64_t unnamed() const { return unnamed_; }
  /// Each with its samples: what is not whole first, then what is not named, most first.
  std::vector<std::pair<StackFlaw, uint64_t>> flaws() const;

 private:
  size_t limit_ = 127;
  uint64_t copy_size_ = 0;
  bool proven_ = false;
  uint64_t samples_ = 0;
  uint64_t whole_ = 0;
  uint64_t unnamed_ = 0;
  uint64_t joined_ = 0;
  std::map<StackFlaw, uint64_t> flaws_;
};

/// What is wrong and what mends it, in one clause: "libfoo.so is built without frame pointers:
/// record with --call-graph dwarf".
std::string advice_for(const Profile& profile, const StackFlaw& flaw, uint64_t copy_size);

/// For below every report: a line where more than one stack in a hundred is not whole, and one
/// where more than one in a hundred has frames without names. Where stacks are proven to be whole a
/// line says how many.
std::string quality_line(const Profile& profile, const StackQuality& quality);
/// The whole table of --stack-quality.
std::string quality_table(const Profile& profile, const StackQuality& quality);

}  // namespace prof
