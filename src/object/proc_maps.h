// ProcMaps: the lines of /proc/PID/maps. Read by record for what already runs, and by build ids.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace prof {

/// One line. `name` is as the kernel prints it: a path (with "\012" for a newline, and " (deleted)"
/// where the file is gone), "[vdso]", or empty.
struct ProcMapsEntry {
  uint64_t start = 0, end = 0;
  uint64_t offset = 0;  // bytes in the file
  uint32_t major = 0, minor = 0;
  uint64_t inode = 0;
  bool readable = false, writable = false, executable = false, shared = false;
  std::string_view name;
};

/// Parses one line without its newline; nothing if it is not of that form.
std::optional<ProcMapsEntry> parse_proc_maps_line(std::string_view line);

/// Calls `visit(entry)` for each well-formed line of `text`; others are skipped.
template <class Visit>
void for_each_proc_map(std::string_view text, Visit&& visit) {
  while (!text.empty()) {
    const auto newline = text.find('\n');
    const auto line = text.substr(0, newline);
    if (const auto entry = parse_proc_maps_line(line)) visit(*entry);
    if (newline == text.npos) return;
    text.remove_prefix(newline + 1);
  }
}

}  // namespace prof
