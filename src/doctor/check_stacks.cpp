// How call chains can be had: each way is gone for some milliseconds.
#include <fmt/core.h>

#include "doctor/attempt.h"
#include "doctor/groups.h"

namespace prof {

namespace {

void check_sampled(CheckGroup& group, const char* name, const RecordOptions& options,
                   const OwnThread& thread) {
  Attempt attempt = open_attempt(options, thread.target());
  if (!attempt.source) return group.fails(name, *attempt.error);
  const auto sampled = sample_work(*attempt.source);
  if (!sampled) return group.fails(name, sampled.error());
  if (sampled->samples == 0) return group.fails(name, "it opens, but gives no samples");
  const bool copies = options.call_graph == CallGraph::Dwarf;
  std::string found = attempt.source->user_only() ? "user space" : "user space and kernel";
  if (copies) found += fmt::format(", {} bytes a sample", sampled->largest);
  group.works(name, found);
}

void check_counted(CheckGroup& group, const char* name, const RecordOptions& options,
                   const OwnThread& thread) {
  const auto counted = count_work(options, thread.target());
  if (!counted) return group.fails(name, counted.error());
  if (*counted == 0) return group.fails(name, "the programs load, but count nothing");
  group.works(name);
}

}  // namespace

void check_stacks(std::vector<Check>& checks) {
  CheckGroup group(checks, kStacksGroup);
  const OwnThread thread;
  RecordOptions options = small_recording("cpu-clock");
  options.call_graph = CallGraph::FramePointers;
  check_sampled(group, "frame pointers (-g)", options, thread);
  options.call_graph = CallGraph::Dwarf;
  options.mmap_pages = "256k";
  check_sampled(group, "copies (--call-graph dwarf)", options, thread);
  options = small_recording("cpu-clock");
  options.call_graph = CallGraph::FramePointers;
  options.bpf = true;
  check_counted(group, "counted in the kernel (--bpf)", options, thread);
  // Unwound in the kernel, where this prof can do that: by the same program.
  RecordOptions unwound = options;
  if (parse_call_graph_method("bpf", unwound)) {
    check_counted(group, "unwound (--call-graph bpf)", unwound, thread);
  }
  options.bpf = false;
  options.off_cpu = true;
  check_counted(group, "time off CPUs (--off-cpu)", options, thread);
}

}  // namespace prof
