#include <catch2/catch.hpp>

#include "perfdata/attr.h"
#include "support/perf_data_builder.h"

using namespace prof;
using prof::test::AttrSpec;
using prof::test::EndianWriter;

namespace {

perf_event_attr everything() {
  perf_event_attr attr{};
  attr.type = PERF_TYPE_RAW;
  attr.config = 0x1122334455667788;
  attr.sample_freq = 4000;
  attr.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_AUX;
  attr.read_format = PERF_FORMAT_ID;
  attr.disabled = 1;
  attr.exclude_user = 1;
  attr.freq = 1;
  attr.precise_ip = 1;
  attr.sample_id_all = 1;
  attr.comm_exec = 1;
  attr.build_id = 1;
  attr.wakeup_events = 7;
  attr.bp_type = 3;
  attr.config1 = 0x10;
  attr.config2 = 0x20;
  attr.branch_sample_type = 0x30;
  attr.sample_regs_user = 0xff0fff;
  attr.sample_stack_user = 8192;
  attr.clockid = -3;
  attr.sample_regs_intr = 0x40;
  attr.aux_watermark = 0x50;
  attr.sample_max_stack = 127;
  attr.aux_sample_size = 0x60;
  attr.sig_data = 0x70;
  return attr;
}

EventAttr decoded(const perf_event_attr& attr, uint32_t disk_size, bool swap) {
  const auto bytes = EndianWriter(swap).attr(attr, disk_size).take();
  ByteReader in(bytes, swap);
  auto event = decode_attr(in, bytes.size());
  REQUIRE(event);
  CHECK(in.at_end());
  return *event;
}

}  // namespace

TEST_CASE("an attribute comes back field for field in either byte order") {
  const bool swap = GENERATE(false, true);
  perf_event_attr expected = everything();
  const EventAttr event = decoded(expected, sizeof expected, swap);
  expected.size = sizeof expected;
  CHECK(std::memcmp(&event.attr, &expected, sizeof expected) == 0);
  CHECK(event.recorded_size == sizeof expected);
}

TEST_CASE("precise_ip is a number, not two flags, in a file of the other byte order") {
  perf_event_attr attr{};
  attr.precise_ip = GENERATE(0, 1, 2, 3) & 3;
  CHECK(decoded(attr, 128, true).attr.precise_ip == attr.precise_ip);
}

TEST_CASE("an attribute shorter than ours is extended by zeros") {
  const EventAttr event = decoded(everything(), PERF_ATTR_SIZE_VER0, false);
  CHECK(event.recorded_size == 64);
  CHECK(event.attr.config1 == 0x10);
  CHECK(event.attr.config2 == 0);
  CHECK(event.attr.sample_regs_user == 0);
}

TEST_CASE("an attribute longer than ours is consumed whole") {
  CHECK(decoded(everything(), 144, false).attr.sig_data == 0x70);
}

TEST_CASE("what is set beyond all known fields of an attribute is noticed") {
  CHECK_FALSE(decoded(everything(), 160, false).has_unknown);
  EndianWriter out;
  auto bytes = out.attr(everything(), 160).take();
  bytes[140] = std::byte{1};  // config4
  ByteReader known(bytes);
  CHECK_FALSE(decode_attr(known, bytes.size())->has_unknown);
  bytes[159] = std::byte{1};
  ByteReader later(bytes);
  CHECK(decode_attr(later, bytes.size())->has_unknown);
}

TEST_CASE("bytes after the attribute's own size are left to the caller") {
  EndianWriter out;
  out.attr(everything(), 112).u64(0xabcd);
  const auto bytes = out.take();
  ByteReader in(bytes);
  REQUIRE(decode_attr(in, bytes.size()));
  CHECK(in.u64() == 0xabcd);
}

