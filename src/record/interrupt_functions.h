// InterruptFunctions: where in the kernel interrupts are taken, by which a stack is told to be
// one's and not of the thread that happened to run. Asked by stack_counts for the stacks of wakers.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "symbolize/symbol_table.h"

namespace prof {

class InterruptFunctions {
 public:
  /// None.
  InterruptFunctions() = default;
  explicit InterruptFunctions(const SymbolTable& kernel);
  /// By /proc/kallsyms; none where that hides addresses.
  static InterruptFunctions of_running_kernel();

  bool hold(uint64_t address) const;
  bool empty() const { return ranges_.empty(); }

 private:
  struct Range {
    uint64_t start;
    uint64_t end;
  };
  std::vector<Range> ranges_;  // by start
};

}  // namespace prof
