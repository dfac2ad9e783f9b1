// OwnColumn: a sort key that is no field of a tracepoint, but is made as one: of what a sample has
// besides its stack. Used by trace_columns for each sample, and by row_cells.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "report/recording.h"

namespace prof {

enum class OwnColumn : uint8_t {
  Cgroup,
  CgroupNamespace,
  Time,
  Event,
  LocalWeight,
  Weight,  // that of all samples of the row
  LocalLatency,
  Latency,
  Socket,
  Address,  // sampled, in the process
  CodePageSize,
  DataPageSize,
  Transaction,
  LocalStageCycles,  // of POWER's pipeline
  StageCycles,
  LocalRetireLatency,  // what Intel's have in the same place
  RetireLatency,
  // From here on: where data was, see memory_columns.h.
  Memory,
  Snoop,
  Tlb,
  Locked,
  Blocked,
  CacheLine,
  DataSymbol,
  CodeSymbol,
  DataDso,
  PhysicalAddress,
};

/// By perf's names: "cgroup", "cgroup_id", "time"…
std::optional<OwnColumn> own_column(std::string_view name);
/// perf's title of it.
std::string_view title_of(OwnColumn column);
size_t least_width_of(OwnColumn column, const TimeColumn& time);
/// Whether it is the number times the samples of a row.
bool is_sum(OwnColumn column);
bool is_number(OwnColumn column);
bool is_greatest_first(OwnColumn column);
/// Whether perf fills it up with spaces at the end of a line.
bool is_padded(OwnColumn column);

struct OwnValue {
  std::string text;
  std::string order;  // compares as the values do
  size_t width = 0;   // that perf gives the column for it, if it is more than the text's
};
OwnValue own_value(OwnColumn column, const SampleRecord& sample, const TimeColumn& time,
                   Recording& recording);

/// Text that compares as the number does.
std::string order_of(uint64_t value);

}  // namespace prof
