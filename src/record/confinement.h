// Confinement: what this process may do by its capabilities, and what else keeps it from things:
// namespaces, filters, lockdown. Asked by privileges, bpf_source and doctor.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/result.h"

namespace prof {

/// Whether the kernel takes this process for one with the capability, given by its number in
/// linux/capability.h. Those of a user namespace, as a container's root has them, are none for what
/// prof asks for. CAP_SYS_ADMIN stands in for CAP_PERFMON and CAP_BPF.
bool has_capability(unsigned number);
/// Whether this process is in a user namespace of its own.
bool in_user_namespace();
/// Whether a seccomp filter looks at its system calls.
bool has_seccomp_filter();
/// "none", "integrity" or "confidentiality"; empty where the kernel does not tell.
std::string lockdown_level();

/// The PID namespace that /proc and our events' records number processes in; 0 for the first.
uint32_t own_pid_namespace();

/// Why `what` ("perf_event_open", "bpf") is refused although the user might: the likeliest of the
/// above.
Error explain_confined(std::string_view what);

}  // namespace prof
