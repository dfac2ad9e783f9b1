// bpf_events: the events of a recording as BPF programs change them, and those that only they have.
// Used by BpfSource for the file, and by BpfPrograms for the programs.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "bpf/stack_message.h"
#include "perfdata/attr.h"
#include "record/options.h"

namespace prof {

/// Time away from a CPU, by what the thread waited for.
struct OffCpuEvent {
  const char* name;
  uint32_t stack_config::*index;  // where the programs are told which event it is
};
inline constexpr OffCpuEvent kOffCpuEvents[] = {
    {"offcpu-time", &stack_config::event},  // a sleep that a signal would end
    {"offcpu-time:D", &stack_config::event_blocked_disk},
    {"runnable-time", &stack_config::event_runnable},
};

/// `opened` as they stand in the file: what the programs take is in them, too; behind them those of
/// --off-cpu, in the order of kOffCpuEvents, and of --wakers. `user_only`: the kernel is left out.
std::vector<EventAttr> events_with_programs(std::span<const EventAttr> opened,
                                            const RecordOptions& options, bool user_only);

}  // namespace prof
