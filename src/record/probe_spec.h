// ProbeSpec: a function of a program or library, as the kernel's uprobes want it: a file and where
// in it. Made by event_spec of "uprobe:…" and "uretprobe:…".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/result.h"

namespace prof {

struct ProbeSpec {
  bool at_return = false;
  bool at_entry = false;  // at the first byte of a function
  std::string path;       // of the file, as the kernel will open it
  uint64_t offset = 0;    // in the file
};

/// Whether `text` begins as a probe does.
bool is_probe(std::string_view text);

/// "uprobe:PLACE" or "uretprobe:PLACE". PLACE is FILE:FUNCTION, FILE:FUNCTION+0xOFFSET or
/// FILE:0xOFFSET, which is the offset in the file. FILE is a path, a program in $PATH, or a library
/// by its bare name: "libc". FUNCTION is a name as linked.
Result<ProbeSpec> parse_probe(std::string_view text);

/// The kind of perf event that probes are: where sysfs lists it (a folder of event sources).
struct ProbePmu {
  uint32_t type = 0;
  uint64_t return_bit = 0;  // in attr.config
  static Result<ProbePmu> find(const std::string& devices = "/sys/bus/event_source/devices");
};

}  // namespace prof
