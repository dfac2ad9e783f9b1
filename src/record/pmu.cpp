#include "record/pmu.h"

#include <dirent.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>

#include "common/text_file.h"
#include "record/nearest_names.h"
#include "record/target.h"

namespace prof {

namespace {

std::vector<std::string> names_in(const std::string& path) {
  std::vector<std::string> names;
  const auto close = [](DIR* dir) { ::closedir(dir); };
  std::unique_ptr<DIR, decltype(close)> dir(::opendir(path.c_str()), close);
  while (const dirent* entry = dir ? ::readdir(dir.get()) : nullptr) {
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  std::ranges::sort(names);
  return names;
}

template <class T>
std::optional<T> parse_whole(std::string_view text) {
  T value{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end || text.empty()) return std::nullopt;
  return value;
}

/// "0-7" or "3".
std::optional<std::pair<unsigned, unsigned>> parse_range(std::string_view text) {
  const auto dash = text.find('-');
  const auto first = parse_whole<unsigned>(text.substr(0, dash));
  const auto last = dash == text.npos ? first : parse_whole<unsigned>(text.substr(dash + 1));
  if (!first || !last || *first > *last || *last > 63) return std::nullopt;
  return std::pair(*first, *last);
}

unsigned width(std::pair<unsigned, unsigned> range) {
  return range.second - range.first + 1;
}

constexpr uint64_t low_bits(unsigned count) {
  return count >= 64 ? UINT64_MAX : (uint64_t{1} << count) - 1;
}

/// Beside an event's file lie others that say what its numbers mean.
bool is_event_file(std::string_view name) {
  constexpr std::string_view kOthers[] = {".scale", ".unit", ".snapshot", ".per-pkg"};
  return std::ranges::none_of(kOthers, [name](auto other) { return name.ends_with(other); });
}

Result<Pmu> read_pmu(const std::string& devices, const std::string& name) {
  const std::string folder = devices + "/" + name;
  Pmu pmu;
  pmu.name = name;
  const auto type = parse_whole<uint32_t>(read_first_line(folder + "/type"));
  if (!type) return fail(fmt::format("'{}/type' cannot be read", folder));
  pmu.type = *type;
  for (const std::string& field : names_in(folder + "/format")) {
    auto parsed = parse_pmu_field(field, read_first_line(folder + "/format/" + field));
    if (!parsed) return tl::unexpected(std::move(parsed.error()).in(folder));
    pmu.fields.push_back(std::move(*parsed));
  }
  for (const std::string& event : names_in(folder + "/events")) {
    if (!is_event_file(event)) continue;
    pmu.events.emplace_back(event, read_first_line(folder + "/events/" + event));
  }
  const std::string mask = read_first_line(folder + "/cpumask");
  pmu.is_uncore = !mask.empty();
  // A core PMU of a machine with two kinds of cores says which are its own.
  const std::string list = pmu.is_uncore ? mask : read_first_line(folder + "/cpus");
  if (list.empty()) return pmu;
  auto cpus = parse_cpu_list(list);
  if (!cpus) return tl::unexpected(std::move(cpus.error()).in(folder));
  pmu.cpus = std::move(*cpus);
  return pmu;
}

/// "uncore_imc_12" is what "imc" or "uncore_imc" may mean.
bool is_one_of(std::string_view full, std::string_view name) {
  constexpr std::string_view kUncore = "uncore_";
  if (full.starts_with(kUncore) && !name.starts_with(kUncore)) full.remove_prefix(kUncore.size());
  if (!full.starts_with(name)) return false;
  full.remove_prefix(name.size());
  if (full.starts_with('_')) full.remove_prefix(1);
  return full.find_first_not_of("0123456789") == full.npos;
}

}  // namespace

uint64_t PmuField::max() const {
  unsigned bits = 0;
  for (const auto& range : ranges) bits += width(range);
  return low_bits(bits);
}

Result<PmuField> parse_pmu_field(std::string name, std::string_view text) {
  PmuField field;
  const auto bad = [&] {
    return fail(fmt::format("the format of '{}' is not understood: '{}'", name, text));
  };
  constexpr std::string_view kConfig = "config";
  const auto colon = text.find(':');
  if (!text.starts_with(kConfig) || colon == text.npos) return bad();
  const auto number = text.substr(kConfig.size(), colon - kConfig.size());
  const auto config = number.empty() ? 0u : parse_whole<unsigned>(number).value_or(UINT32_MAX);
  if (config >= PmuConfig{}.size()) return bad();
  field.config = config;
  for (auto rest = text.substr(colon + 1);;) {
    const auto comma = rest.find(',');
    const auto range = parse_range(rest.substr(0, comma));
    if (!range) return bad();
    field.ranges.push_back(*range);
    if (comma == rest.npos) break;
    rest.remove_prefix(comma + 1);
  }
  field.name = std::move(name);
  return field;
}

void put_field(const PmuField& field, uint64_t value, PmuConfig& config) {
  uint64_t& word = config[field.config];
  for (const auto& range : field.ranges) {
    const uint64_t mask = low_bits(width(range));
    word = (word & ~(mask << range.first)) | (value & mask) << range.first;
    value = width(range) >= 64 ? 0 : value >> width(range);
  }
}

const PmuField* Pmu::field(std::string_view wanted) const {
  const auto found = std::ranges::find(fields, wanted, &PmuField::name);
  return found == fields.end() ? nullptr : &*found;
}

const std::string* Pmu::event(std::string_view wanted) const {
  const auto found = std::ranges::find(events, wanted, &std::pair<std::string, std::string>::first);
  return found == events.end() ? nullptr : &found->second;
}

std::vector<std::string> Pmu::terms() const {
  std::vector<std::string> names;
  for (const auto& each : events) names.push_back(each.first);
  for (const PmuField& each : fields) names.push_back(each.name);
  return names;
}

Result<std::vector<Pmu>> find_pmus(const std::string& devices, std::string_view name) {
  const auto all = names_in(devices);
  std::vector<std::string> found;
  if (std::ranges::find(all, name) != all.end()) {
    found.emplace_back(name);
  } else if (!name.empty()) {
    std::ranges::copy_if(all, std::back_inserter(found),
                         [name](const std::string& full) { return is_one_of(full, name); });
  }
  std::vector<Pmu> pmus;
  for (const std::string& each : found) {
    auto pmu = read_pmu(devices, each);
    if (!pmu) return tl::unexpected(pmu.error());
    pmus.push_back(std::move(*pmu));
  }
  if (!pmus.empty()) return pmus;
  if (name == "cpu") {
    return fail("this machine has no PMU 'cpu'",
                "hardware events need one, which virtual machines often lack: try -e cpu-clock; "
                "'prof list' has what there is");
  }
  std::string hint = did_you_mean(name, all);
  if (hint.empty()) {
    hint = "there are";
    for (const std::string& each : all) hint += (&each == &all.front() ? " " : ", ") + each;
  }
  return fail(fmt::format("there is no PMU '{}'", name), hint + "\n      all events: prof list", 2);
}

std::vector<Pmu> pmus_with_event(const std::string& devices, std::string_view event) {
  std::vector<Pmu> found;
  const auto plain = [](char c) { return c != '/' && c != '\0'; };
  if (event.empty() || event.front() == '.' || !std::ranges::all_of(event, plain)) return found;
  for (const std::string& name : names_in(devices)) {
    const std::string path = fmt::format("{}/{}/events/{}", devices, name, event);
    if (!is_event_file(event) || read_first_line(path).empty()) continue;
    if (auto pmu = read_pmu(devices, name)) found.push_back(std::move(*pmu));
  }
  return found;
}

}  // namespace prof
