// The kinds of events, one file each; put together by event_list.
#pragma once

#include <linux/perf_event.h>

#include <string>
#include <string_view>
#include <vector>

#include "list/event_list.h"

namespace prof {

/// Stands for tracepoints whose names this user may not see.
inline constexpr std::string_view kUnreadable = "SYSTEM:NAME";

/// Why an event does not open for this thread; empty if it does.
std::string refusal_of(const perf_event_attr& attr);

void list_generic_events(std::vector<ListedEvent>& out);  // hardware, cache, software
void list_pmu_events(bool details, std::vector<ListedEvent>& out);
void list_tracepoints(bool details, std::vector<ListedEvent>& out);
Result<void> list_usdt_of_file(const std::string& path, std::vector<ListedEvent>& out);
Result<void> list_usdt_of_process(const std::string& pid, std::vector<ListedEvent>& out);

}  // namespace prof
