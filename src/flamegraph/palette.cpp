#include "flamegraph/palette.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace prof {

namespace {

constexpr std::array<std::pair<std::string_view, Palette>, 15> kNames{{
    {"hot", Palette::Hot},
    {"mem", Palette::Mem},
    {"io", Palette::Io},
    {"red", Palette::Red},
    {"green", Palette::Green},
    {"blue", Palette::Blue},
    {"aqua", Palette::Aqua},
    {"yellow", Palette::Yellow},
    {"purple", Palette::Purple},
    {"orange", Palette::Orange},
    {"java", Palette::Java},
    {"js", Palette::Js},
    {"perl", Palette::Perl},
    {"chain", Palette::Chain},
    {"wakeup", Palette::Wakeup},
}};

/// Hue in degrees, saturation and lightness in percent, each a range that names are spread over.
struct Range {
  double hue[2], saturation[2], lightness[2];
};

constexpr Range kWarm{{8, 52}, {84, 94}, {62, 70}};
constexpr Range kAmber{{36, 52}, {88, 97}, {60, 70}};
constexpr Range kEmber{{8, 22}, {82, 92}, {64, 70}};
constexpr Range kRed{{0, 12}, {75, 88}, {66, 74}};
constexpr Range kGreen{{92, 128}, {45, 62}, {60, 70}};
constexpr Range kBlue{{206, 226}, {62, 82}, {68, 78}};
constexpr Range kAqua{{172, 192}, {48, 64}, {60, 70}};
constexpr Range kYellow{{48, 60}, {78, 92}, {58, 68}};
constexpr Range kPurple{{268, 296}, {48, 66}, {72, 80}};
constexpr Range kOrange{{20, 36}, {86, 96}, {60, 68}};
constexpr Range kLime{{62, 82}, {58, 72}, {60, 68}};
constexpr Range kStraw{{44, 54}, {90, 96}, {76, 84}};
constexpr Range kSand{{28, 40}, {22, 32}, {79, 84}};
constexpr Range kGrey{{30, 45}, {5, 9}, {78, 84}};
constexpr Range kTeal{{140, 172}, {42, 58}, {60, 70}};
constexpr Range kSky{{192, 216}, {58, 76}, {66, 76}};

// FNV-1a, which is part of what a picture looks like and so must never change. Not the hash of the
// in-memory tables, which may.
uint32_t shade_hash(std::string_view name) {
  uint32_t hash = 2166136261u;
  for (const char c : name) {
    hash ^= static_cast<uint8_t>(c);
    hash *= 16777619u;
  }
  hash ^= hash >> 15;  // the low bits of FNV alone spread similar names too little
  hash *= 0x2c1b3c6du;
  return hash ^ hash >> 13;
}

Range range_of(Palette palette, Tint tint) {
  if (tint == Tint::Unknown) return kGrey;
  if (tint == Tint::Process) return kSand;
  if (tint == Tint::Asleep) return kSky;
  if (tint == Tint::Disk) return kPurple;
  if (tint == Tint::Runnable) return kTeal;
  const bool annotated =
      palette == Palette::Java || palette == Palette::Js || palette == Palette::Perl;
  if (annotated) {
    switch (tint) {
      case Tint::Kernel:
        return kOrange;
      case Tint::Jit:
        return kGreen;
      case Tint::Inlined:
        return kAqua;
      case Tint::Plain:
        return kYellow;  // C++
      default:
        return kRed;
    }
  }
  switch (palette) {
    case Palette::Hot:
      switch (tint) {
        case Tint::Kernel:
          return kEmber;
        case Tint::Jit:
          return kLime;
        case Tint::Inlined:
          return kStraw;
        case Tint::User:
          return kAmber;
        default:
          return kWarm;
      }
    case Palette::Mem:
      return kTeal;
    case Palette::Io:
      return kSky;
    case Palette::Red:
      return kRed;
    case Palette::Green:
      return kGreen;
    case Palette::Blue:
      return kBlue;
    case Palette::Yellow:
      return kYellow;
    case Palette::Purple:
      return kPurple;
    case Palette::Orange:
      return kOrange;
    case Palette::Chain:
      return tint == Tint::Waker ? kAqua : kBlue;
    default:
      return kAqua;
  }
}

double between(const double (&range)[2], double share) {
  return range[0] + (range[1] - range[0]) * share;
}

// https://www.w3.org/TR/css-color-4/#hsl-to-rgb
Rgb rgb_of_hsl(double hue, double saturation, double lightness) {
  const double s = saturation / 100;
  const double l = lightness / 100;
  const auto channel = [&](double n) {
    const double k = std::fmod(n + hue / 30, 12);
    const double value = l - s * std::min(l, 1 - l) * std::max(-1.0, std::min({k - 3, 9 - k, 1.0}));
    return static_cast<uint8_t>(std::lround(value * 255));
  };
  return {channel(0), channel(8), channel(4)};
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != text.npos;
}

/// What the palettes of languages read from a name, beside the marks: flamegraph.pl's habits.
Tint language_tint(Palette palette, std::string_view name) {
  if (palette == Palette::Perl && (contains(name, "Perl") || contains(name, ".pl"))) {
    return Tint::Jit;
  }
  if (contains(name, "::")) return Tint::Plain;  // C++
  if (palette == Palette::Java && contains(name, "/")) return Tint::Jit;
  if (palette == Palette::Js && contains(name, ":")) return Tint::Jit;
  return Tint::User;
}

}  // namespace

