// Why the kernel refused, in words: what was not permitted, what would permit it, and what is
// possible without. Used by perf_source when an event does not open, and by bpf_object.
#pragma once

#include <cstddef>

#include "common/result.h"
#include "record/event_spec.h"
#include "record/target.h"

namespace prof {

/// The error for an event that did not open on `target`; `error` is the errno.
Error explain_open_failure(int error, const EventSpec& spec, const Target& target);

/// The error for `spec`, which opened by itself, but not in the group that `leader` leads.
Error explain_group_failure(int error, const EventSpec& spec, const EventSpec& leader);

/// The error for `events` events of `target`, which need more descriptors than the limit allows.
Error explain_descriptors(size_t needed, size_t limit, size_t events, const Target& target);

/// The error for `spec`, whose filter the kernel does not take.
Error explain_filter_failure(int error, const EventSpec& spec);

/// The error for a ring of `size` bytes that could not be mapped, even at its smallest.
Error explain_map_failure(int error, size_t size);

/// kernel.perf_event_paranoid; 2, the kernel's own default, where it cannot be read.
int perf_event_paranoid();

/// The error for BPF programs that the kernel refused with EPERM or EACCES.
Error explain_bpf_denied();

/// Lets this process have as many open files as its hard limit allows.
void raise_open_file_limit();
/// How many these are.
size_t open_file_limit();

}  // namespace prof
