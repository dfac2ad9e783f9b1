// What doctor looks at, in the order of its output. Called by doctor alone.
#pragma once

#include "doctor/check.h"
#include "perfdata/features.h"

namespace prof {

// `host` is what recordings say of it: record/host_info.
void check_versions(const Features& host, std::vector<Check>& checks);  // of prof, kernel, perf
void check_host(const Features& host, std::vector<Check>& checks);      // CPUs, user, containers
void check_events(std::vector<Check>& checks);                          // what can be sampled
void check_pmus(const Features& host, std::vector<Check>& checks);      // where events come from
void check_reach(std::vector<Check>& checks);   // the kernel, other users, the whole machine
void check_limits(std::vector<Check>& checks);  // rates, memory, files
void check_tracepoints(const Features& host, std::vector<Check>& checks);  // tracefs, probes
void check_stacks(std::vector<Check>& checks);   // how call chains can be had
void check_bpf(std::vector<Check>& checks);      // what BPF programs can use
void check_symbols(std::vector<Check>& checks);  // where names come from

// The two groups that decide whether anything can be recorded.
inline constexpr std::string_view kEventsGroup = "events";
inline constexpr std::string_view kStacksGroup = "stacks";

}  // namespace prof
