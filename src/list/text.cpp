// What `prof list` prints.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "list/event_list.h"

namespace prof {

namespace {

constexpr size_t kWidest = 44;  // of a name, before what it is

}  // namespace

std::string event_list_text(const std::vector<ListedEvent>& events) {
  std::string out;
  const auto to = std::back_inserter(out);
  for (size_t begin = 0; begin < events.size();) {
    size_t end = begin;
    size_t width = 0;
    while (end < events.size() && events[end].kind == events[begin].kind) {
      width = std::max(width, std::min(events[end].name.size(), kWidest));
      ++end;
    }
    fmt::format_to(to, "{}{} ({}):\n", begin == 0 ? "" : "\n", events[begin].kind, end - begin);
    for (; begin < end; ++begin) {
      const ListedEvent& event = events[begin];
      fmt::format_to(to, "  {:<{}}  {}", event.name, width, event.description);
      if (!event.refusal.empty()) fmt::format_to(to, " – {}", event.refusal);
      out += '\n';
      for (const std::string& detail : event.details) fmt::format_to(to, "      {}\n", detail);
    }
  }
  return out;
}

}  // namespace prof
