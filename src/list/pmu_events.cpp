// Events of PMUs, by what sysfs says of each: its events, and the terms of its raw ones.
#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "common/text_file.h"
#include "list/kinds.h"

namespace prof {

namespace {

constexpr const char* kDevices = "/sys/bus/event_source/devices";

std::vector<std::string> files_in(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end;
       it.increment(error)) {
    names.push_back(it->path().filename().string());
  }
  std::ranges::sort(names);
  return names;
}

bool is_property(std::string_view name) {
  return name.ends_with(".scale") || name.ends_with(".unit") || name.ends_with(".snapshot") ||
         name.ends_with(".per-pkg");
}

/// "config:0-7,32-35": which bits of which word a term fills.
bool put_term(std::string_view format, uint64_t value, perf_event_attr& attr) {
  const size_t colon = format.find(':');
  if (colon == format.npos) return false;
  const std::string_view word = format.substr(0, colon);
  uint64_t bits = 0;
  std::string_view ranges = format.substr(colon + 1);
  unsigned taken = 0;
  while (!ranges.empty() && taken < 64) {
    const std::string_view range = ranges.substr(0, ranges.find(','));
    ranges.remove_prefix(std::min(range.size() + 1, ranges.size()));
    unsigned first = 0;
    const auto [end, error] = std::from_chars(range.data(), range.data() + range.size(), first);
    if (error != std::errc{}) return false;
    unsigned last = first;
    const std::string_view rest = range.substr(static_cast<size_t>(end - range.data()));
    if (rest.starts_with('-')) {
      std::from_chars(rest.data() + 1, rest.data() + rest.size(), last);
    }
    for (unsigned bit = first; bit <= last && bit < 64 && taken < 64; ++bit, ++taken) {
      bits |= (value >> taken & 1) << bit;
    }
  }
  if (word == "config")
    attr.config |= bits;
  else if (word == "config1")
    attr.config1 |= bits;
  else if (word == "config2")
    attr.config2 |= bits;
  else
    return false;
  return true;
}

/// "event=0x3c,umask=0x01" by the PMU's formats.
bool put_terms(const std::string& pmu, std::string_view terms, perf_event_attr& attr) {
  while (!terms.empty()) {
    const std::string_view term = terms.substr(0, terms.find(','));
    terms.remove_prefix(std::min(term.size() + 1, terms.size()));
    const size_t equals = term.find('=');
    const std::string name(term.substr(0, equals));
    uint64_t value = 1;
    if (equals != term.npos) {
      std::string_view digits = term.substr(equals + 1);
      const bool hex = digits.starts_with("0x");
      if (hex) digits.remove_prefix(2);
      const auto [end, error] =
          std::from_chars(digits.data(), digits.data() + digits.size(), value, hex ? 16 : 10);
      if (error != std::errc{} || end != digits.data() + digits.size()) return false;
    }
    if (!put_term(read_first_line(fmt::format("{}/format/{}", pmu, name)), value, attr))
      return false;
  }
  return true;
}

void list_pmu(const std::string& name, uint32_t type, bool details, std::vector<ListedEvent>& out) {
  const std::string folder = fmt::format("{}/{}", kDevices, name);
  for (const std::string& event : files_in(folder + "/events")) {
    if (is_property(event)) continue;
    const std::string terms = read_first_line(fmt::format("{}/events/{}", folder, event));
    perf_event_attr attr{};
    attr.type = type;
    ListedEvent listed{"pmu", fmt::format("{}/{}/", name, event),
                       fmt::format("event of PMU {}: {}", name, terms)};
    listed.tried = put_terms(folder, terms, attr);
    if (listed.tried) listed.refusal = refusal_of(attr);
    out.push_back(std::move(listed));
  }
  const auto formats = files_in(folder + "/format");
  if (formats.empty()) return;
  ListedEvent raw{"raw", name + "/", fmt::format("raw events of PMU {}, type {}", name, type)};
  raw.tried = false;
  for (const std::string& term : formats) {
    raw.name += fmt::format("{}{}=…", raw.name.ends_with('/') ? "" : ",", term);
    if (!details) continue;
    raw.details.push_back(
        fmt::format("{}: {}", term, read_first_line(fmt::format("{}/format/{}", folder, term))));
  }
  raw.name += '/';
  out.push_back(std::move(raw));
}

}  // namespace

void list_pmu_events(bool details, std::vector<ListedEvent>& out) {
  for (const std::string& name : files_in(kDevices)) {
    const std::string text = read_first_line(fmt::format("{}/{}/type", kDevices, name));
    uint32_t type = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), type);
    if (error == std::errc{}) list_pmu(name, type, details, out);
  }
  std::ranges::stable_sort(out, {}, &ListedEvent::kind);
}

}  // namespace prof
