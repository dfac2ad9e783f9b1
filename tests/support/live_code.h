// LiveCode: this process's own code as a CodeMap, and captures of its own stacks. Used by the
// differential tests of the unwinders and by bench/unwind.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "unwind/rule_dictionary.h"
#include "unwind/unwind_module.h"
#include "unwind/unwinder.h"

namespace prof::test {

/// The executable mappings of this process when it was made; code without a file is JIT's.
class LiveCode final : public CodeMap {
 public:
  LiveCode();
  std::optional<CodeRange> find(VirtAddr addr) override;
  uint64_t version() const override { return version_; }

  const RuleDictionary& rules() const { return rules_; }
  /// Code ranges with their files' paths, in order of address.
  struct Mapped {
    CodeRange range;
    std::string path;
  };
  const std::vector<Mapped>& mapped() const { return mapped_; }

 private:
  void add(uint64_t begin, uint64_t end, uint64_t offset, const std::string& path);

  RuleDictionary rules_;
  std::vector<std::unique_ptr<const UnwindModule>> modules_;
  std::vector<Mapped> mapped_;
  uint64_t version_;
};

/// A sample of this process. Its state's stack is the copy that it owns.
class Captured {
 public:
  Captured() = default;
  Captured(const UserState& registers, std::vector<std::byte> stack)
      : state_(registers), stack_(std::move(stack)) {}
  /// `cut_to` bytes of the copy at most, as a recording's would have.
  UserState state(size_t cut_to = SIZE_MAX) const;
  bool empty() const { return stack_.empty(); }

 private:
  UserState state_;
  std::vector<std::byte> stack_;
};

/// The end of the calling thread's stack.
uintptr_t stack_top();
/// The stack of the calling thread from its sp to `top`, with the registers that a call keeps.
Captured capture(uintptr_t top);
/// The registers of a signal's ucontext; without a stack.
UserState registers_of(const void* ucontext);
/// Copies [begin, begin + out.size()) of this process's memory, redzones of sanitizers included.
void copy_memory(uintptr_t begin, std::span<std::byte> out);

}  // namespace prof::test
