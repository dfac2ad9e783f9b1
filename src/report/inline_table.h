// InlineTable: the inlined calls and source lines of all addresses of interest, looked up together.
// Filled by the pipeline, once, and by script, for each batch of samples, before they name frames.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <unordered_map>
#include <vector>

#include "report/recording.h"

namespace prof {

class InlineTable {
 public:
  explicit InlineTable(Recording& recording) : recording_(recording) {}

  /// Notes an address for look_up().
  void add(const ResolvedAddress& resolved);
  /// Asks DWARF for what is new, once for each file and in the order of addresses: a debug file is
  /// gone through once. Files without DWARF cost their opening.
  void look_up();
  /// Innermost first, the function itself last; empty if nothing is known.
  std::span<const SourceCall> calls(const ResolvedAddress& resolved) const;

 private:
  struct Place {
    uint32_t begin = 0;
    uint32_t count = 0;
  };
  Recording& recording_;
  std::map<uint32_t, std::vector<uint64_t>> wanted_;               // by DSO
  std::map<uint32_t, std::unordered_map<uint64_t, Place>> found_;  // by DSO, by address
  std::vector<SourceCall> calls_;
};

}  // namespace prof
