// BranchCode: the instructions that ran between the branches of a sample's branch stack, the oldest
// first, as `prof script -F brstackinsn` prints them. Used by sample_text and the JSON writer.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "report/branch_text.h"
#include "report/code_bytes.h"

namespace prof {

/// A line of what ran.
struct CodeLine {
  enum class Kind : uint8_t {
    Function,     // what follows is in another function than what was before
    Instruction,  // no bytes: there is no instruction
    Mismatch,  // the code that was found is not what ran: its instructions do not meet the branch
    TooMuch,   // what follows is left out: more code than a branch stack can have
    MissingBranch,  // the sample was not reached: a branch in between was not recorded
  };
  Kind kind = Kind::Instruction;
  uint64_t address = 0;
  std::string_view function;  // of Function
  uint64_t offset = 0;        // in it
  std::span<const std::byte> bytes;
  const Branch* branch = nullptr;  // that was taken there
  uint32_t instructions = 0;       // with the branch since the one before; 0: not known
  uint64_t total_cycles = 0;       // of all branches up to here
};

class BranchCode {
 public:
  BranchCode(Recording& recording, CodeBytes& code) : recording_(recording), code_(code) {}

  using Visit = std::function<void(const CodeLine&)>;
  void for_each(const SampleRecord& sample, const ThreadState& state, const Visit& visit);
  /// Appends perf's text of them, each on a line of its own.
  void append(const SampleRecord& sample, const ThreadState& state, bool lengths, std::string& out);

 private:
  struct Walk {  // of one sample
    const SampleRecord& sample;
    const ThreadState& state;
    const Visit& visit;
    uint64_t total_cycles = 0;
    DsoId dso{};  // with the next two: of the function that was told last
    uint64_t function_begin = 0, function_end = 0;
  };
  struct Block {
    Code code;
    CpuMode mode = CpuMode::Unknown;
    bool crosses = false;  // between the kernel and a process
  };
  Block block(const Walk& walk, uint64_t begin, uint64_t end);
  void tell_function(Walk& walk, CpuMode mode, uint64_t address);
  void tell_jump(Walk& walk, const Code& code, size_t offset, uint64_t address,
                 const Branch& branch, uint32_t instructions);
  /// Its length; 0 if there is none.
  size_t tell_instruction(Walk& walk, const Code& code, size_t offset, uint64_t address,
                          bool* is_branch = nullptr);
  void walk_to_branch(Walk& walk, const Block& block, uint64_t begin, const Branch& branch);
  void walk_to_sample(Walk& walk);

  Recording& recording_;
  CodeBytes& code_;
  std::vector<Branch> branches_;  // newest first
};

}  // namespace prof
