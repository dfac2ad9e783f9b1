#include <catch2/catch.hpp>
#include <cmath>

#include "flamegraph/colouring.h"
#include "flamegraph/differences.h"
#include "flamegraph/flamegraph.h"
#include "support/profile_text.h"

using namespace prof;
using prof::test::profile_of;
using prof::test::written;

namespace {

struct Compared {
  Profile profile;
  std::vector<uint64_t> before;
  CallTree tree;
  Differences differences;

  Compared(std::string_view folded, const DifferenceOptions& options)
      : profile(profile_of(folded)),
        before(weights_before(profile, 0, Weight::Samples)),
        tree(CallTree::build(profile, {.others = before})),
        differences(Differences::of_tree(profile, tree, Weight::Samples, options)) {}

  uint32_t node(std::string_view name) const {
    for (uint32_t i = 1; i < tree.nodes().size(); ++i) {
      if (profile.name(tree.nodes()[i].frame) == name) return i;
    }
    FAIL("no frame " << name);
    return 0;
  }
  const Differences::Change& of(std::string_view name) const { return differences.of(node(name)); }
};

std::string picture(std::string_view folded, const DrawRequest& request = {},
                    const FlamegraphOptions& options = {}) {
  const Profile profile = profile_of(folded);
  Result<void> drawn;
  std::string svg =
      written([&](Output& out) { drawn = draw_flamegraph(profile, request, options, {}, out); });
  REQUIRE(drawn);
  return svg;
}

bool is_red(Rgb colour) {
  return colour.r > colour.b + 10;
}

bool is_blue(Rgb colour) {
  return colour.b > colour.r + 10;
}

DifferenceOptions by_share(double scale = 1) {
  DifferenceOptions options;
  options.tells_noise = true;
  options.scale = scale;
  return options;
}

}  // namespace

TEST_CASE("frames know both sides, as shares") {
  const Compared compared("a;b 100 400\na;c 100 0\na;d 0 600\n", by_share(5));
  CHECK(compared.of("a").before == Approx(1));
  CHECK(compared.of("a").after == Approx(1));
  CHECK_FALSE(compared.of("a").sure);
  CHECK(compared.of("b").before == Approx(0.5));
  CHECK(compared.of("b").after == Approx(0.4));
  CHECK(compared.of("d").before == 0);
  CHECK(compared.of("d").sure);
  CHECK(compared.differences.largest() == Approx(0.6));
  CHECK(compared.differences.text(compared.node("d"))
            .find("before 0.00%, after 60.00%, +60.00% ± ") == 0);
}

TEST_CASE("a change within the noise is not sure, unless noise is not told") {
  const std::string stacks = "a;b 1000 1020\na;c 1000 980\n";
  const Compared told(stacks, by_share());
  CHECK_FALSE(told.of("b").sure);
  CHECK(told.of("b").bound > 0.02);
  const Compared plain(stacks, {.by_share = false});
  CHECK(plain.of("b").sure);
  CHECK(plain.of("b").size == Approx(0.01));
  CHECK(plain.differences.text(plain.node("b")) == "before 50.00%, after 51.00%, +1.00%");
}

TEST_CASE("what varies more than counts is less sure") {
  const std::string stacks = "a;b 1000 1200\na;c 1000 800\n";
  CHECK(Compared(stacks, by_share()).of("b").sure);
  std::vector<double> spread(3, 30.0);
  DifferenceOptions options = by_share();
  options.spread = spread;
  CHECK_FALSE(Compared(stacks, options).of("b").sure);
}

TEST_CASE("frames that became more are red, those that became less blue") {
  const std::string stacks = "a;b 100 400\na;c 600 300\na;d 300 300\n";
  for (const bool negate : {false, true}) {
    DifferenceOptions options = by_share();
    options.negate = negate;
    const Compared compared(stacks, options);
    const Colouring colouring(compared.profile, compared.tree, {}, compared.differences);
    CHECK(is_red(colouring.of(compared.node(negate ? "c" : "b"))));
    CHECK(is_blue(colouring.of(compared.node(negate ? "b" : "c"))));
    CHECK(colouring.of(compared.node("d")) == kNoiseColour);
    REQUIRE(colouring.legend().size() == 3);
    CHECK(colouring.legend()[0].label == "more than before");
    CHECK(is_red(colouring.legend()[0].colour) != negate);
  }
}

