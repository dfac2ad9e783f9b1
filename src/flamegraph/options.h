// FlamegraphOptions: what the user asked of the picture. Filled by the flamegraph command, read by
// layout, palette and svg.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "flamegraph/palette.h"

namespace prof {

/// The least width of a frame that is drawn: pixels of the picture, or a share of the total.
struct MinWidth {
  double value = 1;
  bool is_share = false;  // value is 0 to 1
};

/// "0.5", "0.5px" or "0.1%".
std::optional<MinWidth> parse_min_width(const std::string& text);

/// What the colour of a frame tells.
enum class ColourBy : uint8_t {
  Kind,     // what the palette tells: kernel, user, inlined…
  Dso,      // the binary
  Package,  // the namespace, package, crate or directory that the name says
  Self,     // the share of time spent in the function itself, without what it called
};

/// "kind", "dso", "package" or "self".
std::optional<ColourBy> colour_by_named(std::string_view text);

/// The end of a name that is cut where a frame is too narrow for it.
enum class CutSide : uint8_t { Right, Left };

struct FlamegraphOptions {
  std::string title = {};     // empty: "Flame Graph", "Icicle Graph" if inverted
  std::string subtitle = {};  // empty: the event and its count
  std::string notes = {};     // a line of the user's own below the picture
  uint32_t width = 0;         // px; 0: as wide as the window
  uint32_t frame_height = 17;
  MinWidth min_width = {};
  bool min_width_given = false;  // else it grows where there were more frames than a browser likes
  Palette palette = Palette::Hot;
  ColourBy colour_by = ColourBy::Kind;
  std::string background = {};  // "yellow", "blue", "green", "grey", "#rrggbb"; empty: plain
  bool inverted = false;        // root on top
  std::string font_family =
      "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', "
      "'DejaVu Sans', sans-serif";
  double font_size = 12;
  double font_width =
      0.58;  // average advance of a glyph, in font sizes; for text cut without a script
  std::string count_name = {};  // empty: the unit of the weights
  std::string name_type = "Function:";
  CutSide cut_side = CutSide::Right;
  double factor = 1;   // counts are shown multiplied by this
  uint64_t total = 0;  // weight the full width stands for, if more than the profile's own
};

/// The width that pixels are counted in while the picture takes the window's width.
constexpr uint32_t kNominalWidth = 1200;

/// Sense of the numbers: sizes that can be drawn, a background that is known.
std::optional<std::string> complaint_about(const FlamegraphOptions& options);

}  // namespace prof
