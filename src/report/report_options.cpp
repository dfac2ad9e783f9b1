#include "report/report_options.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <string_view>

namespace prof {

namespace {

/// Calls visit(part) for each comma-separated part; stops at the first that it refuses.
template <class Visit>
Result<void> for_each_part(std::string_view text, Visit&& visit) {
  while (!text.empty()) {
    const size_t comma = text.find(',');
    const auto part = text.substr(0, comma);
    text = comma == text.npos ? std::string_view{} : text.substr(comma + 1);
    if (part.empty()) continue;
    if (auto done = visit(part); !done) return done;
  }
  return {};
}

bool parse_number(std::string_view text, double& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() && value >= 0;
}

/// Of a tracepoint, perhaps with its name before: letters, digits, '_', and one '.'; or a pattern.
bool may_be_field(std::string_view text) {
  if (text.ends_with("/raw")) text.remove_suffix(4);
  const bool word = std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           std::string_view(":.-*?[]").find(c) != std::string_view::npos;
  });
  return word && std::ranges::count(text, '.') <= 1 && !text.starts_with('.') &&
         !text.ends_with('.');
}

constexpr std::pair<std::string_view, SortKey> kKeys[] = {
    {"comm", SortKey::Comm},
    {"pid", SortKey::Pid},
    {"tid", SortKey::Tid},
    {"cpu", SortKey::Cpu},
    {"dso", SortKey::Dso},
    {"sym", SortKey::Symbol},
    {"symbol", SortKey::Symbol},
    {"srcline", SortKey::Srcline},
    {"srcfile", SortKey::Srcfile},
    {"parent", SortKey::Parent},
    {"dso_size", SortKey::DsoSize},
    {"symbol_size", SortKey::SymbolSize},
    {"overhead_children", SortKey::Children},
    {"overhead", SortKey::Overhead},
    {"overhead_sys", SortKey::KernelOverhead},
    {"overhead_us", SortKey::UserOverhead},
    {"overhead_guest_sys", SortKey::GuestKernelOverhead},
    {"overhead_guest_us", SortKey::GuestUserOverhead},
    {"sample", SortKey::Samples},
    {"period", SortKey::Period},
};

}  // namespace

Result<std::vector<SortKey>> parse_sort_keys(const std::string& text,
                                             std::vector<std::string>* fields) {
  std::vector<SortKey> keys;
  auto done = for_each_part(text, [&](std::string_view part) -> Result<void> {
    for (const auto& [name, key] : kKeys) {
      if (part != name) continue;
      if (std::ranges::find(keys, key) == keys.end()) keys.push_back(key);
      return {};
    }
    if (!fields || !may_be_field(part)) {
      return fail(fmt::format("unknown sort key '{}'", part), std::string(kSortKeysHint), 2);
    }
    const auto known = std::ranges::find(*fields, part);
    if (known == fields->end() && fields->size() == kMaxFields) {
      return fail(fmt::format("more than {} fields to sort by", kMaxFields), {}, 2);
    }
    const SortKey key = field_key(static_cast<size_t>(known - fields->begin()));
    if (known == fields->end()) fields->emplace_back(part);
    if (std::ranges::find(keys, key) == keys.end()) keys.push_back(key);
    return {};
  });
  if (!done) return tl::unexpected(done.error());
  return keys;
}

Result<void> parse_call_graph(const std::string& text, CallGraphOptions& options) {
  int numbers = 0;
  return for_each_part(text, [&](std::string_view part) -> Result<void> {
    double number = 0;
    if (part == "graph") {
      options.mode = CallGraphMode::Graph;
    } else if (part == "fractal") {
      options.mode = CallGraphMode::Fractal;
    } else if (part == "flat") {
      options.mode = CallGraphMode::Flat;
    } else if (part == "folded") {
      options.mode = CallGraphMode::Folded;
    } else if (part == "none" || part == "no") {
      options.mode = CallGraphMode::None;
    } else if (part == "caller" || part == "callee") {
      options.caller_first = part == "caller";
      options.order_given = true;
    } else if (part == "percent") {
      options.value = CallGraphValue::Percent;
    } else if (part == "period") {
      options.value = CallGraphValue::Period;
    } else if (part == "count") {
      options.value = CallGraphValue::Count;
    } else if (part == "function") {
      // the only key there is: frames are functions
    } else if (parse_number(part, number) && numbers < 2) {
      if (numbers++ == 0) {
        options.min_percent = number;
      } else {
        options.print_limit = static_cast<uint32_t>(std::min(number, 1e9));
      }
    } else {
      return fail(fmt::format("cannot read '{}' of -g {}", part, text),
                  "write TYPE[,THRESHOLD[,LIMIT[,caller|callee[,percent|period|count]]]] with TYPE "
                  "graph, fractal, flat, folded or none",
                  2);
    }
    return {};
  });
}

}  // namespace prof
