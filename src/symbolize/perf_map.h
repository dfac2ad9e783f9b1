// PerfMap: /tmp/perf-PID.map, in which a JIT compiler names the code it has made.
// Used by the Symbolizer for code without a file.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "common/result.h"
#include "common/unique_fd.h"
#include "symbolize/symbol_table.h"

namespace prof {

struct PerfMap {
  SymbolTable symbols;
  size_t bad_lines = 0;    // not "START SIZE name"
  bool truncated = false;  // larger than kMaxPerfMap: only the beginning was read
};

inline constexpr size_t kMaxPerfMap = size_t{1} << 30;

/// Lines "START SIZE name": hexadecimal numbers with or without 0x, the rest of the line is the
/// name, blanks included. A size of 0 stands for the one address. Of entries that overlap the later
/// line wins, as code is replaced.
PerfMap parse_perf_map(std::vector<char> text);

/// Reads a map that was opened with care; `path` is for messages only.
Result<PerfMap> read_perf_map(const UniqueFd& fd, const std::string& path);

}  // namespace prof
