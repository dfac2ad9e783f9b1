#include "flamegraph/palette_file.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

namespace prof {

namespace {

/// "12," or "255)": a channel and what stands behind it.
std::optional<uint8_t> channel(std::string_view& text, char end) {
  uint8_t value = 0;
  const auto [rest, bad] = std::from_chars(text.data(), text.data() + text.size(), value);
  const auto used = static_cast<size_t>(rest - text.data());
  if (bad != std::errc{} || used == text.size() || text[used] != end) return {};
  text.remove_prefix(used + 1);
  return value;
}

/// "rgb(1,2,3)".
std::optional<Rgb> parse_rgb(std::string_view text) {
  constexpr std::string_view kBegin = "rgb(";
  if (!text.starts_with(kBegin)) return {};
  text.remove_prefix(kBegin.size());
  const auto r = channel(text, ',');
  const auto g = r ? channel(text, ',') : r;
  const auto b = g ? channel(text, ')') : g;
  if (!b || !text.empty()) return {};
  return Rgb{*r, *g, *b};
}

}  // namespace

Result<PaletteFile> PaletteFile::parse(std::string_view text) {
  PaletteFile out;
  for (size_t number = 1; !text.empty(); ++number) {
    const size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    const size_t arrow = line.rfind("->");  // a name may have one: "Foo::operator->"
    const auto colour =
        arrow == line.npos ? std::optional<Rgb>() : parse_rgb(line.substr(arrow + 2));
    if (!colour) return fail(fmt::format("line {} is not 'name->rgb(1,2,3)'", number));
    out.colours_.insert_or_assign(std::string(line.substr(0, arrow)), *colour);
  }
  return out;
}

Rgb PaletteFile::colour_for(std::string_view name, Rgb otherwise) {
  const auto found = colours_.find(name);
  if (found != colours_.end()) return found->second;
  if (name.find('\n') != name.npos) return otherwise;  // would be two lines
  colours_.emplace(name, otherwise);
  changed_ = true;
  return otherwise;
}

void PaletteFile::write(Output& out) const {
  for (const auto& [name, colour] : colours_) {
    out << fmt::format("{}->rgb({},{},{})\n", name, colour.r, colour.g, colour.b);
  }
}

}  // namespace prof
