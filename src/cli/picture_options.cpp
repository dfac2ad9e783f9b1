#include "cli/picture_options.h"

namespace prof {

void add_picture_options(CLI::App& command, FlamegraphOptions& picture, std::string& min_width,
                         bool& reverse) {
  command.add_option("--title", picture.title, "Title of the picture");
  command.add_option("--subtitle", picture.subtitle,
                     "Second line; the event and what was counted if not given");
  command.add_option("--notes", picture.notes, "A line below the picture");
  command.add_option("--width", picture.width, "Width in pixels; that of the window if not given");
  command.add_option("--height", picture.frame_height, "Height of a frame in pixels")
      ->capture_default_str();
  command.add_option(
      "--minwidth", min_width,
      "Leave out frames narrower than this: pixels, or N% of the total; 1 if not given");
  command.add_option("--bgcolors", picture.background, "yellow, blue, green, grey or #rrggbb");
  command.add_flag("--inverted", picture.inverted, "Root on top (an icicle graph)");
  command.add_flag("--reverse", reverse, "Leaf first: who called each function");
}

Result<void> take_min_width(const std::string& text, FlamegraphOptions& picture) {
  if (text.empty()) return {};
  const auto width = parse_min_width(text);
  if (!width) {
    return fail("cannot read --minwidth '" + text + "'",
                "it is a width in pixels (0.5) or a share of the total (0.1%)", 2);
  }
  picture.min_width = *width;
  picture.min_width_given = true;
  return {};
}

}  // namespace prof
