// build_generated_table: the unwind table of code that a JIT compiler made, from the call frame
// information that it wrote down for each function. Called once for each jitdump, by UnwindModule.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "common/result.h"
#include "unwind/rule_dictionary.h"
#include "unwind/unwind_table.h"

namespace prof {

/// A function at [begin, end), in whatever addresses the table is to be searched by.
struct GeneratedFunction {
  uint64_t begin = 0;
  uint64_t end = 0;
  std::span<const std::byte> eh_frame;  // of this function alone; may be empty
};

/// `functions` are in order and do not overlap. The first address that an .eh_frame speaks of is
/// taken for its function's begin: only the compiler knows where it thought the function would lie.
/// Where there is none, and between functions, frame pointers are followed. Fails for machines
/// other than x86-64 and aarch64, and where there are no functions, or some more than 4 GiB apart.
Result<UnwindTable> build_generated_table(uint16_t machine,
                                          std::span<const GeneratedFunction> functions,
                                          RuleDictionary& dictionary);

}  // namespace prof
