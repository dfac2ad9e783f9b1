#include <unistd.h>

#include <catch2/catch.hpp>

#include "perfdata/encode.h"
#include "record/control.h"
#include "record/enable_spans.h"
#include "record/sideband_watch.h"
#include "record/switch_output.h"

using namespace prof;

namespace {

using Spans = std::vector<EnableSpan>;

SwitchOutput switch_output(std::string_view text) {
  SwitchOutput parsed;
  REQUIRE(parse_switch_output(text, parsed));
  return parsed;
}

}  // namespace

TEST_CASE("a delay is a number of milliseconds, or -1 for never") {
  CHECK(parse_delay("500")->begin == 500);
  CHECK(parse_delay("0")->begin == 0);
  CHECK(parse_delay("-1")->begin == -1);
  CHECK(parse_delay("500")->spans.empty());
}

TEST_CASE("a delay may be spans, which begin one after another") {
  const auto delay = parse_delay("10-20,30-40");
  REQUIRE(delay);
  CHECK(delay->begin == 10);
  CHECK(delay->spans == Spans{{10, 20}, {30, 40}});
  CHECK(parse_delay("0-20")->begin == 0);
  CHECK(parse_delay("10 - 20 , 30 - 40")->spans == Spans{{10, 20}, {30, 40}});
}

TEST_CASE("spans that overlap, touch, end too soon or are none are refused as usage") {
  for (const char* text : {"-2", "", "x", "5ms", "20-10", "10-10", "10-20,15-30", "10-20,20-30",
                           "30-40,10-20", "10-", "-10-20", "10-20,", ",10-20", "10-20-30",
                           "10-99999999999999999999", "99999999999999999999", "9999999999999"}) {
    INFO(text);
    const auto delay = parse_delay(text);
    REQUIRE_FALSE(delay);
    CHECK(delay.error().exit_code == 2);
  }
}

TEST_CASE("the end of a file is a signal, a size or a time, in perf's units") {
  CHECK(switch_output("").by_signal);
  CHECK(switch_output("signal").by_signal);
  CHECK(switch_output("100B").size == 100);
  CHECK(switch_output("500K").size == 500 * 1024);
  CHECK(switch_output("2M").size == 2 << 20);
  CHECK(switch_output("1G").size == 1 << 30);
  CHECK(switch_output("30s").seconds == 30);
  CHECK(switch_output("5m").seconds == 300);
  CHECK(switch_output("1h").seconds == 3600);
  CHECK(switch_output("1d").seconds == 86400);
  CHECK_FALSE(switch_output("1d").by_signal);
}

TEST_CASE("what is no end of a file is refused as usage") {
  for (const char* text : {"5", "0s", "0M", "-5s", "5x", "5MB", "signals", "M", "1.5s",
                           "99999999999999999999G", "99999999999G", "9999999d"}) {
    INFO(text);
    SwitchOutput parsed;
    const auto done = parse_switch_output(text, parsed);
    REQUIRE_FALSE(done);
    CHECK(done.error().exit_code == 2);
  }
}

TEST_CASE("a file's timestamp has hundredths of a second, as perf's") {
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  CHECK(file_timestamp({1795322007, 129999}) == "2026112204332712");
  CHECK(file_timestamp({0, 0}) == "1970010100000000");
  ::unsetenv("TZ");
  ::tzset();
}

TEST_CASE("commands come through FIFOs or descriptors") {
  const auto fifos = parse_control("fifo:/tmp/a,/tmp/b");
  REQUIRE(fifos);
  CHECK(fifos->commands == "/tmp/a");
  CHECK(fifos->acks == "/tmp/b");
  CHECK(parse_control("fifo:a")->acks.empty());
  CHECK(parse_control("fd:3")->commands_fd == 3);
  CHECK(parse_control("fd:3,4")->acks_fd == 4);
  for (const char* text :
       {"", "fifo", "fifo:", "fifo:,b", "fd:", "fd:x", "fd:-1", "fd:3,x", "a,b"}) {
    INFO(text);
    const auto address = parse_control(text);
    REQUIRE_FALSE(address);
    CHECK(address.error().exit_code == 2);
  }
}

