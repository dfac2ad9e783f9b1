// TableWriter: appends rules in address order and lays them out as an UnwindTable. Used by the
// table builder.
#pragma once

#include <cstdint>
#include <vector>

#include "common/result.h"
#include "unwind/rule_dictionary.h"
#include "unwind/unwind_table.h"

namespace prof {

class TableWriter {
 public:
  /// More than any code has; a table's index of it takes 4 MiB.
  static constexpr uint64_t kMaxSpan = uint64_t{4} << 30;

  /// The table will cover [begin, end).
  static Result<TableWriter> create(RuleDictionary& dictionary, uint64_t begin, uint64_t end);

  /// From `addr` on, `rule` is valid. Addresses must not decrease; those below the table's range
  /// are taken as its first byte, those above are left out. A rule for the same address again
  /// replaces it.
  void add(uint64_t addr, const unwind_rule& rule);
  void add(uint64_t addr, uint32_t id);

  UnwindTable finish(const UnwindTableCounts& counts) &&;

 private:
  /// The rules seen lately with their ids: the dictionary's lock and hash table are for many.
  struct Memo {
    unwind_rule rule;
    uint32_t id;
  };
  static constexpr size_t kMemoSize = 1024;

  TableWriter(RuleDictionary& dictionary, uint64_t begin, uint64_t end);
  uint32_t id_of(const unwind_rule& rule);
  void open_pages_to(uint64_t page);

  RuleDictionary* dictionary_;
  uint64_t last_;       // the last byte of the range
  uint64_t last_addr_;  // of the row added last, at first the begin
  uint32_t last_id_ = UNWIND_RULE_NONE;
  UnwindTable table_;
  std::vector<Memo> memo_;
};

}  // namespace prof
