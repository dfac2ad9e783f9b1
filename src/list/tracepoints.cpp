// Tracepoints, by the folders of tracefs.
#include <dirent.h>
#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>

#include "common/text_file.h"
#include "list/kinds.h"
#include "perfdata/event_format.h"
#include "record/tracefs.h"

namespace prof {

namespace {

std::vector<std::string> folders_in(const std::string& path) {
  std::vector<std::string> names;
  const auto close = [](DIR* dir) { ::closedir(dir); };
  const std::unique_ptr<DIR, decltype(close)> dir(::opendir(path.c_str()), close);
  if (!dir) return names;
  while (const dirent* entry = ::readdir(dir.get())) {
    if (entry->d_name[0] != '.' && entry->d_type == DT_DIR) names.emplace_back(entry->d_name);
  }
  std::ranges::sort(names);
  return names;
}

/// Permission decides, and is the same for all: to take each would need seconds, as the kernel
/// waits for all CPUs when one is given back.
std::string refusal_of_tracepoint(const std::string& format_path) {
  const auto text = read_text_file(format_path);
  const auto format = text ? parse_event_format(*text) : std::nullopt;
  if (!format) return "not permitted to read its format";
  perf_event_attr attr{};
  attr.type = PERF_TYPE_TRACEPOINT;
  attr.config = format->id;
  attr.sample_type = PERF_SAMPLE_RAW;
  return refusal_of(attr);
}

std::string declaration(const EventField& field) {
  std::string text = field.type + " " + field.name;
  if (field.is_array && !field.is_dynamic) text += fmt::format("[{}]", field.array_length);
  return text;
}

}  // namespace

void list_tracepoints(bool details, std::vector<ListedEvent>& out) {
  const auto tracefs = Tracefs::find();
  if (!tracefs) {
    ListedEvent none{"tracepoint", std::string(kUnreadable), "tracepoints of the kernel",
                     tracefs.error().message};
    out.push_back(std::move(none));
    return;
  }
  const std::string events = tracefs->root() + "/events/";
  std::optional<std::string> refusal;
  for (const std::string& system : folders_in(events)) {
    if (system == "ftrace") continue;  // the function tracer's own, which have no hook
    for (const std::string& name : folders_in(events + system)) {
      const std::string format_path = events + system + "/" + name + "/format";
      if (!refusal) refusal = refusal_of_tracepoint(format_path);
      ListedEvent listed{"tracepoint", system + ":" + name,
                         fmt::format("tracepoint of the kernel's {}", system), *refusal};
      if (system == "syscalls") {
        listed.description = name.starts_with("sys_enter_")
                                 ? "begin of a system call"
                                 : "end of a system call, with its result";
      }
      if (details) {
        const auto text = read_text_file(format_path);
        const auto format = text ? parse_event_format(*text) : std::nullopt;
        for (const EventField& field : format ? format->fields : std::vector<EventField>{}) {
          if (!field.is_common) listed.details.push_back(declaration(field));
        }
      }
      out.push_back(std::move(listed));
    }
  }
}

}  // namespace prof