TEST_CASE("commands are perf's words, some with one more") {
  CHECK(parse_control_command("enable").verb == ControlVerb::Enable);
  CHECK(parse_control_command("enable sched:sched_switch").argument == "sched:sched_switch");
  CHECK(parse_control_command("disable  x ").argument == "x");
  CHECK(parse_control_command("disable x").verb == ControlVerb::Disable);
  CHECK(parse_control_command("evlist -v").argument == "-v");
  CHECK(parse_control_command("snapshot").verb == ControlVerb::Snapshot);
  CHECK(parse_control_command("stop").verb == ControlVerb::Stop);
  CHECK(parse_control_command("ping").verb == ControlVerb::Ping);
  for (const char* text : {"", " ", "enabled", "stop now", "STOP", "\x01\xff", "pingping"}) {
    INFO(text);
    CHECK(parse_control_command(text).verb == ControlVerb::Unknown);
  }
}

TEST_CASE("a channel takes commands apart, and acknowledges as perf does, with the zero") {
  int commands[2], acks[2];
  REQUIRE(::pipe(commands) == 0);
  REQUIRE(::pipe(acks) == 0);
  ControlAddress address;
  address.commands_fd = commands[0];
  address.acks_fd = acks[1];
  auto channel = ControlChannel::open(address);
  REQUIRE(channel);
  REQUIRE(::write(commands[1], "enable\ndisable\0ping", 19) == 19);
  bool closed = true;
  CHECK(channel->receive(closed) == std::vector<std::string>{"enable", "disable", "ping"});
  CHECK_FALSE(closed);
  channel->acknowledge();
  char ack[16];
  CHECK(::read(acks[0], ack, sizeof ack) == 5);
  CHECK(std::string_view(ack, 5) == std::string_view("ack\n\0", 5));
  ::close(commands[1]);
  CHECK(channel->receive(closed).empty());
  CHECK(closed);
  for (int fd : {commands[0], acks[0], acks[1]}) ::close(fd);
}

TEST_CASE("a line without an end does not grow without end") {
  int commands[2];
  REQUIRE(::pipe(commands) == 0);
  ControlAddress address;
  address.commands_fd = commands[0];
  auto channel = ControlChannel::open(address);
  REQUIRE(channel);
  const std::string text(60000, 'x');
  REQUIRE(::write(commands[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  bool closed = false;
  size_t longest = 0;
  for (int i = 0; i < 118; ++i) {
    for (const std::string& line : channel->receive(closed))
      longest = std::max(longest, line.size());
  }
  CHECK(longest == 4096);
  for (int fd : commands) ::close(fd);
}

TEST_CASE("records of processes are repeated in the next file, samples are not") {
  SidebandWatch watch({::getpid()});
  RecordEncoder before(0), between(0);
  before.comm(1, 1, "early");
  watch.observe(before.view());
  CHECK(watch.take().empty());
  watch.keep();
  between.comm(1, 1, "late");
  between.fork(static_cast<uint32_t>(::getppid()), 1, static_cast<uint32_t>(::getppid()), 1);
  between.lost_samples(3);
  watch.observe(between.view());
  RecordEncoder wanted(0);
  wanted.comm(1, 1, "late");
  wanted.fork(static_cast<uint32_t>(::getppid()), 1, static_cast<uint32_t>(::getppid()), 1);
  const auto kept = watch.take();
  CHECK(std::ranges::equal(kept, wanted.view()));
  watch.observe(between.view());
  CHECK(watch.take().empty());
  CHECK(watch.processes() == std::set<pid_t>{::getpid(), ::getppid()});
}

TEST_CASE("processes that are gone are forgotten") {
  SidebandWatch watch({::getpid(), 0x7ffffff0});
  CHECK(watch.processes() == std::set<pid_t>{::getpid()});
}
