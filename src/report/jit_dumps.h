// JitDumps: the jitdumps of a recording's processes, read where the recording says that they were
// mapped, and turned into mappings of code over time. Used by Recording in pass one.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "object/address_space.h"
#include "object/dso.h"
#include "perfdata/attr.h"
#include "perfdata/record.h"
#include "symbolize/jitdump.h"
#include "symbolize/symbolizer.h"

namespace prof {

/// How the processor's time stamps become perf's times (TIME_CONV, perf_event_mmap_page).
struct TimeConversion {
  uint64_t shift = 0, multiplier = 0, zero = 0;
  uint64_t to_time(uint64_t cycles) const;
};

/// The name of the DSO of a dump. Processes that call themselves by another pid than the recording
/// does may have dumps of one path, each in its own files.
std::string jitdump_dso_name(std::string_view path, uint32_t pid);

class JitDumps {
 public:
  /// A JIT compiler maps its dump, for no other reason than to have it recorded.
  /// `path` is the process's own, of which `dso` is what it is called.
  void note_mapping(uint32_t pid, uint64_t time, DsoId dso, std::string_view path);
  void note_time_conversion(const RecordView& view, bool swap);
  /// After all records, and before `processes` is finished. Gives warnings.
  std::vector<std::string> load(const EventTable& events, const SymbolizerOptions& options,
                                Symbolizer& symbolizer, ProcessTable& processes) const;

 private:
  struct Mapped {
    uint64_t time = 0;  // first
    std::string path;
  };
  struct Clock;
  Clock clock_of(const EventTable& events, const JitDumpHeader& header, uint64_t mapped) const;

  std::map<std::pair<uint32_t, uint32_t>, Mapped> mapped_;  // by pid and DSO
  std::optional<TimeConversion> conversion_;
};

}  // namespace prof
