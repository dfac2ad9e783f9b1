// load_profile: from an input file to a Profile, whatever kind the file is. Called by the report,
// fold and flamegraph commands.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/result.h"
#include "report/profile.h"
#include "symbolize/symbolizer.h"

namespace prof {

/// Which samples count. Empty lists let everything through.
struct FilterOptions {
  std::vector<std::string> comms;
  std::vector<int32_t> pids, tids;
  std::vector<int32_t> cpus;
  std::string time;                    // perf's --time syntax, see time_range.h
  std::string event;                   // name of the only event wanted
  std::string where = {};              // a condition, see where.h
  std::optional<int32_t> socket = {};  // only samples of this processor's CPUs
};

struct InputOptions {
  std::string path = "perf.data";  // "-": standard input
  FilterOptions filter;
  SymbolizerOptions symbols;
  /// Whether frames are shown for inlined calls: as perf, where stacks are unwound from copies;
  /// everywhere; nowhere.
  enum class Inlined : uint8_t { Unwound, Always, Never };
  Inlined inlined = Inlined::Unwound;
  /// Of import_formats.h, or "perf"; empty: guessed from the content.
  std::string format = {};
  /// Told of the bytes read so far, of all there are, now and then in each pass; may be empty.
  std::function<void(uint64_t done, uint64_t total)> progress = {};
  /// Whether stacks that were larger than their copies are completed: see stack_joiner.h.
  bool join_stacks = true;
};

/// What samples are kept apart by at the root of their stacks.
struct GroupBy {
  bool comm = true;
  bool pid = false;
  bool tid = false;
  bool cpu = false;
};

/// How the column "time" tells it: in steps of `quantum` ns.
struct TimeColumn {
  uint64_t quantum = 100'000'000;  // perf's
  bool nanoseconds = false;
};

struct LoadOptions {
  InputOptions input;
  GroupBy group;
  bool with_callchain = true;  // false: the sampled address alone is the stack
  uint32_t max_stack = 0;      // deepest frames kept; 0: all
  bool with_lines = false;     // tell frames apart by source line, too
  bool full_paths = false;     // of the lines' files
  /// Fields of tracepoints that tell samples apart, "prev_comm", "sched_switch.prev_comm", or
  /// "trace" for their whole text: see trace_columns.h.
  std::vector<std::string> fields = {};
  /// Their values as stored, not as the print format shows them; "prev_state/raw" is so of one.
  bool raw_fields = false;
  TimeColumn time_column = {};  // of the field "time"
  /// A tracepoint's field whose sum is asked for instead of the period's: see weight_field.h.
  std::string weight_field = {};
  /// What is asked for are the costs of memory accesses: weights, or 1 where there is none.
  bool weigh_accesses = false;
  /// Leave out where the idle task waits for work; it is counted all the same.
  bool without_idle = false;
  /// Stacks of who woke threads (record --wakers) go on top of those that were woken.
  bool join_wakers = false;
  /// Profile::timeline is wanted, too: some 40 bytes a sample.
  bool with_timeline = false;
  /// Frames with less than this share of all need not be told apart, see Profile::pruned_frame: of
  /// recordings, if no timeline is asked for, and of folded stacks. Saves much of the memory and
  /// time that many distinct stacks take.
  double least_share = 0;
  /// ... and where the input is folded text, the order of its lines.
  bool order_of_lines = false;
  /// Stacks of nobody known stand below a root, too, "[unknown]" or "all"; else it is their first
  /// frame.
  bool always_root = false;
  /// Profile::quality is wanted, too.
  bool with_quality = false;
};

/// Reads a recording, or folded stacks where the content is text.
Result<Profile> load_profile(const LoadOptions& options);

}  // namespace prof