TEST_CASE("colours tell of the function alone where asked for") {
  // "a" calls more, and does the same itself.
  DifferenceOptions options = by_share();
  options.by_share = false;
  options.of_self = true;
  const Compared compared("a 500 500\na;b 100 800\n", options);
  CHECK(compared.of("a").size == Approx(0));
  CHECK_FALSE(compared.of("a").sure);
  CHECK(compared.of("b").sure);
  CHECK(compared.differences.text(compared.node("a")).find("itself +0.00% ± ") !=
        std::string::npos);
  options.of_self = false;
  CHECK(Compared("a 500 500\na;b 100 800\n", options).of("a").sure);
}

TEST_CASE("vanished stacks are those without anything of the later side") {
  const Profile profile = profile_of("a;b;c 5 0\na;b 0 3\na;d 4 0\na;d;e 2 0\na 1 1\n");
  const auto weights = vanished_weights(profile, 0, Weight::Samples);
  uint64_t sum = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    sum += weights[i];
    const auto name = profile.name(profile.nodes[i].frame);
    if (name == "a" || name == "b") CHECK(weights[i] == 0);
  }
  CHECK(sum == 11);
}

TEST_CASE("a differential is drawn with a panel of what vanished") {
  const std::string svg = picture("a;b 100 400\na;gone;deep 300 0\n");
  CHECK(svg.find("<g id=\"below\" data-whole=\"400\">") != std::string::npos);
  CHECK(svg.find("Vanished: stacks that are only before, 75.00%") != std::string::npos);
  CHECK(svg.find("<title>b (before 25.00%, after 100.00%, +75.00%)</title>") != std::string::npos);
  CHECK(svg.find("<title>deep (before 75.00%, after 0.00%, -75.00%)</title>") != std::string::npos);
  CHECK(svg.find("<title>vanished (") != std::string::npos);
  CHECK(svg.find("Differential Flame Graph") != std::string::npos);
  CHECK(svg.find("400 samples, before 400") != std::string::npos);
  // The panel is below all frames of the main one.
  const size_t below = svg.find("id=\"below\"");
  CHECK(svg.find("id=\"frames\"") < below);
  CHECK(below < svg.find("id=\"status\""));
}

TEST_CASE("the panel has the scale of the picture") {
  DrawRequest request;
  request.difference = by_share(2);  // before is half as long
  const std::string svg = picture("a;b 100 400\na;gone 100 0\n", request, {.width = 424});
  CHECK(svg.find("data-whole=\"200\">") != std::string::npos);
  const size_t title = svg.find("<title>gone (");
  REQUIRE(title != std::string::npos);
  CHECK(svg.find("width=\"200.0\"", title) < svg.find("</g>", title));  // half of 400 pixels
}

TEST_CASE("without vanished stacks there is no panel") {
  const std::string svg = picture("a;b 100 400\na;c 300 10\n");
  CHECK(svg.find("id=\"below\"") == std::string::npos);
  CHECK(svg.find("Vanished") == std::string::npos);
}

TEST_CASE("a differential of very many frames keeps to the size that browsers like") {
  std::string text;
  for (int i = 0; i < 60000; ++i) {
    text += "app;main;function_number_" + std::to_string(i % 300) + ";leaf_" + std::to_string(i) +
            (i % 3 == 0 ? " 7 0\n" : " 5 6\n");
  }
  const std::string svg = picture(text, {}, {.width = 100000});
  CHECK(svg.size() < 3'000'000);
  CHECK(svg.find("vanished frames too narrow to be drawn") != std::string::npos);
}

TEST_CASE("a differential of decimals has exact shares") {
  const std::string svg = picture("a;b 0.5 1.5\na;c 0.5 0.5\n");
  CHECK(svg.find("<title>b (before 25.00%, after 75.00%, +50.00%)</title>") != std::string::npos);
}

TEST_CASE("what may have vanished by chance is told in a line") {
  DrawRequest request;
  request.difference = by_share();
  const std::string svg = picture("a;b 1000 1000\na;gone 1 0\na;lost 1 0\n", request);
  CHECK(svg.find("id=\"below\"") == std::string::npos);
  CHECK(svg.find("stacks that are only before, 0.20%, may be so by chance, and are not drawn") !=
        std::string::npos);
}
