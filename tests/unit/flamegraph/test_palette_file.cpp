#include <catch2/catch.hpp>

#include "flamegraph/palette_file.h"
#include "support/profile_text.h"

using namespace prof;

TEST_CASE("colours of functions are kept as flamegraph.pl keeps them") {
  auto file = PaletteFile::parse("main->rgb(1,2,3)\r\nFoo::operator->->rgb(250,251,252)\n\n");
  REQUIRE(file);
  CHECK(file->colour_for("main", {9, 9, 9}) == Rgb{1, 2, 3});
  CHECK(file->colour_for("Foo::operator->", {9, 9, 9}) == Rgb{250, 251, 252});
  CHECK_FALSE(file->changed());
  CHECK(file->colour_for("new one", {7, 8, 9}) == Rgb{7, 8, 9});
  CHECK(file->colour_for("new one", {0, 0, 0}) == Rgb{7, 8, 9});
  CHECK(file->colour_for("two\nlines", {0, 0, 0}) == Rgb{0, 0, 0});
  CHECK(file->changed());
  const std::string text = prof::test::written([&](Output& out) { file->write(out); });
  CHECK(text == "Foo::operator->->rgb(250,251,252)\nmain->rgb(1,2,3)\nnew one->rgb(7,8,9)\n");
  auto again = PaletteFile::parse(text);
  REQUIRE(again);
  CHECK(again->colour_for("new one", {}) == Rgb{7, 8, 9});
}

TEST_CASE("a line of a palette file that is none is named") {
  for (const char* bad : {"main", "main->rgb(1,2)", "main->rgb(1,2,256)", "main->rgb(1,2,3) ",
                          "main->rgb(1,2,-3)", "main->red"}) {
    CAPTURE(bad);
    const auto file = PaletteFile::parse("ok->rgb(0,0,0)\n" + std::string(bad) + "\n");
    REQUIRE_FALSE(file);
    CHECK(file.error().message == "line 2 is not 'name->rgb(1,2,3)'");
  }
}