std::optional<Palette> palette_named(std::string_view name) {
  for (const auto& [text, palette] : kNames) {
    if (text == name) return palette;
  }
  return {};
}

std::vector<std::string> palette_names() {
  std::vector<std::string> names;
  for (const auto& [text, palette] : kNames) names.emplace_back(text);
  return names;
}

std::string Rgb::hex() const {
  return fmt::format("#{:02x}{:02x}{:02x}", r, g, b);
}

Tint tint_of_time(std::string_view name) {
  if (name == "[asleep]") return Tint::Asleep;
  if (name == "[disk]") return Tint::Disk;
  if (name == "[runnable]") return Tint::Runnable;
  return Tint::Plain;
}

Tint tint_of(Palette palette, const Frame& frame, std::string_view name, TintContext context) {
  if (context.away != Tint::Plain) return context.away;
  if (palette == Palette::Chain && (context.waker || name.ends_with("_[w]"))) return Tint::Waker;
  if (name == "-" || name == "--") return Tint::Unknown;  // delimiters of stackcollapse and bcc
  const bool annotated =
      palette == Palette::Java || palette == Palette::Js || palette == Palette::Perl;
  switch (frame.kind) {
    case FrameKind::Process:
    case FrameKind::WallPart:
      return Tint::Process;
    case FrameKind::Kernel:
      return Tint::Kernel;
    case FrameKind::Unknown:
      return Tint::Unknown;
    case FrameKind::Inlined:
      return Tint::Inlined;
    case FrameKind::Jit:
      // A JavaScript engine's own compiled helpers carry no file name.
      return palette == Palette::Js && !contains(name, "/") ? Tint::Inlined : Tint::Jit;
    case FrameKind::User:
      return annotated ? language_tint(palette, name) : Tint::User;
    case FrameKind::Other:
      if (annotated) return language_tint(palette, name);
      return context.kinds_known ? Tint::User : Tint::Plain;
  }
  return Tint::Plain;
}

Rgb colour_of(Palette palette, Tint tint, std::string_view name) {
  const Range range = range_of(palette, tint);
  const uint32_t hash = shade_hash(name);
  const auto share = [&](int shift, uint32_t mask) {
    return static_cast<double>((hash >> shift) & mask) / mask;
  };
  return rgb_of_hsl(between(range.hue, share(0, 0xfff)),
                    between(range.saturation, share(12, 0x3ff)),
                    between(range.lightness, share(22, 0x3ff)));
}

Rgb swatch_of(Palette palette, Tint tint) {
  const Range range = range_of(palette, tint);
  return rgb_of_hsl(between(range.hue, 0.5), between(range.saturation, 0.5),
                    between(range.lightness, 0.5));
}

}  // namespace prof