TEST_CASE("an attribute of size 0 takes what is available") {
  EndianWriter out;
  out.u32(1).u32(0).u64(2).zeros(48);
  const auto bytes = out.take();
  ByteReader in(bytes);
  auto event = decode_attr(in, bytes.size());
  REQUIRE(event);
  CHECK(event->recorded_size == 64);
  CHECK(event->attr.config == 2);
}

TEST_CASE("an attribute that is cut, too small or too large is an error") {
  const auto bytes = EndianWriter().attr(everything(), 128).take();
  for (size_t size = 0; size < bytes.size(); ++size) {
    const std::vector<std::byte> cut(bytes.begin(), bytes.begin() + static_cast<long>(size));
    ByteReader in(cut);
    CHECK_FALSE(decode_attr(in, cut.size()));
  }
  const uint32_t stated = GENERATE(1u, 63u, 129u, UINT32_MAX);
  auto wrong = bytes;
  std::memcpy(wrong.data() + 4, &stated, 4);
  ByteReader in(wrong);
  CHECK_FALSE(decode_attr(in, wrong.size()));
}

TEST_CASE("events without a name in the file get perf's") {
  const auto name = [](uint32_t type, uint64_t config) {
    perf_event_attr attr{};
    attr.type = type;
    attr.config = config;
    attr.exclude_guest = 1;
    return event_name_from(attr);
  };
  CHECK(name(PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES) == "cycles");
  CHECK(name(PERF_TYPE_HARDWARE, PERF_COUNT_HW_REF_CPU_CYCLES) == "ref-cycles");
  CHECK(name(PERF_TYPE_HARDWARE, 0x400000001) == "instructions");
  CHECK(name(PERF_TYPE_HARDWARE, 99) == "unknown-hardware");
  CHECK(name(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK) == "cpu-clock");
  CHECK(name(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CGROUP_SWITCHES) == "cgroup-switches");
  CHECK(name(PERF_TYPE_SOFTWARE, 12) == "unknown-software");
  CHECK(name(PERF_TYPE_HW_CACHE, 0x10000) == "L1-dcache-load-misses");
  CHECK(name(PERF_TYPE_HW_CACHE, 0x103) == "dTLB-stores");
  CHECK(name(PERF_TYPE_HW_CACHE, 0x20000) == "unknown-ext-hardware-cache-type");
  CHECK(name(PERF_TYPE_RAW, 0x1a) == "raw 0x1a");
  CHECK(name(PERF_TYPE_TRACEPOINT, 314) == "tracepoint:314");
  CHECK(name(77, 0) == "unknown attr type: 77");
}

TEST_CASE("modifiers say which levels are counted and how precisely") {
  perf_event_attr attr{};
  attr.type = PERF_TYPE_HARDWARE;
  attr.exclude_guest = 1;
  attr.precise_ip = 2;
  // With a modifier, guests are excluded only if asked for, and perf then says what is left.
  CHECK(event_name_from(attr) == "cycles:ppH");
  attr.exclude_guest = 0;
  CHECK(event_name_from(attr) == "cycles:pp");
  attr.precise_ip = 0;
  CHECK(event_name_from(attr) == "cycles:HG");
  attr.exclude_kernel = attr.exclude_hv = 1;
  CHECK(event_name_from(attr) == "cycles:u");
  attr.type = PERF_TYPE_BREAKPOINT;
  attr.bp_addr = 0x1000;
  attr.bp_type = 3;
  CHECK(event_name_from(attr) == "mem:0x1000:rw:u");
}

TEST_CASE("ids lead to their event; with one event, all do") {
  EventTable one;
  CHECK(one.index_of(5) == 0);
  EventAttr event;
  event.ids = {10, 11};
  one.add(event);
  CHECK(one.index_of(10) == 0);
  CHECK(one.index_of(999) == 0);
  event.ids = {20};
  one.add(event);
  CHECK(one.index_of(11) == 0);
  CHECK(one.index_of(20) == 1);
  CHECK(one.index_of(999) == 2);
  one.map_id(999, 1);
  CHECK(one.index_of(999) == 1);
}
