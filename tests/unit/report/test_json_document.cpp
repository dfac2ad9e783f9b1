#include <catch2/catch.hpp>

#include "report/json_document.h"

using namespace prof;

namespace {

JsonDocument parsed(std::string_view text) {
  auto document = JsonDocument::parse(text, "x");
  REQUIRE(document);
  return std::move(*document);
}

}  // namespace

TEST_CASE("a document of JSON is walked by keys and indexes") {
  const JsonDocument document = parsed(
      R"({"a":{"b":[1,-2,3.5,"t\u00e9xt",true,null,18446744073709551615]},"c":[[1,2],{"d":[]}],"a":7})");
  const JsonValue root = document.root();
  CHECK(root.is_object());
  CHECK(root.size() == 3);
  const JsonValue list = root["a"]["b"];  // the first of that name
  REQUIRE(list.is_array());
  CHECK(list.size() == 7);
  CHECK(list.at(0).integer() == 1);
  CHECK(list.at(0).index() == 1U);
  CHECK(list.at(1).integer() == -2);
  CHECK_FALSE(list.at(1).index());
  CHECK(list.at(2).number() == 3.5);
  CHECK_FALSE(list.at(2).integer());
  CHECK(list.at(3).text() == "téxt");
  CHECK(list.at(4).is_true());
  CHECK(list.at(5).is_null());
  CHECK(list.at(6).number() == 18446744073709551615.0);
  CHECK_FALSE(list.at(7).exists());
  CHECK(root["c"].at(0).at(1).integer() == 2);
  CHECK(root["c"].at(1)["d"].is_array());
  CHECK(root["c"].at(1)["d"].size() == 0);
  int64_t sum = 0;
  for (const JsonValue value : root["c"].at(0)) sum += value.integer().value_or(0);
  CHECK(sum == 3);
}

TEST_CASE("what is not there is no value, however far one asks") {
  const JsonDocument document = parsed("[{}]");
  const JsonValue none = document.root()["x"]["y"].at(3)["z"];
  CHECK_FALSE(none.exists());
  CHECK_FALSE(none.text());
  CHECK_FALSE(none.number());
  CHECK(none.size() == 0);
  for (const JsonValue value : none) FAIL("an element of nothing " << value.size());
  for (const JsonValue value : document.root().at(0)) FAIL("a member of {} " << value.size());
}

TEST_CASE("what is no JSON is refused with the place") {
  for (const char* text :
       {"", "{", "[1,2", "{\"a\":}", "[1]x", "{\"a\" 1}", "[\"\xff\"]", "1e999"}) {
    CAPTURE(text);
    const auto document = JsonDocument::parse(text, "f.json");
    REQUIRE_FALSE(document);
    CHECK(document.error().message.find("f.json: no JSON from byte ") == 0);
  }
  const std::string deep = std::string(100000, '[');
  const auto document = JsonDocument::parse(deep, "f.json");
  REQUIRE_FALSE(document);
  CHECK(document.error().message == "f.json: JSON nested deeper than 512 levels");
}

TEST_CASE("the beginning tells JSON from folded stacks") {
  for (const char* text : {"{\"a\":1}", " \n{ \"a\"", "[{\"ph\":1}]", "\xef\xbb\xbf{}", "{"}) {
    CAPTURE(text);
    CHECK(JsonDocument::may_begin(text));
  }
  for (const char* text : {"", "[unknown];main 4", "{lambda};f 3", "[[vdso]];f 1", "a;b 1", "["}) {
    CAPTURE(text);
    CHECK_FALSE(JsonDocument::may_begin(text));
  }
}
