#include <catch2/catch.hpp>

#include "report/script_fields.h"

using namespace prof;

namespace {

std::vector<std::string> words_of(std::string_view text) {
  if (text.empty()) return {};
  return {std::string(text)};
}

EventAttr event_with(uint64_t sample_type, uint32_t type = PERF_TYPE_SOFTWARE) {
  EventAttr event;
  event.attr.type = type;
  event.attr.sample_type = sample_type;
  event.name = "demo";
  return event;
}

ScriptFieldSet fields_of(std::string_view text, const EventAttr& event) {
  const auto choice = parse_script_fields(words_of(text));
  REQUIRE(choice);
  const auto fields = script_fields_of(*choice, std::span(&event, 1));
  REQUIRE(fields);
  return fields->at(0);
}

constexpr uint64_t kAll = PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU;

}  // namespace

TEST_CASE("the default has every column that the samples can fill") {
  CHECK(fields_of("", event_with(kAll)) ==
        (kFieldComm | kFieldTid | kFieldTime | kFieldCpu | kFieldEvent | kFieldIp | kFieldSym |
         kFieldSymoff | kFieldDso | kFieldPeriod));
  CHECK((fields_of("", event_with(kAll & ~uint64_t{PERF_SAMPLE_CPU})) & kFieldCpu) == 0);
  CHECK((fields_of("", event_with(PERF_SAMPLE_IP)) & (kFieldTid | kFieldTime)) == 0);
}

TEST_CASE("tracepoints have no period by default, and addresses only with call chains") {
  const auto bare = fields_of("", event_with(kAll, PERF_TYPE_TRACEPOINT));
  CHECK((bare & (kFieldPeriod | kFieldIp | kFieldDso)) == 0);
  const auto chains = fields_of("", event_with(kAll | PERF_SAMPLE_CALLCHAIN, PERF_TYPE_TRACEPOINT));
  CHECK((chains & (kFieldIp | kFieldSymoff)) == (kFieldIp | kFieldSymoff));
}

TEST_CASE("columns asked for by name must have been recorded") {
  const EventAttr event = event_with(PERF_SAMPLE_IP);
  for (const char* text : {"comm,cpu", "time", "pid", "+cpu"}) {
    const auto fields =
        script_fields_of(*parse_script_fields(words_of(text)), std::span(&event, 1));
    REQUIRE_FALSE(fields);
    CHECK(fields.error().exit_code == 2);
    CHECK(fields.error().message.find("'demo'") != std::string::npos);
  }
  CHECK(fields_of("comm,period", event) == (kFieldComm | kFieldPeriod));
}

TEST_CASE("lists that make no sense are refused as usage errors") {
  for (const char* text : {"comm,,tid", "nonsense", "+pid,cpu", "comm,-cpu", "+", "ip,symoff"}) {
    const auto choice = parse_script_fields(words_of(text));
    REQUIRE_FALSE(choice);
    CHECK(choice.error().exit_code == 2);
  }
}

TEST_CASE("a list may be of the events of one type; later ones win") {
  const std::vector<std::string> texts{"comm,tid", "trace:time", "sw:+cpu"};
  const auto choices = parse_script_fields(texts);
  REQUIRE(choices);
  const std::vector events{event_with(kAll), event_with(kAll, PERF_TYPE_TRACEPOINT),
                           event_with(kAll, PERF_TYPE_HARDWARE), event_with(kAll, 32)};
  const auto fields = script_fields_of(*choices, events);
  REQUIRE(fields);
  CHECK(fields->at(0) == (kFieldComm | kFieldTid | kFieldCpu));
  CHECK(fields->at(1) == kFieldTime);
  CHECK(fields->at(2) == (kFieldComm | kFieldTid));
  CHECK(fields->at(3) == (kFieldComm | kFieldTid));
  const std::vector<std::string> none{"sw:"};
  CHECK(script_fields_of(*parse_script_fields(none), events)->at(0) == 0);
  for (const char* text : {"", "software:comm"}) {
    const std::vector<std::string> wrong{text};
    CHECK_FALSE(parse_script_fields(wrong));
  }
}

TEST_CASE("a change of what was changed takes it back") {
  const std::vector<std::string> texts{"-cpu,+pid", "+cpu"};
  const EventAttr event = event_with(kAll);
  const auto fields = script_fields_of(*parse_script_fields(texts), std::span(&event, 1));
  REQUIRE(fields);
  CHECK((fields->at(0) & kFieldCpu) != 0);
  CHECK((fields->at(0) & kFieldPid) != 0);
}
