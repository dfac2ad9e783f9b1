// Event names: what perf calls the events that every kernel knows, hardware, software and of the
// caches. Asked by event_spec.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace prof {

struct NamedEvent {
  std::string_view name;
  uint32_t type;
  uint64_t config;
};

/// "cycles", "cs", "LLC-load-misses", in any of their spellings, and "r1a8" for a raw one.
std::optional<NamedEvent> find_named_event(std::string_view name);

/// The names of hardware, software and cache events; of the last only those that perf prints.
std::vector<std::string> event_names();

}  // namespace prof
