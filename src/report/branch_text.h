// BranchText: the branches that the processor took last before a sample, as `prof script -F
// brstack` and its kin print them. Used by sample_text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "report/recording.h"
#include "report/script_fields.h"

namespace prof {

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
  };
  void append_end(uint64_t address, const Spaces& spaces, ScriptFieldSet fields, std::string& out);
  const ResolvedAddress& resolved(uint64_t address, const Spaces& spaces);

  Recording& recording_;
  // The ends of branches repeat: by address, in the space that the key has.
  std::unordered_map<uint64_t, std::unordered_map<uint64_t, ResolvedAddress>> known_;
  size_t known_count_ = 0;
};

}  // namespace prof
