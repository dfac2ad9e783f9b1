#include "flamegraph/palette.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace prof {

namespace {

constexpr std::array<std::pair<std::string_view, Palette>, 19> kNames{{
    {"hot", Palette::Hot},           {"mem", Palette::Mem},       {"io", Palette::Io},
    {"red", Palette::Red},           {"green", Palette::Green},   {"blue", Palette::Blue},
    {"aqua", Palette::Aqua},         {"yellow", Palette::Yellow}, {"purple", Palette::Purple},
    {"orange", Palette::Orange},     {"java", Palette::Java},     {"js", Palette::Js},
    {"perl", Palette::Perl},         {"python", Palette::Python}, {"rust", Palette::Rust},
    {"chain", Palette::Chain},       {"wakeup", Palette::Wakeup}, {"safe", Palette::Safe},
    {"contrast", Palette::Contrast},
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

// Told apart by eyes without red or green cones, and by lightness: orange, blue, green and yellow
// of Okabe and Ito (https://jfly.uni-koeln.de/color/), light enough for dark text.
constexpr Range kSafeUser{{38, 44}, {88, 96}, {58, 66}};
constexpr Range kSafeKernel{{200, 206}, {58, 68}, {62, 68}};
constexpr Range kSafeJit{{160, 168}, {38, 48}, {52, 58}};
constexpr Range kSafeInlined{{54, 58}, {82, 92}, {76, 84}};

constexpr Range kContrastUser{{36, 52}, {20, 80}, {91, 97}};
constexpr Range kContrastKernel{{200, 216}, {70, 95}, {80, 88}};
constexpr Range kContrastJit{{120, 130}, {45, 60}, {80, 86}};
constexpr Range kContrastInlined{{50, 56}, {85, 98}, {74, 82}};

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

bool has_languages(Palette palette) {
  return palette == Palette::Java || palette == Palette::Js || palette == Palette::Perl ||
         palette == Palette::Python || palette == Palette::Rust;
}

/// A palette that gives kernel, JIT and inlined frames a range each, and all others one.
Range range_of_kind(Tint tint, Range user, Range kernel, Range jit, Range inlined) {
  switch (tint) {
    case Tint::Kernel:
      return kernel;
    case Tint::Jit:
      return jit;
    case Tint::Inlined:
      return inlined;
    default:
      return user;
  }
}

Range range_of(Palette palette, Tint tint) {
  if (tint == Tint::Unknown) return kGrey;
  if (tint == Tint::Process) return kSand;
  if (tint == Tint::Asleep) return kSky;
  if (tint == Tint::Disk) return kPurple;
  if (tint == Tint::Runnable) return kTeal;
  if (has_languages(palette)) {
    switch (tint) {
      case Tint::Kernel:
        return kOrange;
      case Tint::Jit:
        return kGreen;
      case Tint::Inlined:
        return kAqua;
      case Tint::Plain:
        return kYellow;  // C++, or the language's own library
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
    case Palette::Safe:
      return range_of_kind(tint, kSafeUser, kSafeKernel, kSafeJit, kSafeInlined);
    case Palette::Contrast:
      return range_of_kind(tint, kContrastUser, kContrastKernel, kContrastJit, kContrastInlined);
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

/// The same name has the same shade in every picture.
Rgb shade_of(const Range& range, std::string_view name) {
  const uint32_t hash = shade_hash(name);
  const auto share = [&](int shift, uint32_t mask) {
    return static_cast<double>((hash >> shift) & mask) / mask;
  };
  return rgb_of_hsl(between(range.hue, share(0, 0xfff)),
                    between(range.saturation, share(12, 0x3ff)),
                    between(range.lightness, share(22, 0x3ff)));
}

Rgb middle_of(const Range& range) {
  return rgb_of_hsl(between(range.hue, 0.5), between(range.saturation, 0.5),
                    between(range.lightness, 0.5));
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != text.npos;
}

/// Python's own functions are named with their file ("work:/srv/app.py", "py::work:/srv/app.py");
/// what stands below site-packages was installed, "<frozen …>", "<built-in …>" and lib/python3.x
/// come with the language.
Tint python_tint(std::string_view name) {
  if (contains(name, "site-packages") || contains(name, "dist-packages")) return Tint::Inlined;
  if (contains(name, "/lib/python") || contains(name, "<frozen ") || contains(name, "<built-in ") ||
      contains(name, "<method ")) {
    return Tint::Plain;
  }
  return contains(name, ".py") || name.starts_with("py::") ? Tint::Jit : Tint::User;
}

Tint rust_tint(std::string_view name) {
  if (!contains(name, "::")) return Tint::User;
  const size_t begin = name.find_first_not_of("<&");  // "<alloc::vec::Vec<T> as …>", "<&mut …"
  const std::string_view path = begin == name.npos ? name : name.substr(begin);
  for (const std::string_view crate : {"std::", "core::", "alloc::", "test::", "proc_macro::"}) {
    if (path.starts_with(crate)) return Tint::Plain;
  }
  return Tint::Jit;
}

/// What the palettes of languages read from a name, beside the marks: flamegraph.pl's habits, and
/// inferno's for Python and Rust.
Tint language_tint(Palette palette, std::string_view name) {
  if (palette == Palette::Python) return python_tint(name);
  if (palette == Palette::Rust) return rust_tint(name);
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

bool tells_kinds(Palette palette) {
  return palette == Palette::Hot || palette == Palette::Safe || palette == Palette::Contrast;
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
  const bool annotated = has_languages(palette);
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
  return shade_of(range_of(palette, tint), name);
}

Rgb swatch_of(Palette palette, Tint tint) {
  return middle_of(range_of(palette, tint));
}

uint32_t HueWheel::take(std::string_view name) {
  constexpr uint32_t kStride = 5;  // reaches all, and neighbours late
  const uint32_t wanted = shade_hash(name) % kHues;
  const auto is_free = [&](uint32_t hue) { return !taken_[hue % kHues]; };
  // Neighbouring hues are hard to tell apart: those with free neighbours are taken first.
  for (const bool alone : {true, false}) {
    for (uint32_t i = 0; i < kHues; ++i) {
      const uint32_t hue = (wanted + i * kStride) % kHues;
      if (!is_free(hue)) continue;
      if (alone && !(is_free(hue + 1) && is_free(hue + kHues - 1))) continue;
      taken_[hue] = true;
      return hue;
    }
  }
  return kNoHue;
}

Rgb hue_colour(uint32_t hue, std::string_view name) {
  Range range = kGrey;
  if (hue != kNoHue) {
    // Steps of 30 degrees, every second a little darker: neighbours differ in lightness, too.
    const double degrees = 360.0 / HueWheel::kHues * hue;
    const double light = hue % 2 == 0 ? 77 : 70;
    range = {{degrees - 4, degrees + 4}, {52, 66}, {light - 3, light + 3}};
    if (hue == 0) range.hue[0] = 0;
  }
  return name.empty() ? middle_of(range) : shade_of(range, name);
}

Rgb change_colour(double size) {
  // By the root, so that small changes are seen beside large ones.
  const double step = std::sqrt(std::min(std::fabs(size), 1.0));
  if (size > 0) return rgb_of_hsl(6, 80 + 10 * step, 93 - 31 * step);
  if (size < 0) return rgb_of_hsl(218, 75 + 10 * step, 93 - 29 * step);
  return rgb_of_hsl(45, 12, 95);
}

Rgb share_colour(double share) {
  if (share <= 0) return rgb_of_hsl(45, 12, 90);
  constexpr double kDecades = 4;  // 0.01 % and less is the palest
  const double step = std::clamp((std::log10(share) + kDecades) / kDecades, 0.0, 1.0);
  return rgb_of_hsl(52 - 50 * step, 70 + 15 * step, 82 - 22 * step);
}

}  // namespace prof
