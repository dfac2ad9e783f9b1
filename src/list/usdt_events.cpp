// The static probes of programs and libraries.
#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "common/text_file.h"
#include "list/kinds.h"
#include "object/usdt_notes.h"

namespace prof {

Result<void> list_usdt_of_file(const std::string& path, std::vector<ListedEvent>& out) {
  const auto file = ElfFile::open(path);
  if (!file) return tl::unexpected(file.error());
  std::set<std::pair<std::string_view, std::string_view>> known;
  const size_t first = out.size();
  for (const UsdtProbe& probe : read_usdt_probes(*file)) {
    if (!known.emplace(probe.provider, probe.name).second) continue;  // inlined at several places
    ListedEvent listed{"usdt", fmt::format("usdt:{}:{}:{}", path, probe.provider, probe.name),
                       probe.semaphore != 0 ? "static probe, with a semaphore" : "static probe"};
    listed.tried = false;
    if (!probe.arguments.empty()) listed.details.emplace_back(probe.arguments);
    out.push_back(std::move(listed));
  }
  std::ranges::sort(out.begin() + static_cast<std::ptrdiff_t>(first), out.end(), {},
                    &ListedEvent::name);
  return {};
}

Result<void> list_usdt_of_process(const std::string& pid, std::vector<ListedEvent>& out) {
  const bool number = !pid.empty() && pid.size() < 10 &&
                      std::ranges::all_of(pid, [](char c) { return c >= '0' && c <= '9'; });
  if (!number) return fail(fmt::format("'{}' is no process", pid), "-p takes its number", 2);
  const auto maps = read_text_file(fmt::format("/proc/{}/maps", pid));
  if (!maps) return fail(fmt::format("cannot read what process {} has mapped", pid), {}, 1);
  std::set<std::string> paths;
  for (size_t at = 0; at < maps->size();) {
    const size_t end = std::min(maps->find('\n', at), maps->size());
    const std::string_view line = std::string_view(*maps).substr(at, end - at);
    const size_t slash = line.find('/');
    const bool executable = line.find(" r-xp ") != line.npos;
    if (executable && slash != line.npos && !line.ends_with(" (deleted)")) {
      paths.emplace(line.substr(slash));
    }
    at = end + 1;
  }
  for (const std::string& path : paths) {
    (void)list_usdt_of_file(path, out);  // of another mount namespace, perhaps: nothing of it here
  }
  return {};
}

}  // namespace prof
