// What a recording's header says of the machine's topology, memory, caches and BPF programs, as
// perf prints it with -I. Used by header_text.
#pragma once

#include <cstdint>
#include <string>

#include "perfdata/features.h"

namespace prof {

/// Lines of the feature `bit`; empty for one that is none of these.
std::string machine_text(uint32_t bit, const Features& features);
/// The line of each BPF program.
std::string bpf_text(const Features& features);

}  // namespace prof
