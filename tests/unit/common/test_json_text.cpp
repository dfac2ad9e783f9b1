#include <catch2/catch.hpp>

#include "common/json_text.h"
#include "report/cell_text.h"

using namespace prof;

namespace {

std::string json(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string cell(std::string_view text, std::string_view separator = ",") {
  std::string out;
  append_cell(out, text, separator);
  return out;
}

}  // namespace

TEST_CASE("a string of JSON is one whatever the bytes are") {
  CHECK(json("std::map<int>") == R"("std::map<int>")");
  CHECK(json("a\"b\\c\n\t\x01") == R"("a\"b\\c\n\t\u0001")");
  CHECK(json("\xe6\x97\xa5\x7f") == "\"\xe6\x97\xa5\x7f\"");
  CHECK(json("\xff\xe6\x97") == "\"\xef\xbf\xbd\xef\xbf\xbd\"");
  CHECK(json(std::string_view("a\0b", 3)) == R"("a\u0000b")");
}

TEST_CASE("a cell is quoted where it must be") {
  CHECK(cell("main") == "main");
  CHECK(cell("f(int, int)") == "\"f(int, int)\"");
  CHECK(cell("f(int, int)", ";") == "f(int, int)");
  CHECK(cell("a \"b\"") == "\"a \"\"b\"\"\"");
  CHECK(cell("a\nb") == "\"a\nb\"");
  CHECK(cell("", ",").empty());
}
