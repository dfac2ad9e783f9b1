#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>

#include "support/elf_builder.h"
#include "symbolize/perf_map.h"
#include "symbolize/process_files.h"

using namespace prof;

namespace {

PerfMap parse(std::string_view text) {
  return parse_perf_map(std::vector<char>(text.begin(), text.end()));
}

Result<PerfMap> load_perf_map(const std::string& path, bool any_owner = false) {
  const auto fd = open_process_file({}, path, any_owner);
  if (!fd) return tl::unexpected(fd.error());
  return read_perf_map(*fd, path);
}

std::string name_at(const PerfMap& map, uint64_t address) {
  const uint32_t index = map.symbols.find(address);
  return index == SymbolTable::kNotFound ? "-" : std::string(map.symbols.name(index));
}

}  // namespace

TEST_CASE("A perf map's lines are start, size and a name with blanks") {
  const PerfMap map = parse(
      "10000 100 first fn\n"
      "10100 80 second  fn with <angle, brackets>\n"
      "0x10200 0x40 prefixed\n"
      "  10700 10 leading\n"
      "10800 10 \ttab\n"
      "10900 10 crlf\r\n"
      "10A00 1F upper\n"
      "10b00 0 zero\n"
      "10c00 10 _ZN3fooE\n"
      "10d00 10 last without newline");
  CHECK(map.bad_lines == 0);
  CHECK(name_at(map, 0x10000) == "first fn");
  CHECK(name_at(map, 0x100ff) == "first fn");
  CHECK(name_at(map, 0x10100) == "second  fn with <angle, brackets>");
  CHECK(name_at(map, 0x10180) == "-");
  CHECK(name_at(map, 0x1023f) == "prefixed");
  CHECK(name_at(map, 0x10240) == "-");
  CHECK(name_at(map, 0x10700) == "leading");
  CHECK(name_at(map, 0x10800) == "tab");
  CHECK(name_at(map, 0x10900) == "crlf");
  CHECK(name_at(map, 0x10a1e) == "upper");
  CHECK(name_at(map, 0x10a1f) == "-");
  CHECK(name_at(map, 0x10b00) == "zero");
  CHECK(name_at(map, 0x10b01) == "-");
  CHECK(name_at(map, 0x10c00) == "_ZN3fooE");
  CHECK(name_at(map, 0x10d0f) == "last without newline");
}

TEST_CASE("The last line of a perf map wins where code was replaced") {
  const PerfMap map = parse(
      "1000 100 old\n"
      "1020 20 inner\n"
      "3000 40 first tier\n"
      "3000 80 second tier\n"
      "2000 20 inner\n"
      "2000 100 covering\n");
  CHECK(name_at(map, 0x1010) == "old");
  CHECK(name_at(map, 0x1020) == "inner");
  CHECK(name_at(map, 0x1040) == "old");
  CHECK(name_at(map, 0x3000) == "second tier");
  CHECK(name_at(map, 0x2010) == "covering");
}

TEST_CASE("Lines of a perf map that are none are skipped and counted") {
  const PerfMap map = parse(
      "garbage\n"
      "\n"
      "1000\n"
      "1000 10\n"
      "1000 10 \n"
      "1000 zz name\n"
      "-1000 10 name\n"
      "10000000000000000 10 too large\n"
      "1000 10name\n"
      "fffffffffffffff0 20 past the end\n"
      "ffffffffffffffff 0 behind the last address\n"
      "ffffffffffffffff 40 past the end\n"
      "2000 10 good\n");
  CHECK(map.bad_lines == 11);
  CHECK(parse(std::string_view("1000 10 \0x\n", 11)).bad_lines == 1);
  CHECK(map.symbols.size() == 1);
  CHECK(name_at(map, 0x2000) == "good");
  CHECK(parse("").symbols.empty());
  CHECK(parse(std::string_view("\0\0\n\0 1 x\n", 9)).symbols.empty());
}

TEST_CASE("A perf map cut at any byte is read up to there") {
  const std::string_view text = "1000 10 alpha\n0x2000 0x10 beta gamma\n";
  for (size_t size = 0; size <= text.size(); ++size) {
    const PerfMap map = parse(text.substr(0, size));
    CHECK(map.symbols.size() + map.bad_lines <= 2);
    if (size >= 14) CHECK(name_at(map, 0x1000) == "alpha");
  }
}

TEST_CASE("Only a regular perf map of the user or of root is read") {
  const std::string path = test::write_temporary("perf-1.map", test::bytes_of("1000 10 name\n"));
  const auto map = load_perf_map(path);
  REQUIRE(map);
  CHECK(name_at(*map, 0x1000) == "name");
  CHECK_FALSE(map->truncated);

  const std::string fifo = path + ".fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  const auto from_fifo = load_perf_map(fifo);  // must not wait for a writer
  REQUIRE_FALSE(from_fifo);
  CHECK(from_fifo.error().message == "'" + fifo + "' is not a regular file");
  CHECK_FALSE(load_perf_map("/"));
  CHECK_FALSE(load_perf_map("/nonexistent"));

  if (::geteuid() == 0) {
    REQUIRE(::chown(path.c_str(), 12345, static_cast<gid_t>(-1)) == 0);
    const auto foreign = load_perf_map(path);
    REQUIRE_FALSE(foreign);
    CHECK(foreign.error().message.find("belongs to user 12345") != std::string::npos);
    CHECK(load_perf_map(path, true));
    LiveProcess process;
    process.user = 12345;
    CHECK(open_process_file(process, path, false));
  }
}
