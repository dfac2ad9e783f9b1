#include <catch2/catch.hpp>

#include "report/print_format.h"
#include "report/trace_fields.h"
#include "report/trace_text.h"
#include "support/tracepoint.h"

using namespace prof;
using namespace prof::test;

namespace {

std::vector<EventAttr> tracepoint(uint64_t id) {
  EventAttr event;
  event.name = "kmem:alloc";
  event.attr.type = PERF_TYPE_TRACEPOINT;
  event.attr.config = id;
  return {event};
}

std::string with_print(std::string_view print) {
  std::string text(kAllocFormat);
  text.resize(text.find("print fmt: ") + 11);
  return text + std::string(print) + "\n";
}

std::string print(std::string_view format, std::span<const std::byte> raw) {
  const auto description = describe_tracepoint("kmem", format);
  const TracePoints points(description, tracepoint(kAllocId));
  std::string text;
  TraceText(nullptr, points).append(0, raw, text);
  return text;
}

bool is_safe(std::string_view print) {
  const std::string text = with_print(print);
  const auto format = parse_event_format(text);
  REQUIRE(format);
  return check_print_format(*format).safe;
}

}  // namespace

TEST_CASE("a sample's fields are printed by the event's print format") {
  CHECK(print(kAllocFormat, alloc_sample(4096, 0, "demo", "abc")) ==
        "bytes_alloc=4096 comm=demo name=abc");
  CHECK(
      print(with_print("\"%s %d %s\", __print_symbolic(REC->ret, { 1, \"one\" }, { 2, \"two\" }), "
                       "REC->common_pid, __print_flags(REC->bytes_alloc, \"|\", { 1, \"A\" }, { 4, "
                       "\"B\" })"),
            alloc_sample(5, 2, "demo", "abc")) == "two 7 A|B");
}

TEST_CASE("samples whose data are cut or lead elsewhere print what is there") {
  const auto raw = alloc_sample(4096, 0, "demo", "abc");
  for (size_t size = 2; size < raw.size(); ++size) {
    print(kAllocFormat, std::span(raw).first(size));
  }
  CHECK(print(kAllocFormat, std::span(raw).first(16)) == "bytes_alloc=4096 comm= name=");
  CHECK(print(kAllocFormat, std::span(raw).first(1)) == "[unknown]");
  CHECK(print(kAllocFormat, {}) == "[unknown]");
}

TEST_CASE("tracepoints that the recording does not describe are unknown, and told") {
  const TracePoints none({}, tracepoint(kAllocId));
  std::string text;
  TraceText(nullptr, none).append(0, alloc_sample(1, 0, "a", "b"), text);
  CHECK(text == "[unknown]");
  CHECK(none.warnings().size() == 1);
  const auto description = describe_tracepoint("kmem", kAllocFormat);
  CHECK(TracePoints(description, tracepoint(kAllocId + 1)).warnings().size() == 1);
  CHECK(TracePoints(std::span(description).first(40), tracepoint(kAllocId)).warnings().size() == 1);
  CHECK(TracePoints(description, tracepoint(kAllocId)).warnings().empty());
}

TEST_CASE("print formats that would lead the library astray are not given to it") {
  CHECK(is_safe("\"%d\", REC->ret / 1000"));
  CHECK(is_safe("\"%d\", REC->ret / (1000)"));
  CHECK(is_safe("\"%llu\", (unsigned long long)(REC->ret >> 3) % 8 ? 1 : 2"));
  CHECK(
      is_safe("\"%s\", __print_array(__get_dynamic_array(name), __get_dynamic_array_len(name) / "
              "sizeof(u64), sizeof(u64))"));
  CHECK(is_safe("\"%.*s\", 3, REC->comm"));
  CHECK(is_safe("\"%pS 100%% %-16s\", (void *)REC->ret, REC->comm"));
  CHECK(is_safe("\"%x\", REC->comm[2]"));
  CHECK_FALSE(is_safe("\"%d\", REC->ret / REC->bytes_alloc"));
  CHECK_FALSE(is_safe("\"%d\", REC->ret / 0"));
  CHECK_FALSE(is_safe("\"%d\", REC->ret % 0x0"));
  CHECK_FALSE(is_safe("\"%d\", REC->ret / 5 * 0"));
  CHECK_FALSE(is_safe("\"%d\", REC->ret / (5 - 5)"));
  CHECK_FALSE(is_safe("\"%n\", REC->ret"));
  CHECK_FALSE(is_safe("\"%99999d\", REC->ret"));
  CHECK_FALSE(is_safe("\"%*d\", REC->ret, 1"));
  CHECK_FALSE(is_safe("\"%.*d\", REC->ret, 1"));
  CHECK_FALSE(is_safe("\"%*ph\", REC->ret, REC->comm"));
  CHECK_FALSE(is_safe("\"%\""));
  CHECK_FALSE(is_safe("\"%x\", REC->comm[REC->ret]"));
  CHECK_FALSE(is_safe("\"%x\", REC->comm[100000]"));
  CHECK_FALSE(is_safe("\"%s\", __print_hex(REC->comm, REC->ret * 2)"));
  CHECK_FALSE(is_safe("\"%s\", __print_hex(REC->comm, 100000)"));
  CHECK_FALSE(is_safe("\"%d\", (REC->ret"));
  CHECK_FALSE(is_safe("\"%d\", REC->ret)"));
  CHECK_FALSE(is_safe("\"%d, REC->ret"));
  CHECK_FALSE(is_safe("REC->ret"));
  CHECK_FALSE(is_safe("\"%d\", " + std::string(100, '(') + "1" + std::string(100, ')')));
  std::string chain = "\"%d\", 1";
  for (int i = 0; i < 2000; ++i) chain += " + 1";
  CHECK_FALSE(is_safe(chain));
}

TEST_CASE("a length in the sample is compared before that much is printed") {
  const std::string hex = with_print("\"%s\", __print_hex(REC->comm, REC->bytes_alloc)");
  CHECK(print(hex, alloc_sample(4, 0, "demo", "abc")) == "64 65 6d 6f");
  CHECK(print(hex, alloc_sample(uint64_t{1} << 40, 0, "demo", "abc")) ==
        "[FAILED TO PARSE] bytes_alloc=1099511627776 ret=0 comm=demo name=abc");
}

TEST_CASE("a single field is what the text says of it, else by its type") {
  CHECK(field_in_text("prev_comm=sh prev_pid=12", "prev_pid") == "12");
  CHECK(field_in_text("dfd: 0x3, flags: 1", "dfd") == "");  // as perf, which takes the first word
  CHECK_FALSE(field_in_text("prev_comm=sh", "next_comm"));
  CHECK_FALSE(field_in_text("", "x"));
  const auto format = parse_event_format(kAllocFormat);
  const auto raw = alloc_sample(4096, -2, "demo", "abc");
  const auto text_of = [&](std::string_view name) {
    std::string text;
    append_field(*format->field(name), raw, false, text);
    return text;
  };
  CHECK(text_of("bytes_alloc") == "4096");
  CHECK(text_of("ret") == "-2");
  CHECK(text_of("comm") == "demo");
  CHECK(text_of("name") == "abc");
  CHECK(least_width(*format->field("comm")) == 16);
  CHECK(least_width(*format->field("ret")) == 18);
}
