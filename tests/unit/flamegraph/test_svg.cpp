#include <catch2/catch.hpp>

#include "flamegraph/flamegraph.h"
#include "flamegraph/svg.h"
#include "support/profile_text.h"

using namespace prof;
using prof::test::profile_of;

namespace {

struct Drawn {
  Result<void> result;
  std::string svg;
};

Drawn draw(const Profile& profile, const FlamegraphOptions& options = {},
           const DrawRequest& request = {}) {
  Drawn drawn;
  drawn.svg = prof::test::written(
      [&](Output& out) { drawn.result = draw_flamegraph(profile, request, options, {}, out); });
  return drawn;
}

std::string svg_of(std::string_view folded, const FlamegraphOptions& options = {},
                   const DrawRequest& request = {}) {
  Drawn drawn = draw(profile_of(folded), options, request);
  REQUIRE(drawn.result);
  return drawn.svg;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

struct Rectangle {
  double x = -1, y = -1, width = -1;
};

/// The number in `name="…"` of the element that begins at `at`; -1 if there is none.
double attribute(const std::string& svg, size_t at, const std::string& name) {
  const size_t begin = svg.find(" " + name + "=\"", at);
  if (begin == std::string::npos || begin > svg.find('>', at)) return -1;
  return std::stod(svg.substr(begin + name.size() + 3));
}

/// As scripts take a picture apart: by the title, then the rectangle behind it.
Rectangle rectangle_of(const std::string& svg, const std::string& name) {
  const size_t title = svg.find("<title>" + name + " (");
  if (title == std::string::npos) return {};
  const std::string next = "</title><rect ";
  const size_t rect = svg.find("</title>", title);
  if (svg.compare(rect, next.size(), next) != 0) return {};
  const size_t at = rect + std::string("</title>").size();
  return {attribute(svg, at, "x"), attribute(svg, at, "y"), attribute(svg, at, "width")};
}

}  // namespace

TEST_CASE("frames are drawn as flamegraph.pl's scripts expect them") {
  const std::string svg = svg_of("a;b 900\na;c 334\n", {.width = 1224});
  CHECK(has(svg, "<title>all (1,234 samples, 100%)</title>"));
  CHECK(has(svg, "<title>b (900 samples, 72.93%)</title>"));
  CHECK(has(svg, "<title>c (334 samples, 27.07%)</title>"));
  CHECK(rectangle_of(svg, "all").width == Approx(1200));
  CHECK(rectangle_of(svg, "b").width == Approx(1200 * 900 / 1234.0).margin(0.06));
  CHECK(rectangle_of(svg, "c").x == Approx(12 + 1200 * 900 / 1234.0).margin(0.06));
  CHECK(rectangle_of(svg, "all").y > rectangle_of(svg, "a").y);
  CHECK(rectangle_of(svg, "a").y > rectangle_of(svg, "b").y);
  CHECK(has(svg, "subtitle\" x=\"12\" y=\"46\">1,234 samples<"));
}

TEST_CASE("an inverted graph has its root on top") {
  const std::string svg = svg_of("a;b 1\n", {.inverted = true});
  CHECK(rectangle_of(svg, "all").y < rectangle_of(svg, "a").y);
  CHECK(has(svg, ">Icicle Graph<"));
}

TEST_CASE("a reversed graph stands on the leaves") {
  const std::string svg = svg_of("a;b 1\nc;b 2\n", {}, {.reverse = true});
  CHECK(rectangle_of(svg, "b").width == Approx(rectangle_of(svg, "all").width));
  CHECK(has(svg, "Flame Graph, leaf first"));
}

TEST_CASE("frames narrower than asked are left out and counted in a note") {
  const std::string text = "a;wide 10000\na;narrow;deep 1\na;slim 5\n";
  const std::string svg = svg_of(text);
  CHECK_FALSE(has(svg, "narrow ("));
  CHECK(has(svg, ">3 frames narrower than 1 px left out (0.06% of the total)<"));
  CHECK(has(svg_of(text, {.min_width = {0.1, false}}), ">deep ("));
  CHECK(has(svg_of(text, {.min_width = {0.0003, true}}),
            ">2 frames narrower than 0.03% of the total left out"));
  CHECK_FALSE(has(svg_of(text, {.min_width = {0, false}}), "left out"));
}

TEST_CASE("texts of the user are shown, escaped") {
  const std::string svg = svg_of("a 1\n", {.title = "T <1>",
                                           .subtitle = "S & s",
                                           .notes = "N \"n\"",
                                           .count_name = "by<es",
                                           .name_type = "Fn\":"});
  CHECK(has(svg, ">T &lt;1&gt;</text>"));
  CHECK(has(svg, ">S &amp; s</text>"));
  CHECK(has(svg, ">N &quot;n&quot;</text>"));
  CHECK(has(svg, "all (1 by&lt;es, 100%)"));
  CHECK(has(svg, "data-name-type=\"Fn&quot;:\""));
}

TEST_CASE("decimal counts are shown with their decimals") {
  const std::string svg = svg_of("a 1234.5\nb 0.25\n");
  CHECK(has(svg, "<title>a (1,234.5 samples, 99.98%)"));
  CHECK(has(svg, "<title>all (1,234.75 samples, 100%)"));
}

TEST_CASE("a factor and a total change numbers and widths") {
  CHECK(has(svg_of("a 1234\n", {.factor = 10}), "a (12,340 samples"));
  CHECK(has(svg_of("a 3\n", {.factor = 0.5}), "a (1.5 samples"));
  const std::string svg = svg_of("a 50\n", {.width = 1224, .total = 200});
  CHECK(rectangle_of(svg, "a").width == Approx(300));
  CHECK(has(svg, "<title>a (50 samples, 25.00%)"));
}

TEST_CASE("widths are samples where all weigh the same, else the period with its unit") {
  Profile profile = profile_of("a;b 30\na;c 10\n");
  profile.events[0].name = "cpu-clock";
  profile.events[0].unit = "ns";
  for (auto& node : profile.nodes) node.self_period = node.self_samples * 250000;
  CHECK(natural_weight(profile, 0) == Weight::Samples);
  CHECK(has(draw(profile).svg, "b (30 samples, 75.00%)"));
  CHECK(has(draw(profile, {}, {.weight = Weight::Period}).svg, "b (7,500,000 ns, 75.00%)"));
  for (auto& node : profile.nodes) {
    if (node.self_samples == 10) node.self_period = 7500000;
  }
  CHECK(natural_weight(profile, 0) == Weight::Period);
  CHECK(has(draw(profile).svg, "b (7,500,000 ns, 50.00%)"));
  CHECK(has(draw(profile).svg, ">cpu-clock, 15,000,000 ns<"));
}

TEST_CASE("losses and other events are told in the picture") {
  Profile profile = profile_of("a;[unknown] 1\na;b 3\n");
  profile.lost_records = 1200;
  profile.throttled = 1;
  const std::string svg = draw(profile, {}, {.other_events = "page-faults"}).svg;
  CHECK(
      has(svg, ">1,200 samples lost · throttled 1 time · 12.50% of all frames without a symbol<"));
  CHECK(has(svg, "4 samples (also recorded: page-faults)<"));
}

TEST_CASE("a profile without stacks gives a picture that says so and exit code 2") {
  for (const Profile& profile : {profile_of("a 1\n"), Profile()}) {
    const Drawn drawn = draw(profile, {}, {.event = 3});
    REQUIRE_FALSE(drawn.result);
    CHECK(drawn.result.error().exit_code == 2);
    CHECK(has(drawn.svg, "No stacks found</text>\n</svg>"));
    CHECK(has(drawn.svg, "<?xml"));
  }
}

TEST_CASE("text is cut to its frame even without the script") {
  const std::string svg = svg_of("a;a_rather_long_name_for_a_function 5\na;b 95\n");
  CHECK(has(svg, ">a_rat..</text>"));
  const std::string narrow = svg_of("a;b 998\na;c 2\n");  // no room at all: there is no text
  const size_t c = narrow.find("<title>c (");
  CHECK(narrow.find("<text", c) > narrow.find("</g>", c));
  CHECK(has(svg_of("a;a_rather_long_name_for_a_function 5\na;b 95\n", {.cut_side = CutSide::Left}),
            ">..ction</text>"));
}

TEST_CASE("a fluid picture says so, and one of a fixed width does not") {
  CHECK(has(svg_of("a 1\n"), "data-fluid=\"1\""));
  CHECK(has(svg_of("a 1\n"), "width=\"1200\""));
  CHECK(has(svg_of("a 1\n", {.width = 800}), "data-fluid=\"0\""));
  CHECK(has(svg_of("a 1\n", {.width = 800}), "viewBox=\"0 0 800 "));
}

TEST_CASE("a chain graph tells who woke whom") {
  const std::string svg = svg_of("a;b;--;c;d 5\na;b;e 5\n", {.palette = Palette::Chain});
  CHECK(has(svg, colour_of(Palette::Chain, Tint::Waker, "d").hex()));
  CHECK(has(svg, colour_of(Palette::Chain, Tint::User, "e").hex()));
  CHECK(has(svg, ">waker</text>"));
}

TEST_CASE("the stylesheet and script can stand in CDATA sections and fetch nothing") {
  const std::string svg = svg_of("a 1\n");
  size_t ends = 0;
  for (size_t at = svg.find("]]>"); at != std::string::npos; at = svg.find("]]>", at + 1)) ++ends;
  CHECK(ends == 2);
  for (const char* word : {"@import", "url(", "fetch(", "XMLHttpRequest", "href=\"http"}) {
    CAPTURE(word);
    CHECK_FALSE(has(svg, word));
  }
}

TEST_CASE("thousands are grouped") {
  CHECK(grouped(0) == "0");
  CHECK(grouped(999) == "999");
  CHECK(grouped(1000) == "1,000");
  CHECK(grouped(1234567) == "1,234,567");
  CHECK(CountFormat(1, 1000)(1234567) == "1,234.567");
  CHECK(CountFormat(1, 1000)(5000) == "5");
  CHECK(CountFormat(1000, 1)(1234567) == "1,234,567,000");
}

TEST_CASE("what would be too large a picture is drawn without its narrowest frames") {
  std::string text;
  for (int i = 0; i < 20000; ++i) {
    text += "a;function_number_" + std::to_string(i) + " " + std::to_string(1 + i % 100) + "\n";
  }
  const std::string svg = svg_of(text, {.min_width = {0, false}});
  CHECK(svg.size() < 3'000'000);
  CHECK(svg.size() > 2'000'000);
  CHECK(has(svg, " px left out ("));
  CHECK(has(svg, "(99 samples"));
  CHECK_FALSE(has(svg, "(1 samples"));
  const std::string all = svg_of(text, {.min_width = {0, false}, .min_width_given = true});
  CHECK(has(all, "(1 samples"));
  CHECK_FALSE(has(all, "left out"));
}

TEST_CASE("what files say of functions is in their frames") {
  auto attributes = NameAttributes::parse("b\thref=https://x/?a=1&b=2\ttitle=<B>\tclass=mine\n");
  REQUIRE(attributes);
  Profile profile = profile_of("a;b 1\n");
  std::string svg = prof::test::written([&](Output& out) {
    REQUIRE(draw_flamegraph(profile, {}, {}, {.attributes = *attributes}, out));
  });
  CHECK(has(svg,
            "<a href=\"https://x/?a=1&amp;b=2\" target=\"_top\"><g class=\"frame mine\" data-x"));
  CHECK(has(svg, "<title>&lt;B&gt;</title>"));
  CHECK(has(svg, "</g></a>\n"));
}

TEST_CASE("a legend of packages stands in lines below the picture") {
  std::string text;
  for (int i = 0; i < 14; ++i) {
    text += "a;name_space_" + std::to_string(i) + "::f() " + std::to_string(50 + i) + "\n";
  }
  const std::string svg = svg_of(text, {.width = 600, .colour_by = ColourBy::Package});
  CHECK(has(svg, "<g id=\"legend\""));
  CHECK(has(svg, ">name_space_13</text>"));
  CHECK(has(svg, ">other</text>"));
  CHECK(has(svg, "translate(12.0,16)"));  // a second line
}
