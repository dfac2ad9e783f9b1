#include <fcntl.h>

#include <catch2/catch.hpp>
#include <string>

#include "support/elf_builder.h"
#include "support/jitdump_builder.h"
#include "symbolize/jitdump.h"

using namespace prof;
using test::JitDumpBuilder;

namespace {

std::string name_at(const JitDump& dump, uint64_t position) {
  const SymbolTable table = dump.symbols();
  const uint32_t index = table.find(position);
  return index == SymbolTable::kNotFound ? "-" : std::string(table.name(index));
}

std::string line_at(const JitDump& dump, uint64_t position) {
  const auto line = dump.line_of(position);
  if (!line) return "-";
  return std::string(line->file) + ":" + std::to_string(line->line) + ":" +
         std::to_string(line->column);
}

/// An entry of four bytes, 0: a CIE as far as the reader looks.
constexpr std::string_view kFrames("\4\0\0\0\0\0\0\0", 8);

std::string_view frames_of(const JitDump& dump, size_t function) {
  const auto bytes = dump.eh_frame(dump.functions()[function]);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

JitDump parsed(const std::vector<std::byte>& bytes) {
  auto dump = JitDump::parse(bytes, "jit-7.dump");
  REQUIRE(dump);
  return std::move(*dump);
}

}  // namespace

TEST_CASE("A jitdump of either byte order tells functions, when they came, and their lines") {
  const bool swap = GENERATE(false, true);
  JitDumpBuilder builder(7, swap, 50, 0, 1, 48);
  builder.debug_info(0x1000, {{0x1000, 10, 0, "a.js"},
                              {0x1008, 12, 3, "\xff"},  // the same file
                              {0x1004, 11, 0, "b.js"}});
  builder.unwinding_info("header", kFrames);
  const uint64_t first = builder.load(100, 0x1000, 0x10, "first", 1);
  const uint64_t second = builder.load(200, 0x2000, 0x20, "second(int, char)", 2);
  builder.move(300, 0x2000, 0x1000, 0x20, 2);
  builder.close();
  const JitDump dump = parsed(builder.bytes());
  CHECK(dump.problem().empty());
  CHECK(dump.header().pid == 7);
  CHECK(dump.header().time == 50);
  CHECK(dump.header().machine == 62);
  CHECK_FALSE(dump.header().arch_timestamp);

  REQUIRE(dump.functions().size() == 2);
  CHECK(dump.functions()[0].code.position == first);
  CHECK(frames_of(dump, 0) == (swap ? "" : kFrames));  // nothing unwinds another byte order
  CHECK(frames_of(dump, 1).empty());
  REQUIRE(dump.codes().size() == 3);
  CHECK(dump.codes()[0].address == 0x1000);
  CHECK(dump.codes()[0].time == 100);
  CHECK(dump.codes()[2].address == 0x1000);
  CHECK(dump.codes()[2].time == 300);
  CHECK(dump.codes()[2].function == 1);

  CHECK(name_at(dump, first) == "first");
  CHECK(name_at(dump, first + 0xf) == "first");
  CHECK(name_at(dump, first + 0x10) == "-");
  CHECK(name_at(dump, second + 0x1f) == "second(int, char)");
  CHECK(line_at(dump, first) == "a.js:10:0");
  CHECK(line_at(dump, first + 5) == "b.js:11:0");
  CHECK(line_at(dump, first + 9) == "a.js:12:3");
  CHECK(line_at(dump, first + 0x10) == "-");
  CHECK(line_at(dump, second) == "-");
  CHECK(line_at(dump, 0) == "-");
}

TEST_CASE("Debug information is that of the load that follows, if it is of the same address") {
  JitDumpBuilder builder;
  builder.debug_info(0x1000, {{0x1000, 1, 0, "a"}});
  const uint64_t other = builder.load(1, 0x2000, 4, "other");
  const uint64_t late = builder.load(2, 0x1000, 4, "late");
  builder.debug_info(0x3000, {{0x3001, 3, 0, "c"}});
  const uint64_t partly = builder.load(3, 0x3000, 4, "partly");
  const JitDump dump = parsed(builder.bytes());
  CHECK(line_at(dump, other) == "-");
  CHECK(line_at(dump, late) == "-");
  CHECK(line_at(dump, partly) == "-");  // the first line begins further on
  CHECK(line_at(dump, partly + 1) == "c:3:0");
}

TEST_CASE("Lines that all begin an ELF header too late, as V8's do, are put where they belong") {
  JitDumpBuilder builder;
  builder.debug_info(0x1000, {{0x1040, 1, 0, "a"}, {0x1048, 2, 0, "a"}, {5, 9, 0, "stray"}});
  const uint64_t first = builder.load(1, 0x1000, 0x100, "first");
  builder.debug_info(0x2000, {{0x2044, 3, 0, "b"}});
  const uint64_t second = builder.load(2, 0x2000, 0x10, "second");
  const JitDump dump = parsed(builder.bytes());
  CHECK(line_at(dump, first) == "a:1:0");
  CHECK(line_at(dump, first + 8) == "a:2:0");
  CHECK(line_at(dump, second + 3) == "-");
  CHECK(line_at(dump, second + 4) == "b:3:0");
}

TEST_CASE("Unwinding information is that of the load that follows, in either order of its parts") {
  JitDumpBuilder builder;
  builder.unwinding_info("\1\x1b\3\x3b____", kFrames);
  builder.load(1, 0x1000, 4, "as specified");
  builder.load(2, 0x2000, 4, "none");
  auto other = builder.payload();  // as V8 writes and perf reads it
  other.u64(kFrames.size() + 12).u64(12).u64(0).text(kFrames).text("\1\x1b\3\x3b________");
  builder.record(4, 1, other.view());
  builder.load(3, 0x3000, 4, "the other way round");
  builder.unwinding_info("\1\x1b\3\x3b____", {});  // V8's for code that has none
  builder.load(4, 0x4000, 4, "empty");
  const JitDump dump = parsed(builder.bytes());
  CHECK(dump.problem().empty());
  REQUIRE(dump.functions().size() == 4);
  CHECK(frames_of(dump, 0) == kFrames);
  CHECK(frames_of(dump, 1).empty());
  CHECK(frames_of(dump, 2) == kFrames);
  CHECK(frames_of(dump, 3).empty());
}

TEST_CASE("Unwinding information that is none, or claims more than there is, is not taken") {
  JitDumpBuilder builder;
  const auto info = [&](uint64_t size, uint64_t header_size, std::string_view bytes) {
    auto body = builder.payload();
    body.u64(size).u64(header_size).u64(0).text(bytes);
    builder.record(4, 1, body.view());
    builder.load(1, 0x1000, 4, "f");
  };
  info(kFrames.size() + 1, 0, kFrames);
  info(UINT64_MAX, 0, kFrames);
  info(UINT64_MAX, UINT64_MAX - 8, kFrames);
  info(kFrames.size(), kFrames.size() + 1, kFrames);
  info(7, 0, kFrames.substr(0, 7));
  info(8, 0, std::string_view("\5\0\0\0\0\0\0\0", 8));  // longer than it is
  info(8, 0, std::string_view("\3\0\0\0\0\0\0\0", 8));  // too short for what it is
  info(8, 0, std::string_view("\4\0\0\0\1\0\0\0", 8));  // no CIE
  info((1 << 20) + 8, 0, std::string(kFrames) + std::string(1 << 20, '\0'));
  const JitDump dump = parsed(builder.bytes());
  CHECK(dump.functions().size() == 9);
  for (size_t i = 0; i < dump.functions().size(); ++i) CHECK(frames_of(dump, i).empty());
  CHECK(dump.problem() == "jit-7.dump: records that could not be read and were skipped: 9");
}

TEST_CASE("What is no jitdump, or one of the future, is refused") {
  CHECK_FALSE(JitDump::parse({}, "empty"));
  CHECK_FALSE(
      JitDump::parse(test::bytes_of("not a jitdump, but long enough to have a header"), "x"));
  const auto newer = JitDump::parse(JitDumpBuilder(7, false, 0, 0, 2).bytes(), "newer");
  REQUIRE_FALSE(newer);
  CHECK(newer.error().message == "'newer' is a jitdump of version 2, which is not known");
  CHECK_FALSE(JitDump::parse(JitDumpBuilder(7, false, 0, 0, 1, 39).bytes(), "short header"));
  CHECK(parsed(JitDumpBuilder(7, false, 0, 1).bytes()).header().arch_timestamp);
}

TEST_CASE("Impossible records of a jitdump are skipped and counted") {
  JitDumpBuilder builder;
  const auto load = [&](uint64_t address, uint64_t size, std::string_view rest) {
    auto body = builder.payload();
    body.u32(7).u32(7).u64(address).u64(address).u64(size).u64(9).text(rest);
    builder.record(0, 1, body.view());
  };
  load(0x1000, 100, "name");                            // more code than there is
  load(UINT64_MAX, 4, std::string_view("n\0code", 6));  // beyond the end of memory
  load(0x1000, UINT64_MAX, std::string_view("n\0", 2));
  load(0x1000, 4, std::string_view("\0code", 5));  // without a name
  builder.record(0, 1, {});
  builder.move(1, 0x1000, 0x2000, 4, 77);  // of nothing
  builder.record(1, 1, {});
  builder.record(2, 1, {});
  auto many = builder.payload();
  many.u64(0x1000).u64(UINT64_MAX).u64(0x1000).u32(1).u32(0).text("a").u8(0);
  builder.record(2, 1, many.view());
  auto unwinding = builder.payload();
  unwinding.u64(100).u64(200).u64(0);
  builder.record(4, 1, unwinding.view());
  builder.record(4, 1, {});
  builder.record(1234, 1, test::bytes_of("of a later version"));
  load(0x5000, 0, std::string_view("empty\0", 6));  // allowed, and of no use
  const uint64_t good = builder.load(1, 0x1000, 4, "good");
  const JitDump dump = parsed(builder.bytes());
  CHECK(dump.functions().size() == 1);
  CHECK(name_at(dump, good) == "good");
  CHECK(dump.problem() == "jit-7.dump: records that could not be read and were skipped: 11");
}

TEST_CASE("A jitdump cut at any byte is read up to there") {
  JitDumpBuilder builder;
  builder.debug_info(0x1000, {{0x1000, 10, 0, "a.js"}});
  builder.load(100, 0x1000, 0x10, "first", 1);
  const size_t first_end = builder.bytes().size();
  builder.load(200, 0x2000, 0x20, "second", 2);
  builder.move(300, 0x2000, 0x1000, 0x20, 2);
  const auto bytes = builder.bytes();
  for (size_t size = 0; size < bytes.size(); ++size) {
    const auto dump = JitDump::parse(std::span(bytes).first(size), "cut");
    if (size < 40) {
      CHECK_FALSE(dump);
      continue;
    }
    REQUIRE(dump);
    CHECK(dump->functions().size() <= 2);
    if (size >= first_end) CHECK(dump->codes().size() >= 1);
  }
  const auto cut = JitDump::parse(std::span(bytes).first(first_end + 3), "cut");
  REQUIRE(cut);
  CHECK(cut->problem() == "cut: only its beginning was read: it ends within a record");
  JitDumpBuilder wrong;
  wrong.record(0, 1, {}, 15);
  CHECK(parsed(wrong.bytes()).problem() ==
        "jit-7.dump: only its beginning was read: at 0x28 there is no record");
}

TEST_CASE("A jitdump is read from a file in parts") {
  JitDumpBuilder builder;
  std::vector<uint64_t> positions;
  // Code larger than what is read at once, which is not read at all.
  for (uint64_t i = 0; i < 40; ++i) {
    builder.debug_info(i << 20, {{(i << 20) + 1, static_cast<uint32_t>(i), 0, "file"}});
    positions.push_back(builder.load(i, i << 20, i * 7919, "function " + std::to_string(i), i));
  }
  const auto bytes = builder.bytes();
  const std::string path = test::write_temporary("jit-7.dump", bytes);
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const auto dump = JitDump::read(fd, path);
  REQUIRE(dump);
  CHECK(dump->problem().empty());
  CHECK(dump->functions().size() == 39);  // the first is empty
  for (uint64_t i = 1; i < 40; ++i) {
    CHECK(name_at(*dump, positions[i] + 5) == "function " + std::to_string(i));
    CHECK(line_at(*dump, positions[i] + 5) == "file:" + std::to_string(i) + ":0");
  }
}
