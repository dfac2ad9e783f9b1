#include <catch2/catch.hpp>
#include <map>

#include "report/where.h"

using namespace prof;

namespace {

/// A sample of sched_switch, say.
class Sample : public WhereSubject {
 public:
  std::map<WhereField, std::string> texts;
  std::map<WhereField, FieldNumber> numbers;
  std::map<std::string, FieldText, std::less<>> fields;
  std::vector<std::pair<std::string, std::string>> stack;

  std::optional<std::string_view> text(WhereField field) override {
    const auto found = texts.find(field);
    if (found == texts.end()) return std::nullopt;
    return found->second;
  }
  std::optional<FieldNumber> number(WhereField field) override {
    const auto found = numbers.find(field);
    if (found == numbers.end()) return std::nullopt;
    return found->second;
  }
  FieldText trace(std::string_view name) override {
    const auto found = fields.find(name);
    return found == fields.end() ? FieldText{} : found->second;
  }
  void for_each_frame(WhereField field,
                      const std::function<bool(std::string_view)>& visit) override {
    for (const auto& [symbol, dso] : stack) {
      if (!visit(field == WhereField::StackSymbol ? symbol : dso)) return;
    }
  }
};

Sample sample() {
  Sample out;
  out.texts = {{WhereField::Comm, "nginx"},
               {WhereField::Event, "cpu-clock:u"},
               {WhereField::Mode, "user"},
               {WhereField::Symbol, "memcpy"},
               {WhereField::Dso, "/usr/lib/libc.so.6"}};
  out.numbers = {{WhereField::Pid, {12, true}},
                 {WhereField::Tid, {static_cast<uint64_t>(-1), true}},
                 {WhereField::Cpu, {3}},
                 {WhereField::Time, {13'000'000'000}},
                 {WhereField::Clock, {77'590'284'008'124}},
                 {WhereField::Ip, {0xffffffff81000000}},
                 {WhereField::StackDepth, {2}}};
  out.fields = {{"prev_state", FieldNumber{static_cast<uint64_t>(-2), true}},
                {"next_comm", std::string_view("kworker/0:1")}};
  out.stack = {{"memcpy", "/usr/lib/libc.so.6"}, {"main", "/opt/nginx"}};
  return out;
}

bool holds(std::string_view text) {
  auto where = Where::parse(text);
  INFO(text);
  if (!where) FAIL(where.error().message);
  where->set_duration(20'000'000'000);
  Sample subject = sample();
  return where->matches(subject);
}

std::string error_of(std::string_view text) {
  const auto where = Where::parse(text);
  INFO(text);
  if (where) FAIL("no error");
  CHECK(where.error().exit_code == 2);
  return where.error().message;
}

}  // namespace

TEST_CASE("conditions hold for what they say") {
  for (const char* text : {"comm == nginx",
                           "comm==nginx && dso=~/libc/ && time in 12s..14s",
                           "comm == \"nginx\"",
                           "comm == 'nginx'",
                           "comm != bash",
                           "comm in {bash, nginx}",
                           "comm not in {bash}",
                           "comm =~ /^NGI/i",
                           "comm !~ /^NGI/",
                           "dso == libc.so.6",
                           "dso == /usr/lib/libc.so.6",
                           "prev_state =~ /^-2$/",
                           "prev_state !~ /3/",
                           "pid == 12",
                           "pid == 0xc",
                           "pid > 11",
                           "pid >= 12",
                           "pid < 13",
                           "pid <= 12",
                           "tid == -1",
                           "tid < 0",
                           "tid in -2..5",
                           "pid in {1, 10..20}",
                           "cpu in 2..",
                           "cpu in ..3",
                           "cpu not in {0,1}",
                           "time in 60%..70%",
                           "time == 65%",
                           "time > 12.999999999",
                           "time in 12999ms..13001ms",
                           "clock == 77590.284008124",
                           "clock in 77590.284..77590.285",
                           "ip == 0xffffffff81000000",
                           "ip > 0xffffffff80000000",
                           "stack.sym == main",
                           "stack.sym =~ /^ma/",
                           "stack.sym != free",
                           "stack.dso == nginx",
                           "stack.depth == 2",
                           "prev_state == -2",
                           "prev_state < 0",
                           "next_comm == 'kworker/0:1'",
                           "next_comm =~ /kworker/",
                           "field.prev_state != 0",
                           "event == cpu-clock:u",
                           "!(comm == bash)",
                           "not comm == bash",
                           "!!comm == nginx",
                           "comm == bash || pid == 12 && cpu == 3",
                           "(comm == bash || pid == 12) and cpu == 3",
                           "comm == bash or not (cpu == 1 and pid == 1)"}) {
    CHECK(holds(text));
  }
}

TEST_CASE("conditions do not hold for what is otherwise, or is not there") {
  for (const char* text : {"comm == bash",
                           "comm == ngin",
                           "comm =~ /NGI/",
                           "prev_state =~ /3/",
                           "prev_state !~ /2/",
                           "dso == lib/libc.so.6",
                           "pid == 13",
                           "pid in {1, 13..20}",
                           "tid > 0",
                           "tid == 4294967295",
                           "time in 0s..12s",
                           "time in 70%..",
                           "stack.sym == free",
                           "stack.sym != main",
                           "stack.sym !~ /ain/",
                           "stack.dso == bash",
                           "prev_state > 0",
                           "next_comm < 5",
                           "next_comm == kworker",
                           "weight == 0",
                           "weight != 0",
                           "weight >= 0",
                           "other == 1",
                           "other != 1",
                           "other =~ /./",
                           "other !~ /./",
                           "cgroup != /",
                           "comm == nginx && cpu == 1",
                           "!(comm == nginx)",
                           "(comm == bash || pid == 12) && cpu == 4"}) {
    CHECK_FALSE(holds(text));
  }
  CHECK(holds("!(other == 1)"));
}

TEST_CASE("what is no condition is refused with the place") {
  CHECK(error_of("") == "'': expected a field (comm, pid, sym, dso, time…) at column 1");
  CHECK(error_of("comm = ls") ==
        "'comm = ls': expected ==, !=, <, <=, >, >=, =~, !~ or in at column 6");
  CHECK(error_of("comm == ls x").find("'&&', '||' or the end at column 12") != std::string::npos);
  CHECK(error_of("pid == abc").find("'abc' is no number at column 8") != std::string::npos);
  CHECK(error_of("pid == 99999999999999999999").find("too large") != std::string::npos);
  CHECK(error_of("comm =~ /(/").find("at column 9") != std::string::npos);
  CHECK(error_of("(comm == ls").find("expected ')'") != std::string::npos);
  for (const char* text : {"comm",
                           "comm ==",
                           "comm == 'ls",
                           "comm =~ ls",
                           "comm =~ /ls",
                           "comm < ls",
                           "pid =~ /1/",
                           "pid == 10%",
                           "comm in {ls",
                           "comm in ls..ps",
                           "stack.foo == 1",
                           "pid == 1 &&",
                           "|| pid == 1",
                           "pid == 1 | pid == 2",
                           "time == 10kg",
                           "time == 1e400s",
                           "pid in {}",
                           "field. == 1",
                           "!",
                           "()"}) {
    error_of(text);
  }
  CHECK(error_of("sym =~ /(a{99}){99}/").find("repeats too much") != std::string::npos);
  error_of("sym =~ /" + std::string(10'000, '(') + "/");
  error_of(std::string(10'000, '('));
  error_of(std::string(10'000, '!') + "pid == 1");
  error_of(std::string(100'000, 'a') + " == 1");
}

TEST_CASE("what a condition depends on is known before it is asked") {
  const auto where = Where::parse("comm == ls && (next_pid == 1 || stack.sym == main)");
  REQUIRE(where);
  CHECK(where->uses(WhereField::Comm));
  CHECK(where->uses_stack());
  CHECK_FALSE(where->uses_first_time());
  CHECK(where->trace_fields() == std::vector<std::string>{"next_pid"});
  CHECK(Where::parse("time > 1s")->uses_first_time());
}
