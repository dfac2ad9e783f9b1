#include <catch2/catch.hpp>
#include <set>

#include "flamegraph/colouring.h"
#include "flamegraph/name_attributes.h"
#include "support/profile_text.h"

using namespace prof;
using prof::test::profile_of;

namespace {

struct Painted {
  Profile profile;
  CallTree tree;
  Colouring colouring;

  Painted(Profile from, const FlamegraphOptions& options, PaletteFile* kept = nullptr)
      : profile(std::move(from)),
        tree(CallTree::build(profile, {})),
        colouring(profile, tree, tree.root().total, options, kept) {}

  Rgb of(std::string_view name) const {
    for (uint32_t i = 1; i < tree.nodes().size(); ++i) {
      if (profile.name(tree.nodes()[i].frame) == name) return colouring.of(i);
    }
    FAIL("no frame " << name);
    return {};
  }
  std::vector<std::string> labels() const {
    std::vector<std::string> out;
    for (const LegendEntry& entry : colouring.legend()) out.push_back(entry.label);
    return out;
  }
};

using Labels = std::vector<std::string>;

}  // namespace

TEST_CASE("frames are coloured by package, the heaviest told first") {
  const Painted painted(profile_of("app;std::sort() 5\n"
                                   "app;std::sort();boost::run() 9\n"
                                   "app;memcpy 1\n"),
                        {.colour_by = ColourBy::Package});
  CHECK(painted.labels() == Labels{"boost", "std", "other"});
  CHECK(painted.of("std::sort()") != painted.of("boost::run()"));
  const Rgb grey = painted.of("memcpy");
  CHECK(std::abs(grey.r - grey.b) < 24);
}

TEST_CASE("frames are coloured by binary where it is known") {
  Profile profile = profile_of("app;f 5\napp;g 3\n");
  for (Frame& frame : profile.frames) {
    if (profile.strings[frame.name] == "f") frame.dso_short = profile.strings.intern("libf.so");
    if (profile.strings[frame.name] == "g") frame.dso_short = profile.strings.intern("libg.so");
  }
  const Painted painted(std::move(profile), {.colour_by = ColourBy::Dso});
  CHECK(painted.labels()[0] == "libf.so");
  CHECK(painted.labels()[1] == "libg.so");
  CHECK(painted.of("f") != painted.of("g"));
}

TEST_CASE("twelve packages have a hue each, and equal names the same one in each picture") {
  HueWheel wheel;
  std::set<uint32_t> hues;
  for (int i = 0; i < 12; ++i) hues.insert(wheel.take("package " + std::to_string(i)));
  CHECK(hues.size() == 12);
  CHECK(wheel.take("one more") == kNoHue);
  CHECK(HueWheel().take("std") == HueWheel().take("std"));
  CHECK(hue_colour(kNoHue, "x") != hue_colour(0, "x"));
}

TEST_CASE("frames are coloured by what they spent themselves") {
  const Painted painted(profile_of("a;b 1\na;c 999\n"), {.colour_by = ColourBy::Self});
  CHECK(painted.of("a") == share_colour(0));
  CHECK(painted.of("b") == share_colour(0.001));
  CHECK(painted.of("c") == share_colour(0.999));
  CHECK(painted.labels().front() == "calls only");
}

TEST_CASE("colours of earlier pictures win") {
  auto kept = PaletteFile::parse("b->rgb(1,2,3)\n");
  REQUIRE(kept);
  const Painted painted(profile_of("a;b 1\na;c 9\n"), {}, &*kept);
  CHECK(painted.of("b") == Rgb{1, 2, 3});
  CHECK(kept->colour_for("c", {}) == painted.of("c"));
}

TEST_CASE("Python's and Rust's own code, libraries and C are told apart") {
  const Painted python(
      profile_of("python3;py::work:/srv/app.py;py::f:/usr/lib/python3.11/json/a.py;"
                 "py::g:/venv/lib/python3.11/site-packages/x/y.py;memcpy 4\n"),
      {.palette = Palette::Python});
  CHECK(python.labels() == Labels{"packages", "Python", "standard library", "C"});
  const Painted rust(
      profile_of("app;<alloc::vec::Vec<T> as Drop>::drop;serde::de::parse;memcpy 4\n"),
      {.palette = Palette::Rust});
  CHECK(rust.labels() == Labels{"Rust", "standard library", "C"});
}

TEST_CASE("attributes of functions are read, and what is none is refused") {
  const auto said =
      NameAttributes::parse("# links\nmain\thref=https://x/?a=b\ttitle=\"The start\"\n");
  REQUIRE(said);
  REQUIRE(said->of("main"));
  CHECK(said->of("main")->href == "https://x/?a=b");
  CHECK(said->of("main")->title == "The start");
  CHECK_FALSE(said->of("other"));
  CHECK_FALSE(NameAttributes::parse("main\n"));
  const auto bad = NameAttributes::parse("main\tfoo=1\n");
  REQUIRE_FALSE(bad);
  CHECK(bad.error().message == "line 1: no attribute 'foo'");
}
