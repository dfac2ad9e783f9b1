#include <catch2/catch.hpp>
#include <cmath>
#include <set>

#include "flamegraph/options.h"
#include "flamegraph/palette.h"

using namespace prof;

namespace {

Tint tint(Palette palette, FrameKind kind, std::string_view name, TintContext context = {}) {
  Frame frame;
  frame.kind = kind;
  return tint_of(palette, frame, name, context);
}

/// Luminance for contrast, https://www.w3.org/TR/WCAG22/#dfn-relative-luminance (without gamma
/// tables: the power form).
double luminance(Rgb c) {
  const auto linear = [](uint8_t v) {
    const double s = v / 255.0;
    return s <= 0.03928 ? s / 12.92 : std::pow((s + 0.055) / 1.055, 2.4);
  };
  return 0.2126 * linear(c.r) + 0.7152 * linear(c.g) + 0.0722 * linear(c.b);
}

/// Of the texts in frames with a colour; 4.5 is WCAG's AA, 7 its AAA.
double contrast(Rgb c) {
  return (luminance(c) + 0.05) / (luminance({0x1f, 0x1a, 0x16}) + 0.05);
}

}  // namespace

TEST_CASE("every palette has its name") {
  const auto names = palette_names();
  CHECK(names.size() == 19);
  std::set<Palette> seen;
  for (const auto& name : names) {
    REQUIRE(palette_named(name));
    seen.insert(*palette_named(name));
  }
  CHECK(seen.size() == names.size());
  CHECK_FALSE(palette_named("plaid"));
}

TEST_CASE("a name keeps its colour from picture to picture") {
  // Fixed for good: two graphs are compared by their colours.
  CHECK(colour_of(Palette::Hot, Tint::User, "main").hex() == "#f7d262");
  CHECK(colour_of(Palette::Hot, Tint::Kernel, "vfs_read").hex() == "#f38f61");
  CHECK(colour_of(Palette::Hot, Tint::User, "main") != colour_of(Palette::Hot, Tint::User, "man"));
}

TEST_CASE("names of one tint are told apart, and dark text is readable on all of them") {
  for (const auto& name : palette_names()) {
    const Palette palette = *palette_named(name);
    for (int t = 0; t <= static_cast<int>(Tint::Waker); ++t) {
      std::set<std::string> colours;
      for (int i = 0; i < 200; ++i) {
        const Rgb c = colour_of(palette, static_cast<Tint>(t), "function_" + std::to_string(i));
        colours.insert(c.hex());
        CAPTURE(name, t, c.hex());
        CHECK(contrast(c) > (palette == Palette::Contrast && t <= 4 ? 7.5 : 4.5));
      }
      const bool is_grey = static_cast<Tint>(t) == Tint::Unknown;
      CHECK(colours.size() > (is_grey ? 60u : 120u));
    }
  }
}

TEST_CASE("hot shows kernel frames redder than user frames") {
  for (int i = 0; i < 100; ++i) {
    const std::string name = "function_" + std::to_string(i);
    const Rgb user = colour_of(Palette::Hot, Tint::User, name);
    const Rgb kernel = colour_of(Palette::Hot, Tint::Kernel, name);
    CHECK(user.g > kernel.g + 20);
  }
}

TEST_CASE("the kind of a frame chooses its tint") {
  CHECK(tint(Palette::Hot, FrameKind::Kernel, "x") == Tint::Kernel);
  CHECK(tint(Palette::Hot, FrameKind::Process, "x") == Tint::Process);
  CHECK(tint(Palette::Hot, FrameKind::Unknown, "[unknown]") == Tint::Unknown);
  CHECK(tint(Palette::Hot, FrameKind::Other, "x") == Tint::Plain);
  CHECK(tint(Palette::Hot, FrameKind::Other, "x", {.kinds_known = true}) == Tint::User);
  CHECK(tint(Palette::Hot, FrameKind::Other, "--") == Tint::Unknown);
}

