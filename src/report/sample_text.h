// SampleText: what `prof script` prints of a sample besides whose, when and where it is: addresses
// of data, weights, registers, branches, instructions, page sizes, cgroups. Used by script, for
// each sample.
#pragma once

#include <string>

#include "report/branch_code.h"
#include "report/branch_text.h"
#include "report/code_text.h"
#include "report/recording.h"
#include "report/script_fields.h"

namespace prof {

/// A weight that is a struct (PERF_SAMPLE_WEIGHT_STRUCT) has 32 bits for the weight proper, then 16
/// for the latency of the instruction and 16 for that of its retirement (var2_w, var3_w).
struct Weight {
  uint64_t weight = 0;
  uint16_t instruction_latency = 0, retire_latency = 0;
};
Weight weight_of(const SampleRecord& sample, const EventAttr& event);

class SampleText {
 public:
  explicit SampleText(Recording& recording);

  /// Whose address space a sample's addresses are in.
  struct Place {
    const ThreadState& state;
    uint32_t user_space = 0, kernel_space = 0;  // numbers, as for ScriptFrames
  };

  /// Appends what stands before the sampled address: of data, and the weight.
  void append_before_address(const SampleRecord& sample, const Place& place, ScriptFieldSet fields,
                             std::string& out);
  /// Appends what stands behind it, or behind its call chain.
  void append_after_address(const SampleRecord& sample, const Place& place, ScriptFieldSet fields,
                            std::string& out);

 private:
  void append_address(const SampleRecord& sample, const ThreadState& state, ScriptFieldSet fields,
                      std::string& out);
  void append_code(const SampleRecord& sample, const ThreadState& state, ScriptFieldSet fields,
                   std::string& out);
  void append_registers(uint64_t abi, uint64_t mask, const U64View& values, std::string& out);

  Recording& recording_;
  BranchText branches_;
  CodeText code_;
  BranchCode branch_code_;
  size_t source_width_ = 0;  // of the longest text of a data source so far
  std::string machine_;      // that it was recorded on
};

}  // namespace prof
