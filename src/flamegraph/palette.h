// Palette: which colour a frame gets. Asked by the SVG writer for every rectangle.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "report/profile.h"

namespace prof {

/// flamegraph.pl's and inferno's palettes by their names. Hot tells kernel, user, JIT and
/// unresolved frames apart; so do Safe, for eyes that do not see all colours, and Contrast, in
/// light tones below black text and lines.
enum class Palette : uint8_t {
  Hot,
  Mem,
  Io,
  Red,
  Green,
  Blue,
  Aqua,
  Yellow,
  Purple,
  Orange,
  Java,
  Js,
  Perl,
  Python,
  Rust,
  Chain,
  Wakeup,
  Safe,
  Contrast,
};

std::optional<Palette> palette_named(std::string_view name);
/// All names, in the order of a help text.
std::vector<std::string> palette_names();
/// Whether its hues tell kinds of frames, as "kernel", apart.
bool tells_kinds(Palette palette);

struct Rgb {
  uint8_t r = 0, g = 0, b = 0;
  bool operator==(const Rgb&) const = default;
  std::string hex() const;  // "#rrggbb"
};

/// What a colour stands for. A palette gives each its own range of hues.
enum class Tint : uint8_t {
  Plain,  // nothing is known of the frame
  User,
  Kernel,
  Jit,
  Inlined,
  Process,
  Unknown,
  Waker,   // behind the "--" of a chain graph
  Asleep,  // time away from a CPU, whatever the frame is
  Disk,
  Runnable,
};

/// Where a frame stands, beyond what it says of itself.
struct TintContext {
  bool kinds_known = false;  // some frame of the picture is marked, so unmarked ones are user code
  bool waker = false;
  Tint away = Tint::Plain;  // of time away from a CPU; Plain: it is none
};

/// What time a frame's name says is all above it: "[asleep]", of report/wall_time.h; Plain if it
/// says nothing.
Tint tint_of_time(std::string_view name);

Tint tint_of(Palette palette, const Frame& frame, std::string_view name, TintContext context);

/// The same name and tint have the same colour in every picture.
Rgb colour_of(Palette palette, Tint tint, std::string_view name);

/// The colour a legend shows for a tint: the middle of its range.
Rgb swatch_of(Palette palette, Tint tint);

inline constexpr uint32_t kNoHue = UINT32_MAX;

/// Hues for things that have none of their own: each takes the one its name asks for, or, where
/// that or one beside it is taken, another.
class HueWheel {
 public:
  static constexpr uint32_t kHues = 12;
  /// kNoHue once all are taken.
  uint32_t take(std::string_view name);

 private:
  bool taken_[kHues] = {};
};

/// A shade of one of the wheel's hues, by name; the hue's middle without a name; grey for kNoHue.
Rgb hue_colour(uint32_t hue, std::string_view name);

/// What became more, from pale to red (1), and what became less, from pale to blue (-1).
Rgb change_colour(double size);
/// Of a change that may be chance.
inline constexpr Rgb kNoiseColour{222, 218, 213};

/// From pale (0) to deep red (1), logarithmically: 0.01 %, 0.1 %, 1 % and so on are equal steps.
Rgb share_colour(double share);

}  // namespace prof
