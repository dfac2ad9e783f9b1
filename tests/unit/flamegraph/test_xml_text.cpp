#include <catch2/catch.hpp>

#include "flamegraph/xml_text.h"

using namespace prof;
using std::string_view_literals::operator""sv;

TEST_CASE("markup in names is escaped") {
  CHECK(xml("a<b> & \"c\" 'd'") == "a&lt;b&gt; &amp; &quot;c&quot; &#39;d&#39;");
  CHECK(xml("]]>") == "]]&gt;");
}

TEST_CASE("what XML forbids becomes a replacement character") {
  CHECK(xml("a\0b\x01\x1f\x7f"sv) == "a\uFFFDb\uFFFD\uFFFD\uFFFD");
  CHECK(xml("tab\tline\nreturn\r") == "tab line return ");
  CHECK(xml("\xef\xbf\xbe") == "\uFFFD");  // U+FFFE is no character
  CHECK(xml("\xc2\x85") == "\uFFFD");      // a C1 control
}

TEST_CASE("good UTF-8 passes, bad bytes are replaced one by one") {
  CHECK(xml("größe 関数 😀 \uFFFD") == "größe 関数 😀 \uFFFD");
  CHECK(xml("\xff") == "\uFFFD");
  CHECK(xml("\xc3(") == "\uFFFD(");
  CHECK(xml("\xc0\xaf") == "\uFFFD\uFFFD");                      // overlong
  CHECK(xml("\xe0\x80\x80") == "\uFFFD\uFFFD\uFFFD");            // overlong
  CHECK(xml("\xed\xa0\x80") == "\uFFFD\uFFFD\uFFFD");            // a surrogate
  CHECK(xml("\xf4\x90\x80\x80") == "\uFFFD\uFFFD\uFFFD\uFFFD");  // above U+10FFFF
  CHECK(xml("x\xf0\x9f\x98") == "x\uFFFD");  // cut off: one maximal part, one sign
}

TEST_CASE("text is cut by characters, with two dots for the rest") {
  CHECK(cut_to("compute", 7) == "compute");
  CHECK(cut_to("compute", 6) == "comp..");
  CHECK(cut_to("compute", 3) == "c..");
  CHECK(cut_to("compute", 2) == "");
  CHECK(cut_to("ab", 2) == "ab");
  CHECK(cut_to("", 0) == "");
  CHECK(cut_to("größe", 5) == "größe");
  CHECK(cut_to("größen", 5) == "grö..");
  CHECK(cut_to("😀😀😀😀", 3) == "😀..");
}
