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

enum class SortKey : uint8_t {
  // What was sampled: what is equal in all of them is one row.
  Comm,
  Pid,
  Tid,
  Cpu,
  Dso,
  Symbol,
  Srcline,
  Srcfile,
  Parent,  // the function of --parent that the sample was taken in or below
  DsoSize,
  SymbolSize,
  // The numbers of a row.
  Children,
  Overhead,
  KernelOverhead,
  UserOverhead,
  GuestKernelOverhead,
  GuestUserOverhead,
  Samples,
  Period,
  // The first of ReportOptions::fields; those after it stand for the others.
  Field
};

inline bool is_number(SortKey key) {
  return key >= SortKey::Children && key < SortKey::Field;
}

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
  std::vector<SortKey> sort;        // -s; empty: comm,dso,sym
  bool sort_given = false;          // perf draws graphs otherwise when asked for -s sym
  bool sort_appends = false;        // -s +KEYS: behind the default
  std::vector<SortKey> columns;     // -F
  bool columns_append = false;      // -F +KEYS: behind the usual numbers, instead of them
  std::vector<std::string> fields;  // of tracepoints, that `sort` and `columns` refer to by number
  bool raw_fields = false;          // as stored, not as their events print them
  std::string sort_words;           // -s as it was given
  bool mem_mode = false;            // about memory accesses, which count by their weights
  CallGraphOptions call_graph;
  bool call_graph_given = false;  // asked for by name, so that not having one is an error
  bool children = true;           // with call chains only
  bool show_samples = false;
  bool show_period = false;
  bool show_modes = false;  // --show-cpu-utilization
  bool relative = false;    // percentages of what filters leave
  double percent_limit = 0;
  std::string separator;              // between columns, which are not aligned then
  std::vector<size_t> column_widths;  // 0: as wide as it takes
  std::optional<bool> group;          // events of a group in one table; unset: where there are any
  uint32_t group_sort_index = 0;      // the member that rows are sorted by
  bool hierarchy = false;             // a level of rows for each sort key
  std::string parent;                 // regular expression; empty: perf's default
  bool exclude_other = false;         // only what has a parent
  std::string ignore_callees;         // regular expression: what these call is theirs
  bool hide_unresolved = false;       // samples in functions without a name count nowhere
  std::string symbol_filter;          // only rows whose function's name has this in it
  std::vector<std::string> dsos, symbols;  // of the sampled function; others are not shown
  bool header = false, header_only = false, stats = false;
  bool show_info = false;             // of CPUs, memory and caches, with the header
  bool quiet = false;                 // nothing but rows
  bool tasks = false, mmaps = false;  // instead of tables
  bool thread_counts = false;         // of record -s, below them
  bool stack_quality = false;
  bool json = false;
  bool intervals = false;  // --ci: how far percentages may be off by chance
};

inline constexpr std::string_view kSortKeysHint =
    "there are comm, pid, tid, cpu, dso, dso_size, sym, symbol_size, srcline, srcfile, parent, "
    "time, event, socket, cgroup, cgroup_id, weight, local_weight, ins_lat, p_stage_cyc, "
    "retire_lat, transaction, addr, code_page_size, data_page_size, trace, the fields of "
    "tracepoints; of memory accesses mem, snoop, tlb, locked, blocked, dcacheline, symbol_daddr, "
    "symbol_iaddr, dso_daddr, phys_daddr; and the numbers overhead, overhead_children, "
    "overhead_sys, overhead_us, sample and period";

/// The keys of --mem-mode without -s, as perf has them. The last is of POWER only.
inline constexpr std::string_view kMemModeKeys =
    "local_weight,mem,sym,dso,symbol_daddr,dso_daddr,snoop,tlb,locked,blocked,local_ins_lat,"
    "local_p_stage_cyc";

/// "comm,dso,sym" as keys. What is no key is taken for a field of a tracepoint, "prev_comm" or
/// "sched_switch.prev_comm", a pattern of them, or "trace" for all of their text, and goes to
/// `fields`; without, and where it can be no field, it is an error that lists the keys there are.
Result<std::vector<SortKey>> parse_sort_keys(const std::string& text,
                                             std::vector<std::string>* fields = nullptr);

/// Reads perf's -g argument into `options`; parts may come in any order.
Result<void> parse_call_graph(const std::string& text, CallGraphOptions& options);

}  // namespace prof
