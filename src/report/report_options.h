// ReportOptions: what `prof report` was asked for. Filled by the command line, read by report.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "report/load.h"

namespace prof {

/// Field stands for the first of ReportOptions::fields; those after it for the others.
enum class SortKey : uint8_t { Comm, Pid, Tid, Cpu, Dso, Symbol, Srcline, Field };

/// The number in ReportOptions::fields; none for the other keys.
inline std::optional<size_t> field_of(SortKey key) {
  if (key < SortKey::Field) return std::nullopt;
  return static_cast<size_t>(key) - static_cast<size_t>(SortKey::Field);
}

/// The key of a field by its number there.
inline SortKey field_key(size_t field) {
  return static_cast<SortKey>(static_cast<size_t>(SortKey::Field) + field);
}

/// What a report has room for, so that SortKey does.
inline constexpr size_t kMaxFields = 64;

enum class CallGraphMode : uint8_t { None, Graph, Fractal, Flat, Folded };
enum class CallGraphValue : uint8_t { Percent, Period, Count };

/// perf's -g TYPE,THRESHOLD,LIMIT,ORDER,VALUE.
struct CallGraphOptions {
  CallGraphMode mode = CallGraphMode::Graph;
  double min_percent = 0.5;  // of the total; of the row for Fractal
  uint32_t print_limit = 0;  // entries a level; 0: all
  bool caller_first = false;
  bool order_given = false;
  CallGraphValue value = CallGraphValue::Percent;
};

struct ReportOptions {
  LoadOptions load;
  std::vector<SortKey> sort;        // empty: comm,dso,sym
  std::vector<std::string> fields;  // of tracepoints, that `sort` refers to by number
  bool raw_fields = false;          // as stored, not as their events print them
  bool sort_given = false;          // perf draws graphs otherwise when asked for -s sym
  CallGraphOptions call_graph;
  bool call_graph_given = false;  // asked for by name, so that not having one is an error
  bool children = true;           // with call chains only
  bool show_samples = false;
  bool show_period = false;
  double percent_limit = 0;
  std::vector<std::string> dsos, symbols;  // of the sampled function; others are not shown
  bool header = false, header_only = false, stats = false;
  bool stack_quality = false;
};

inline constexpr std::string_view kSortKeysHint =
    "there are comm, pid, tid, cpu, dso, sym, srcline, cgroup, cgroup_id, trace, and the fields of "
    "tracepoints";

/// "comm,dso,sym" as keys. What is no key is taken for a field of a tracepoint, "prev_comm" or
/// "sched_switch.prev_comm", a pattern of them, or "trace" for all of their text, and goes to
/// `fields`; without, and where it can be no field, it is an error that lists the keys there are.
Result<std::vector<SortKey>> parse_sort_keys(const std::string& text,
                                             std::vector<std::string>* fields = nullptr);

/// Reads perf's -g argument into `options`; parts may come in any order.
Result<void> parse_call_graph(const std::string& text, CallGraphOptions& options);

}  // namespace prof
