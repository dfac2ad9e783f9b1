#include <algorithm>
#include <catch2/catch.hpp>

#include "doctor/doctor.h"

using namespace prof;

namespace {

Diagnosis diagnosis_of(std::vector<Check> checks) {
  Diagnosis diagnosis;
  diagnosis.checks = std::move(checks);
  return diagnosis;
}

}  // namespace

TEST_CASE("recording works with one event and one way to stacks") {
  const Check event{"events", "cpu-clock", CheckState::Partly, "", ""};
  const Check no_event{"events", "cycles", CheckState::Fails, "no PMU", ""};
  const Check stack{"stacks", "frame pointers", CheckState::Works, "", ""};
  const Check no_stack{"stacks", "copies", CheckState::Fails, "refused", ""};
  const Check other{"bpf", "ring", CheckState::Works, "", ""};
  CHECK(diagnosis_of({no_event, event, no_stack, stack}).can_record());
  CHECK_FALSE(diagnosis_of({event, other}).can_record());
  CHECK_FALSE(diagnosis_of({stack, no_event}).can_record());
  CHECK_FALSE(diagnosis_of({event, no_stack}).can_record());
  CHECK_FALSE(diagnosis_of({}).can_record());
}

TEST_CASE("checks are printed by group, with cause and remedy, and what is repeated once") {
  const auto text = diagnosis_text(diagnosis_of({
      {"events", "cycles", CheckState::Fails, "no PMU", "try -e cpu-clock"},
      {"events", "branches", CheckState::Fails, "no PMU", "try -e cpu-clock"},
      {"events", "cpu-clock", CheckState::Works, "", ""},
      {"stacks", "copies", CheckState::Partly, "small", "make them larger"},
      {"stacks", "depth", CheckState::Fact, "127", ""},
  }));
  CHECK(text ==
        "events\n"
        "  fails  cycles                         no PMU\n"
        "                                        -> try -e cpu-clock\n"
        "  fails  branches                       the same\n"
        "  works  cpu-clock\n"
        "\n"
        "stacks\n"
        "  partly copies                         small\n"
        "                                        -> make them larger\n"
        "         depth                          127\n"
        "\n"
        "recording works: of 4 things 1 work, 1 in part, 2 not\n");
}

TEST_CASE("no line of text is longer than 100 columns, whatever words there are") {
  const std::string path = "/" + std::string(250, 'p');
  std::string words;
  for (int i = 0; i < 60; ++i) words += std::string(static_cast<size_t>(i % 13 + 1), 'w') + " ";
  const auto text = diagnosis_text(diagnosis_of({
      {"a", "a name that is longer than names are allowed to be in the column", CheckState::Fails,
       words, path},
      {"a", "short", CheckState::Fails, path + " " + words, words},
  }));
  size_t letters = 0;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = text.find('\n', begin);
    CHECK(end - begin <= 100);
    letters += static_cast<size_t>(std::count(text.begin() + static_cast<ptrdiff_t>(begin),
                                              text.begin() + static_cast<ptrdiff_t>(end), 'p'));
    begin = end + 1;
  }
  CHECK(letters >= 500);  // nothing of the paths was left out
}

TEST_CASE("what is no printable ASCII does not reach the terminal") {
  const auto text =
      diagnosis_text(diagnosis_of({{"a", "b\x1b[2J", CheckState::Fact, "c\nd\xc3\xa9", ""}}));
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find("b?[2J") != std::string::npos);
  CHECK(text.find("c?d??") != std::string::npos);
}

TEST_CASE("JSON holds the checks in their order, and is JSON whatever they say") {
  const auto json = diagnosis_json(diagnosis_of({
      {"events", "x", CheckState::Fails, "a \"quoted\" \\ cause\n", "\xff"},
  }));
  CHECK(json.find("\"format\": \"prof-doctor\"") != std::string::npos);
  CHECK(json.find("\"version\": 1") != std::string::npos);
  CHECK(json.find("\"can_record\": false") != std::string::npos);
  CHECK(json.find(R"("cause": "a \"quoted\" \\ cause\n")") != std::string::npos);
  CHECK(json.find("\"remedy\": \"\xef\xbf\xbd\"") != std::string::npos);  // U+FFFD
}
