#include "record/kernel_symbol.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <vector>

#include "common/text_file.h"
#include "record/nearest_names.h"

namespace prof {

namespace {

/// A line "ADDRESS TYPE NAME" or "ADDRESS TYPE NAME\t[MODULE]" (kernel/kallsyms.c: s_show).
struct Line {
  uint64_t address = 0;
  std::string_view name, module;

  static std::optional<Line> parse(std::string_view text) {
    Line line;
    const auto space = text.find(' ');
    if (space == text.npos || text.size() < space + 4) return std::nullopt;
    const auto [end, error] = std::from_chars(text.data(), text.data() + space, line.address, 16);
    if (error != std::errc{} || end != text.data() + space) return std::nullopt;
    text.remove_prefix(space + 3);
    const auto tab = text.find('\t');
    line.name = text.substr(0, tab);
    if (tab == text.npos) return line;
    line.module = text.substr(tab + 1);
    if (line.module.starts_with('[')) line.module.remove_prefix(1);
    if (line.module.ends_with(']')) line.module.remove_suffix(1);
    return line;
  }
};

template <class Visit>
void for_each_line(std::string_view text, const Visit& visit) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    if (const auto line = Line::parse(text.substr(0, end))) visit(*line);
    text.remove_prefix(std::min(text.size(), end + 1));
  }
}

Result<uint64_t> find(const std::string& symbol, std::string_view text) {
  const auto colon = symbol.find(':');
  const auto module = std::string_view(symbol).substr(0, colon == symbol.npos ? 0 : colon);
  const auto name = std::string_view(symbol).substr(colon == symbol.npos ? 0 : colon + 1);
  std::optional<uint64_t> address;
  for_each_line(text, [&](const Line& line) {
    if (!address && line.name == name && (colon == symbol.npos || line.module == module)) {
      address = line.address;
    }
  });
  if (address) return *address;
  std::vector<std::string> names;
  for_each_line(text, [&](const Line& line) { names.emplace_back(line.name); });
  return fail(fmt::format("the kernel has no symbol '{}'", symbol),
              did_you_mean(std::string(name), names), 2);
}

}  // namespace

Result<uint64_t> kernel_address(const std::string& symbol, const std::string& kallsyms) {
  const auto text = read_text_file(kallsyms);
  if (!text) return tl::unexpected(text.error());
  auto address = find(symbol, *text);
  if (address && *address == 0) {
    return fail(fmt::format("the kernel hides where '{}' is", symbol),
                "run as root with kernel.kptr_restrict at 0 or 1, or give the address");
  }
  return address;
}

Result<void> check_kernel_function(const std::string& symbol, const std::string& kallsyms) {
  const auto text = read_text_file(kallsyms);
  if (!text || text->empty()) return {};  // it does not say
  if (auto found = find(symbol, *text); !found) return tl::unexpected(found.error());
  return {};
}

}  // namespace prof
