// CodeText: the instruction at the sampled address, as `prof script -F insn` and its kin print it.
// Used by sample_text and the other writers of script.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "report/code_bytes.h"
#include "report/recording.h"

namespace prof {

/// "48 89 e5", in the order of memory.
void append_bytes(std::span<const std::byte> bytes, std::string& out);

class CodeText {
 public:
  explicit CodeText(Recording& recording) : recording_(recording), code_(recording) {}

  /// The bytes of the instruction, good until the next; none where they are not to be had.
  std::span<const std::byte> bytes(const SampleRecord& sample, const ThreadState& state);
  /// What they mean, "jmp work+0x20": empty if they are none, or "[unknown]" if nobody knows.
  std::string meaning(const SampleRecord& sample, const ThreadState& state);

  CodeBytes& code() { return code_; }

 private:
  Code one(const SampleRecord& sample, const ThreadState& state);

  Recording& recording_;
  CodeBytes code_;
};

}  // namespace prof
