// RecordOptions: what `prof record` was asked to do. Filled by the command line, read by recorder.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/disk_cache.h"
#include "common/result.h"
#include "record/control.h"
#include "record/enable_spans.h"
#include "record/sample_contents.h"
#include "record/switch_output.h"

namespace prof {

/// How call chains are found.
enum class CallGraph : uint8_t {
  None,
  FramePointers,  // by the kernel
  Dwarf,  // the kernel's part by the kernel; the user's from a copy of the stack, by readers
  Bpf,    // the user's by unwind tables, in the kernel, at each sample
};
inline constexpr double kLeastInterval = 0.1;  // seconds
#if defined(__x86_64__)
inline constexpr bool kWalksInKernel = true;  // the BPF programs know this machine's registers
#else
inline constexpr bool kWalksInKernel = false;
#endif
inline constexpr uint64_t kDefaultStackCopy = 8192;
inline constexpr uint64_t kDefaultLiveCopy = 16384;  // of copies that are not kept
inline constexpr uint64_t kMaxStackCopy = 65528;     // a record's size is 16 bits

/// What RecordOptions::take is told besides.
struct TakenRecording {
  bool is_last = true;
  uint64_t samples = 0;
  uint64_t lost = 0;           // samples and other records
  bool is_incomplete = false;  // counts could not be read, how many is not known
  bool is_counted = false;     // in the kernel; else each sample is in it
  uint64_t left_out = 0;       // hits whose weight is negative, since the last
};

/// Which hits of tracepoints are wanted, by their fields.
struct FilterRequest {
  std::string option;  // as it was given: "--filter"
  std::string text;
  size_t after = 0;  // of the events given until then, those of the last -e are meant
};

/// Which cgroups events are recorded in.
struct CgroupRequest {
  std::string names;  // comma-separated, each for one event; of a single one are all events
  size_t after = 0;   // of the -e given until then
};

struct RecordOptions {
  // Whom to record.
  std::vector<std::string> command;  // started by us, with its arguments
  bool system_wide = false;
  std::string cpus;        // "0-3,7"
  std::string pids, tids;  // comma-separated
  std::string user;        // name or number
  bool inherit = true;     // threads and children born later, too

  // What to record.
  std::vector<std::string> events;  // each a comma-separated list; empty: the default event
  std::vector<FilterRequest> filters;
  std::vector<CgroupRequest> cgroups;
  std::optional<uint64_t> frequency;  // Hz
  bool max_frequency = false;
  bool strict_frequency = false;  // rather none than a lower one
  std::optional<uint64_t> period;
  CallGraph call_graph = CallGraph::None;
  bool call_graph_chosen = true;            // false: Bpf where that is possible, else FramePointers
  uint64_t stack_copy = kDefaultStackCopy;  // bytes a sample, for CallGraph::Dwarf
  bool live = false;                        // copies are unwound while recording, and not kept
  uint32_t max_stack = 0;                   // frames; 0: the kernel's default
  bool kernel_callchains = true, user_callchains = true;  // the parts that are wanted of each
  bool count_each = false;     // without a period or frequency: software events by each occurrence
  SampleContents contents;     // besides where and when
  bool no_samples = false;     // only the counts of `thread_counts`
  bool thread_counts = false;  // of each thread, when it ends
  bool running_time = false;   // how long events counted, with what is read of them
  bool all_user = false, all_kernel = false;  // of all events, the other is left out
  bool namespaces = false;                    // record those of each process
  bool bpf_events = true;                     // record which BPF programs come and go
  std::string clock;                          // of the time stamps; empty: monotonic
  bool bpf = false;                           // count equal stacks in the kernel
  std::string weight_field;                   // with bpf: of the tracepoints, summed besides
  bool off_cpu = false;                       // and count the time that threads are away from a CPU
  bool wakers = false;                        // with off_cpu: and who ended it, by stacks
  bool wall = false;                          // with off_cpu: both are parts of one time
  uint64_t min_block_ns = 0, max_block_ns = UINT64_MAX;  // of off_cpu: what counts
  double interval_seconds = 0;  // with bpf: counts of each so many seconds; 0: of it all

  // When.
  Delay delay;                            // when events are enabled
  std::optional<ControlAddress> control;  // who may switch them, and end the recording
  bool switch_events = false;             // record when threads go on and off the CPU
  double duration_seconds = 0;            // 0: until the command, the targets or a signal end it

  // Where to.
  std::string output = "perf.data";  // "-": standard output
  /// Instead of `output`: gets the finished recording, an open file without a name. What it says of
  /// the recording itself is for whoever takes it.
  std::function<Result<void>(int fd, const TakenRecording& recording)> take;
  double turn_seconds = 0;          // with `take`: a recording each so many seconds; 0: one
  SwitchOutput switch_output;       // without `take`: a file each so often
  bool overwrite = false;           // rings keep what is newest, and are read when a file ends
  bool timestamp_filename = false;  // a file is called by the time at which it ended
  int compression_level = 1;        // 0: none
  std::string mmap_pages;           // "128", "1M"; empty: the kernel's default
  uint64_t max_size = 0;            // bytes; 0: no limit
  /// Keeps copies of binaries that will not be found under their names later; may be none.
  DiskCache cache;
  bool verbose = false;

  /// Whether events are switched on or off once the recording has begun.
  bool switches_events() const { return delay.begin != 0 || !delay.spans.empty() || control; }

  /// Whether BPF programs take the samples, to count them or to unwind them.
  bool samples_by_bpf() const { return bpf || call_graph == CallGraph::Bpf; }

  /// Whether what is wanted is only in the kernel's own samples and records.
  bool needs_kernels_samples() const {
    return contents.is_kernels_own() || no_samples || thread_counts;
  }

  /// Whether they walk user stacks by unwind tables: the time away from a CPU has stacks, whether
  /// samples have them or not.
  bool walks_in_kernel() const {
    return kWalksInKernel &&
           (call_graph == CallGraph::Bpf || (off_cpu && call_graph == CallGraph::None));
  }

  std::vector<std::string> command_line;  // as it will stand in the file
  /// Gets every line for the user, without a newline; may be empty.
  std::function<void(std::string_view)> notify;
};

/// Checks what can be checked without touching the system.
Result<void> validate(const RecordOptions& options);

/// "bpf", "fp", or "dwarf" with ",SIZE" and ",live" in any order, into `options`.
Result<void> parse_call_graph_method(std::string_view text, RecordOptions& options);

/// "500us", "10ms", "2s", in ns; a bare number is of microseconds.
Result<uint64_t> parse_time_span(std::string_view text);

/// "4096", "64k", "1M", "2G", with an optional trailing B; powers of 1024.
Result<uint64_t> parse_size(std::string_view text);

}  // namespace prof
