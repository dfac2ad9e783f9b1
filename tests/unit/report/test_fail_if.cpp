#include <catch2/catch.hpp>

#include "report/fail_if.h"
#include "support/profile_text.h"

using namespace prof;
using prof::test::profile_of;

namespace {

DiffResult difference(std::string_view before, std::string_view after) {
  std::vector<DiffInput> sides[2];
  sides[0].push_back({"before", profile_of(before)});
  sides[1].push_back({"after", profile_of(after)});
  auto result = compare(sides[0], sides[1], {});
  REQUIRE(result);
  return std::move(*result);
}

FailIf condition(const std::string& text) {
  auto parsed = parse_fail_if(text);
  INFO(text);
  REQUIRE(parsed);
  return *parsed;
}

/// The error's message.
std::string refusal(const std::string& text) {
  const auto parsed = parse_fail_if(text);
  INFO(text);
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().exit_code == 2);
  return parsed.error().message;
}

size_t broken(const std::string& text, const DiffResult& result) {
  const auto answer = ask(condition(text), result);
  REQUIRE(answer);
  return answer->broken.size();
}

}  // namespace

TEST_CASE("conditions on differences are read from the end") {
  const FailIf plain = condition("total(parse) > +3%");
  CHECK_FALSE(plain.of_self);
  CHECK(plain.function == "parse");
  CHECK(plain.compare == FailIf::Compare::Above);
  CHECK(plain.limit == 3);
  CHECK_FALSE(plain.in_points);

  const FailIf points = condition(" self ( /^std::/ )<= - 0.5 pp ");
  CHECK(points.of_self);
  CHECK(points.function == "^std::");
  CHECK(points.is_regex);
  CHECK(points.compare == FailIf::Compare::AtMost);
  CHECK(points.limit == -0.5);
  CHECK(points.in_points);

  CHECK(condition("self(/^std::/)>1%").is_regex);
  CHECK(condition("self(/^std::/)>1%").function == "^std::");
  CHECK(condition("total(operator>(int, char)) >= 10%").function == "operator>(int, char)");
  CHECK(condition("total(a) > 3% ) < 4%").function == "a) > 3%");
}

TEST_CASE("what is no condition says where") {
  CHECK(refusal("").find("character 1") != std::string::npos);
  CHECK(refusal("total(parse) > 3").find("% or pp") != std::string::npos);
  CHECK(refusal("total(parse) > %").find("number") != std::string::npos);
  CHECK(refusal("total(parse) > 1.2.3%").find("number") != std::string::npos);
  CHECK(refusal("total(parse) 3%").find("character 12: here should be one of") !=
        std::string::npos);
  CHECK(refusal("total parse > 3%").find("character 11: here should be the )") !=
        std::string::npos);
  CHECK(refusal("totl(parse) > 3%").find("character 1: self or total") != std::string::npos);
  CHECK(refusal("totals(parse) > 3%").find("character 6: here should be (") != std::string::npos);
  CHECK(refusal("total() > 3%").find("here should be a function") != std::string::npos);
  CHECK(refusal(") > 3%").find("self or total") != std::string::npos);
  CHECK(refusal("total(/[/) > 3%").find("character 8") != std::string::npos);
  CHECK(refusal("> 3%").find("behind a function") != std::string::npos);
}

TEST_CASE("a condition holds for sure, or maybe by chance") {
  const DiffResult result = difference("app;parse 5000\napp;walk 5000\napp;rare 10\n",
                                       "app;parse 6000\napp;walk 4000\napp;rare 14\n");
  CHECK(broken("total(parse) > +3%", result) == 1);
  CHECK(broken("self(parse) > +3%", result) == 1);
  CHECK(broken("total(parse) > +30%", result) == 0);
  CHECK(broken("total(parse) > +5pp", result) == 1);
  CHECK(broken("total(parse) > +15pp", result) == 0);
  CHECK(broken("total(walk) < -10%", result) == 1);
  CHECK(broken("total(/parse|walk/) > +3%", result) == 1);
  CHECK(broken("total(/parse|walk/) < 1000%", result) == 2);
  const auto rare = ask(condition("total(rare) > +3%"), result);
  REQUIRE(rare);
  CHECK(rare->broken.empty());
  CHECK(rare->not_sure.size() == 1);
}

TEST_CASE("a condition that stands without a change is sure about its limit") {
  const DiffResult result = difference("app;a 5000\napp;b 5000\n", "app;a 5010\napp;b 4990\n");
  // "It should have become 20 % less" fails, since it surely did not.
  CHECK(broken("total(a) > -20%", result) == 1);
  const auto near = ask(condition("total(a) > -0.1%"), result);
  REQUIRE(near);
  CHECK(near->broken.empty());
  CHECK(near->not_sure.size() == 1);
}

TEST_CASE("a function may be on one side only, but not on none") {
  const DiffResult result = difference("app;a 1000\n", "app;a 900\napp;b 100\n");
  CHECK(broken("total(b) > +3%", result) == 1);
  CHECK(broken("total(b) > +5pp", result) == 1);
  CHECK(broken("self(a) < -5%", result) == 1);
  const auto none = ask(condition("total(c) > +3%"), result);
  REQUIRE_FALSE(none);
  CHECK(none.error().exit_code == 2);
  CHECK(none.error().message.find("'c'") != std::string::npos);
  CHECK_FALSE(ask(condition("total(/x$/) > +3%"), result));
}
