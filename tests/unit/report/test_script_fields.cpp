#include <catch2/catch.hpp>

#include "report/script_fields.h"

using namespace prof;

namespace {

EventAttr event_with(uint64_t sample_type, uint32_t type = PERF_TYPE_SOFTWARE) {
  EventAttr event;
  event.attr.type = type;
  event.attr.sample_type = sample_type;
  event.name = "demo";
  return event;
}

ScriptFieldSet fields_of(std::string_view text, const EventAttr& event) {
  const auto choice = parse_script_fields(text);
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
    const auto fields = script_fields_of(*parse_script_fields(text), std::span(&event, 1));
    REQUIRE_FALSE(fields);
    CHECK(fields.error().exit_code == 2);
    CHECK(fields.error().message.find("'demo'") != std::string::npos);
  }
  CHECK(fields_of("comm,period", event) == (kFieldComm | kFieldPeriod));
}

TEST_CASE("lists that make no sense are refused as usage errors") {
  for (const char* text : {"comm,,tid", "nonsense", "+pid,cpu", "comm,-cpu", "+", "ip,symoff"}) {
    const auto choice = parse_script_fields(text);
    REQUIRE_FALSE(choice);
    CHECK(choice.error().exit_code == 2);
  }
}
