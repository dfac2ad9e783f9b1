#include <catch2/catch.hpp>

#include "report/posix_regex.h"

using namespace prof;

TEST_CASE("Regular expressions match parts of texts, and say what is wrong with them") {
  CHECK(PosixRegex("^ma.*n$").matches("main"));
  CHECK_FALSE(PosixRegex("^Ma").matches("main"));
  CHECK(PosixRegex("^Ma", true).matches("main"));
  CHECK(PosixRegex("a(b").error() == "Unmatched ( or \\(");
  CHECK(PosixRegex("a+b{2,4}(c|d)*[]+]").error().empty());
}

TEST_CASE("Repetitions that the C library would drown in are refused") {
  for (const std::string& pattern :
       {"a" + std::string(60, '+'), "a" + std::string(58, '?') + "++++++",
        std::string("a*+++++++++++"), std::string("((a{1,255}){1,255}){1,255}"),
        std::string("(((((a+b)+c)+d)+e){200}f){200}"), "(" + std::string(5000, 'a') + ")++",
        std::string("a{99999999999}")}) {
    CAPTURE(pattern);
    CHECK(PosixRegex(pattern).error() == "its repetitions make it too large");
  }
  for (const char* pattern : {"a++", "(ab){10}", "[{}+(]+", "\\+\\+\\+\\(\\{9999\\}", "x{,5}", "a{",
                              "()", "(|)*", ")", ""}) {
    CAPTURE(pattern);
    CHECK(PosixRegex(pattern).error() != "its repetitions make it too large");
  }
  CHECK(written_out_size("a++").atoms >= 4);
  CHECK(written_out_size("a++").depth == 2);
  CHECK(written_out_size("(ab){10}").atoms >= 20);
  CHECK(written_out_size("(a?b)*c").depth == 2);
  CHECK(written_out_size("a?b*c+").depth == 1);
  CHECK(written_out_size("abc").atoms == 3);
}
