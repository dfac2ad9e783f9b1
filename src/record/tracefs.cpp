#include "record/tracefs.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <fnmatch.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <deque>
#include <memory>
#include <set>

#include "common/text_file.h"
#include "common/unique_fd.h"
#include "perfdata/tracing_data.h"
#include "record/nearest_names.h"

namespace prof {

namespace {

constexpr const char* kPlaces[] = {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"};

/// The folders in a folder, in the order of their names.
std::vector<std::string> folders_in(const std::string& path) {
  std::vector<std::string> names;
  const auto close = [](DIR* dir) { ::closedir(dir); };
  std::unique_ptr<DIR, decltype(close)> dir(::opendir(path.c_str()), close);
  if (!dir) return names;
  while (const dirent* entry = ::readdir(dir.get())) {
    if (entry->d_name[0] == '.') continue;
    struct stat status {};
    const std::string name = entry->d_name;
    if (::stat((path + "/" + name).c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) continue;
    names.push_back(name);
  }
  std::ranges::sort(names);
  return names;
}

/// A name that can be a part of a path, and nothing else.
bool is_plain(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

}  // namespace

bool is_glob(std::string_view name) {
  return name.find_first_of("*?[") != name.npos;
}

namespace {

tl::unexpected<Error> not_permitted(const std::string& root) {
  return fail(
      fmt::format("not permitted to read the tracepoints in '{}'", root),
      fmt::format("run as root, or let others read it: sudo mount -o remount,mode=755 {}", root));
}

}  // namespace

Result<Tracefs> Tracefs::find(const std::string& root) {
  bool hidden = false;
  const auto has_events = [&hidden](const std::string& at) {
    if (::access((at + "/events").c_str(), R_OK | X_OK) == 0) return true;
    hidden |= errno == EACCES;
    return false;
  };
  if (!root.empty()) {
    if (has_events(root)) return Tracefs(root);
  } else {
    for (const char* place : kPlaces) {
      if (has_events(place)) return Tracefs(place);
    }
  }
  const std::string place = root.empty() ? kPlaces[0] : root;
  if (hidden) return not_permitted(place);
  return fail("the tracepoints are not to be seen: tracefs is not mounted",
              fmt::format("mount it: sudo mount -t tracefs nodev {}", place));
}

std::vector<std::string> Tracefs::systems() const {
  return folders_in(root_ + "/events");
}

std::vector<std::string> Tracefs::events_of(const std::string& system) const {
  return folders_in(root_ + "/events/" + system);
}

Result<uint64_t> Tracefs::id_of(const std::string& system, const std::string& name) const {
  const std::string full = system + ":" + name;
  if (is_plain(system) && is_plain(name)) {
    const std::string path = fmt::format("{}/events/{}/{}/id", root_, system, name);
    const std::string text = read_first_line(path);
    uint64_t id = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (!text.empty() && error == std::errc{} && end == text.data() + text.size()) return id;
    if (::access(path.c_str(), R_OK) != 0 && errno == EACCES) return not_permitted(root_);
  }
  std::vector<std::string> names;
  for (const std::string& each : is_plain(system) ? events_of(system) : names) {
    names.push_back(system + ":" + each);
  }
  std::string hint;
  if (!names.empty()) {
    hint = did_you_mean(full, names);
    if (hint.empty()) hint = fmt::format("those of '{0}': prof list {0}:", system);
  } else {
    // The system is unknown: perhaps the name is right elsewhere.
    for (const std::string& other : systems()) {
      for (const std::string& each : events_of(other)) names.push_back(other + ":" + each);
    }
    hint = did_you_mean(full, names);
    if (hint.empty()) hint = "all of them: prof list";
  }
  return fail(fmt::format("there is no tracepoint '{}'", full), hint, 2);
}

Result<std::vector<std::string>> Tracefs::matching(const std::string& system,
                                                   const std::string& name) const {
  std::vector<std::string> found;
  for (const std::string& folder : systems()) {
    if (::fnmatch(system.c_str(), folder.c_str(), 0) != 0) continue;
    for (const std::string& event : events_of(folder)) {
      if (::fnmatch(name.c_str(), event.c_str(), 0) != 0) continue;
      found.push_back(folder + ":" + event);
    }
  }
  if (!found.empty()) return found;
  const std::vector<std::string> all = systems();
  std::string hint = std::ranges::find(all, system) != all.end()
                         ? fmt::format("those of '{0}': prof list {0}:", system)
                         : did_you_mean(system, all);
  if (hint.empty()) hint = fmt::format("the systems are the folders in {}/events", root_);
  return fail(fmt::format("no tracepoint is matched by '{}:{}'", system, name),
              hint + "\n      all events: prof list", 2);
}

Result<std::string> Tracefs::format_of(const std::string& tracepoint) const {
  std::string folder = tracepoint;
  std::ranges::replace(folder, ':', '/');
  return read_text_file(fmt::format("{}/events/{}/format", root_, folder));
}

/// The lines "field:TYPE NAME;" of the format, and what the kernel adds to each event
/// (trace_define_generic_fields).
Result<std::vector<std::string>> Tracefs::fields_of(const std::string& tracepoint) const {
  const auto text = format_of(tracepoint);
  if (!text) return tl::unexpected(text.error());
  std::vector<std::string> fields;
  constexpr std::string_view kField = "field:";
  std::string_view rest = *text;
  while (!rest.empty()) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const auto at = line.find(kField);
    if (at == line.npos) continue;
    auto declared = line.substr(at + kField.size());
    declared = declared.substr(0, declared.find(';'));
    const auto space = declared.find_last_of(" *");
    if (space != declared.npos) declared.remove_prefix(space + 1);
    fields.emplace_back(declared.substr(0, declared.find('[')));  // of an array
  }
  for (const char* each : {"comm", "COMM", "cpu", "CPU", "stacktrace", "STACKTRACE"}) {
    if (std::ranges::find(fields, each) == fields.end()) fields.emplace_back(each);
  }
  return fields;
}

std::string Tracefs::complaint(const std::string& tracepoint, const std::string& filter) const {
  const std::string instance = fmt::format("{}/instances/prof-{}", root_, ::getpid());
  if (::mkdir(instance.c_str(), 0700) != 0) return {};
  std::string folder = tracepoint;
  std::ranges::replace(folder, ':', '/');
  const std::string path = fmt::format("{}/events/{}/filter", instance, folder);
  std::string text;
  if (UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC)); fd) {
    const bool refused = ::write(fd.get(), filter.data(), filter.size()) < 0;
    if (refused) text = read_text_file(path).value_or("");
  }
  ::rmdir(instance.c_str());
  // The filter, a line with the mark, "parse_error: …".
  std::string lines;
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (!line.empty()) lines += (lines.empty() ? "" : "\n      ") + std::string(line);
  }
  return lines;
}

Result<std::vector<std::byte>> Tracefs::describe(std::span<const std::string> tracepoints) const {
  Result<void> all;
  std::deque<std::string> texts;  // that `data` has views of
  const auto text_of = [&](const std::string& name) -> std::string_view {
    auto text = read_text_file(root_ + "/" + name);
    if (!text && all) all = tl::unexpected(text.error());
    return texts.emplace_back(text.value_or(""));
  };
  TracingData data;
  data.long_size = sizeof(long);
  data.page_size = static_cast<uint32_t>(::sysconf(_SC_PAGESIZE));
  data.header_page = text_of("events/header_page");
  data.header_event = text_of("events/header_event");
  const std::set<std::string> distinct(tracepoints.begin(), tracepoints.end());
  for (const std::string& full : distinct) {
    const size_t colon = full.find(':');
    const std::string& system = texts.emplace_back(full.substr(0, colon));
    data.events.push_back(
        {system, text_of(fmt::format("events/{}/{}/format", system, full.substr(colon + 1)))});
  }
  if (!all) return tl::unexpected(all.error());
  data.printk_formats = texts.emplace_back(read_text_file(root_ + "/printk_formats").value_or(""));
  return encode_tracing_data(data);
}

}  // namespace prof
