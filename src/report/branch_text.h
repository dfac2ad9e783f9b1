// BranchText: the branches that the processor took last before a sample, as `prof script -F
// brstack` and its kin print them. Used by sample_text.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "report/recording.h"
#include "report/script_fields.h"

namespace prof {

/// struct perf_branch_entry (include/uapi/linux/perf_event.h).
struct Branch {
  uint64_t from = 0, to = 0;
  bool mispredicted = false, predicted = false, in_transaction = false, abort = false;
  uint32_t cycles = 0;    // since the branch before
  std::string_view type;  // "COND"; empty if unknown
};
/// Calls visit(branch) for each, the newest first. `entries`: of the sample, `swapped`: of the
/// recording.
void for_each_branch(std::span<const std::byte> entries, bool swapped,
                     const std::function<void(const Branch&)>& visit);

class BranchText {
 public:
  explicit BranchText(Recording& recording) : recording_(recording) {}

  /// Appends each branch, the newest first: " 0x401136/0x401126/P/-/-/4/ ". Of the three fields the
  /// first that is among `fields` says what its ends are: addresses, names, or places in files.
  /// `space` numbers the address space, as for ScriptFrames.
  void append(const SampleRecord& sample, const ThreadState& state, uint32_t user_space,
              uint32_t kernel_space, ScriptFieldSet fields, std::string& out);

 private:
  struct Spaces {
    const ThreadState& state;
    uint32_t user, kernel;
    uint64_t time;
    CpuMode sampled;
  };
  void append_end(uint64_t address, const Spaces& spaces, ScriptFieldSet fields, std::string& out);
  const ResolvedAddress& resolved(uint64_t address, const Spaces& spaces);

  Recording& recording_;
  // The ends of branches repeat: by address, in the space that the key has.
  std::unordered_map<uint64_t, std::unordered_map<uint64_t, ResolvedAddress>> known_;
  size_t known_count_ = 0;
};

}  // namespace prof
