// list_events: every event that this machine has, with what it is and whether it opens here, for
// this user. Called by the list command.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace prof {

struct ListOptions {
  std::vector<std::string> words;  // parts of names, or usdt:/path; without: everything
  std::string pid;                 // of a process whose USDT are listed
  bool details = false;            // fields and terms, too
};

struct ListedEvent {
  std::string_view kind;  // "hardware", "tracepoint" …
  std::string name;       // as -e takes it, or would
  std::string description;
  std::string refusal = {};               // why it does not open here; empty if it does
  bool tried = true;                      // or one like it; false: nothing is known
  std::vector<std::string> details = {};  // a field or term each
};

/// By kind, and by name in it.
Result<std::vector<ListedEvent>> list_events(const ListOptions& options);

std::string event_list_text(const std::vector<ListedEvent>& events);
std::string event_list_json(const std::vector<ListedEvent>& events);

}  // namespace prof
