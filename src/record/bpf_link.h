// bpf_link: a BPF program on a perf event, with a number that it can ask for. Used by bpf_programs
// for those that serve many events.
#pragma once

#include <cstdint>

#include "common/unique_fd.h"

namespace prof {

/// Runs `program` at each hit of `event`, both given by their descriptors, until what it returns is
/// closed; the program gets `cookie` from bpf_get_attach_cookie(). Nothing where that failed, and
/// errno says why.
UniqueFd link_to_event(int program, int event, uint64_t cookie);

}  // namespace prof