TEST_CASE("time away from a CPU has colours of its own, whatever the frame is") {
  CHECK(tint_of_time("[asleep]") == Tint::Asleep);
  CHECK(tint_of_time("[disk]") == Tint::Disk);
  CHECK(tint_of_time("[runnable]") == Tint::Runnable);
  CHECK(tint_of_time("[on CPU]") == Tint::Plain);
  CHECK(tint_of_time("asleep") == Tint::Plain);
  for (const Tint away : {Tint::Asleep, Tint::Disk, Tint::Runnable}) {
    CHECK(tint(Palette::Hot, FrameKind::Kernel, "schedule", {true, false, away}) == away);
    CHECK(swatch_of(Palette::Hot, away) != swatch_of(Palette::Hot, Tint::Kernel));
    CHECK(swatch_of(Palette::Hot, away) != swatch_of(Palette::Hot, Tint::User));
  }
}

TEST_CASE("palettes of languages read names as flamegraph.pl does") {
  CHECK(tint(Palette::Java, FrameKind::Other, "org/foo/Bar:.run") == Tint::Jit);
  CHECK(tint(Palette::Java, FrameKind::User, "JavaThread::run") == Tint::Plain);
  CHECK(tint(Palette::Java, FrameKind::User, "start_thread") == Tint::User);
  CHECK(tint(Palette::Js, FrameKind::Jit, "LazyCompile:~run /app/x.js:1") == Tint::Jit);
  CHECK(tint(Palette::Js, FrameKind::Jit, "Builtin:ArrayMap") == Tint::Inlined);
  CHECK(tint(Palette::Perl, FrameKind::User, "Perl_pp_entersub") == Tint::Jit);
  CHECK(tint(Palette::Chain, FrameKind::Other, "x", {.waker = true}) == Tint::Waker);
  CHECK(tint(Palette::Chain, FrameKind::Other, "x_[w]") == Tint::Waker);
}

TEST_CASE("a minimum width is pixels or a share") {
  CHECK(parse_min_width("0.5")->value == 0.5);
  CHECK_FALSE(parse_min_width("2px")->is_share);
  CHECK(parse_min_width("0.5%")->value == Approx(0.005));
  CHECK(parse_min_width("0.5%")->is_share);
  for (const char* bad : {"", "x", "-1", "1em", "200%", "nan", "inf", "1 2"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_min_width(bad));
  }
}

TEST_CASE("options that cannot be drawn are complained about") {
  CHECK_FALSE(complaint_about({}));
  const auto complains = [](auto change) {
    FlamegraphOptions options;
    change(options);
    return complaint_about(options).has_value();
  };
  CHECK(complains([](auto& o) { o.width = 10; }));
  CHECK(complains([](auto& o) { o.frame_height = 0; }));
  CHECK(complains([](auto& o) { o.font_size = 0; }));
  CHECK(complains([](auto& o) { o.factor = 0; }));
  CHECK(complains([](auto& o) { o.background = "url(x)"; }));
  CHECK(complains([](auto& o) { o.background = "#12"; }));
  CHECK_FALSE(complains([](auto& o) { o.background = "#a1B2c3"; }));
  CHECK_FALSE(complains([](auto& o) { o.background = "grey"; }));
}

TEST_CASE("dark text is readable on the colours of packages and of shares") {
  for (uint32_t hue = 0; hue < HueWheel::kHues; ++hue) {
    for (int i = 0; i < 50; ++i) {
      const Rgb c = hue_colour(hue, "function_" + std::to_string(i));
      CAPTURE(hue, c.hex());
      CHECK(contrast(c) > 4.5);
    }
  }
  for (const double share : {0.0, 1e-9, 1e-4, 1e-3, 0.01, 0.1, 0.5, 1.0}) {
    CAPTURE(share);
    CHECK(contrast(share_colour(share)) > 4.5);
  }
  // The more, the darker: the order is there without any colour.
  CHECK(luminance(share_colour(0.001)) > luminance(share_colour(0.01)));
  CHECK(luminance(share_colour(0.01)) > luminance(share_colour(0.1)));
}

TEST_CASE("the safe palette's kinds differ in hue for eyes without red or green cones") {
  // Blue and yellow are seen by all: kernel frames have more blue than red, all others less.
  for (const Tint tint : {Tint::User, Tint::Jit, Tint::Inlined}) {
    const Rgb c = swatch_of(Palette::Safe, tint);
    CHECK(luminance(swatch_of(Palette::Safe, Tint::Inlined)) >= luminance(c));
  }
  const Rgb kernel = swatch_of(Palette::Safe, Tint::Kernel);
  const Rgb user = swatch_of(Palette::Safe, Tint::User);
  CHECK(kernel.b > kernel.r + 60);
  CHECK(user.r > user.b + 100);
}
