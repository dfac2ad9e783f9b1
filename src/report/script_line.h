// Lines of `perf script` text, taken apart: the line that a sample begins with, and those of its
// frames, as perf has printed them since 3.10, and prof script prints them. Used by import_script.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace prof {

/// "comm 12/34 [000] 5.678901: 250000 cpu-clock:u: rest"; what is not printed is left out.
struct ScriptHead {
  std::string_view comm;  // without blanks around it
  int32_t pid = -1, tid = -1;
  int32_t cpu = -1;
  std::optional<uint64_t> time;  // nanoseconds
  std::optional<uint64_t> period;
  std::string_view event;
  std::string_view rest;  // behind the event: fields of a tracepoint, or the frame
};

/// "7f12ab34 name+0x1c (/usr/lib/libc.so.6)", with or without the offset.
struct ScriptFrame {
  uint64_t address = 0;
  std::string_view name;  // without the offset
  std::string_view dso;
  bool inlined = false;  // perf's "name (inlined)", which has no DSO
};

/// Nothing for a line that begins no sample: one of perf's records, a frame, text of another kind.
/// A line that begins with a blank must have a time, so that frames are not taken for it.
std::optional<ScriptHead> parse_script_head(std::string_view line);

std::optional<ScriptFrame> parse_script_frame(std::string_view line);

}  // namespace prof
