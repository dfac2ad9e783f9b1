#include "flamegraph/options.h"

#include <cmath>
#include <cstdlib>
#include <string_view>

namespace prof {

std::optional<MinWidth> parse_min_width(const std::string& text) {
  if (text.empty() || !((text[0] >= '0' && text[0] <= '9') || text[0] == '.')) return {};
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (end == text.c_str() || !std::isfinite(value) || value < 0) return {};
  const std::string_view unit = end;
  if (unit.empty() || unit == "px") return MinWidth{value, false};
  if (unit == "%" && value <= 100) return MinWidth{value / 100, true};
  return {};
}

std::optional<ColourBy> colour_by_named(std::string_view text) {
  if (text == "kind") return ColourBy::Kind;
  if (text == "dso") return ColourBy::Dso;
  if (text == "package") return ColourBy::Package;
  if (text == "self") return ColourBy::Self;
  return {};
}

std::optional<std::string> complaint_about(const FlamegraphOptions& options) {
  if (options.width != 0 && (options.width < 100 || options.width > 100000)) {
    return "--width is 100 to 100000 pixels, or left out for the width of the window";
  }
  if (options.frame_height < 4 || options.frame_height > 200) return "--height is 4 to 200 pixels";
  if (!(options.font_size >= 1 && options.font_size <= 100)) return "--fontsize is 1 to 100 pixels";
  if (!(options.font_width > 0 && options.font_width <= 5)) return "--fontwidth is 0 to 5";
  if (!(options.factor > 0 && std::isfinite(options.factor))) return "--factor is more than 0";
  const std::string& name = options.background;
  if (name.empty() || name == "yellow" || name == "blue" || name == "green" || name == "grey" ||
      name == "gray") {
    return {};
  }
  const bool hex = name.find_first_not_of("0123456789abcdefABCDEF", 1) == name.npos;
  if (name[0] == '#' && hex && (name.size() == 4 || name.size() == 7)) return {};
  return "--bgcolors is yellow, blue, green, grey or #rrggbb";
}

}  // namespace prof
