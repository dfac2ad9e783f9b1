// ProbeSpec: a place in code whose execution is an event, as the kernel's own probes want it: a
// file or the kernel, and where in it. Made by probe_events of what -e says.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "record/probed_file.h"

namespace prof {

struct ProbeSpec {
  std::string name;  // of the event: as given, or one of those that a pattern matched
  bool in_kernel = false;
  bool at_return = false;
  bool at_entry = false;  // at the first byte of a function
  /// Of the file, as the kernel will open it; or the kernel's function, empty if `sites` is its
  /// address.
  std::string path;
  std::vector<ProbedFile::Site> sites;  // one; of a static probe wherever it is in the code
  bool is_of_glob = false;
};

/// Whether `text` begins as a probe does.
bool is_probe(std::string_view text);

/// "uprobe:PLACE" or "uretprobe:PLACE". PLACE is FILE:FUNCTION, FILE:FUNCTION+OFFSET or
/// FILE:0xOFFSET, which is the offset in the file. FILE is a path, a program in $PATH, or a library
/// by its bare name: "libc". FUNCTION is a name as linked, or as written in C++; with *, ? or [] it
/// is all functions that it matches.
/// "usdt:FILE:PROVIDER:NAME" or "usdt:FILE:NAME": a static probe; both names may be patterns.
/// "kprobe:PLACE" or "kretprobe:PLACE": PLACE is FUNCTION, FUNCTION+OFFSET or 0xADDRESS.
Result<std::vector<ProbeSpec>> parse_probe(std::string_view text);

/// How many of the characters of `text`, which begins as a probe does, are its own: up to a comma
/// that is not between the parameters of a C++ function.
size_t probe_end(std::string_view text);

}  // namespace prof
