#include <catch2/catch.hpp>
#include <string>

#include "object/proc_maps.h"

using namespace prof;

TEST_CASE("a line of /proc/PID/maps gives its fields") {
  const auto entry = parse_proc_maps_line(
      "7f967f085000-7f967f0ab000 r-xp 00001000 fe:10 332383                     /usr/lib/ld.so");
  REQUIRE(entry);
  CHECK(entry->start == 0x7f967f085000);
  CHECK(entry->end == 0x7f967f0ab000);
  CHECK(entry->offset == 0x1000);
  CHECK(entry->major == 0xfe);
  CHECK(entry->minor == 0x10);
  CHECK(entry->inode == 332383);
  CHECK(entry->readable);
  CHECK_FALSE(entry->writable);
  CHECK(entry->executable);
  CHECK_FALSE(entry->shared);
  CHECK(entry->name == "/usr/lib/ld.so");
}

TEST_CASE("names may be absent or hold blanks") {
  CHECK(parse_proc_maps_line("1000-2000 rwxs 00000000 00:00 0 ")->name.empty());
  CHECK(parse_proc_maps_line("1000-2000 rwxs 00000000 00:00 0")->name.empty());
  CHECK(parse_proc_maps_line("1000-2000 rwxs 00000000 00:00 0")->shared);
  CHECK(parse_proc_maps_line("1000-2000 r-xp 00000000 00:00 7   /a b (deleted)")->name ==
        "/a b (deleted)");
  CHECK(
      parse_proc_maps_line("ffffffffff600000-ffffffffff601000 --xp 0 00:00 0  [vsyscall]")->name ==
      "[vsyscall]");
}

TEST_CASE("a line cut anywhere before its inode is refused, and never read past its end") {
  const std::string line = "1000-2000 r-xp 00000000 fe:00 77";
  for (size_t size = 0; size + 1 < line.size(); ++size) {
    const std::string cut = line.substr(0, size);  // of its own, for the sanitizer to see
    INFO(cut);
    CHECK_FALSE(parse_proc_maps_line(cut));
  }
  CHECK(parse_proc_maps_line(line));
}

TEST_CASE("hostile lines are refused") {
  for (const char* line :
       {"", "-", "1000", "2000-1000 r-xp 0 0:0 0", "1000-1000 r-xp 0 0:0 0",
        "10000000000000000-2 r-xp 0 0:0 0", "1000-2000 r-x 0 0:0 0", "1000-2000 r-xpp 0 0:0 0",
        "1000-2000 r-xp 0 fe00 0", "1000-2000 r-xp 0 0:0 x", "1000-2000 r-xp 0 0:0 7x", " 1-2 r-xp",
        "1000-2000 r-xp -1 0:0 0", "1000-2000 r-xp 0 1ffffffff:0 0"}) {
    INFO(line);
    CHECK_FALSE(parse_proc_maps_line(line));
  }
}

TEST_CASE("bad lines among good ones are skipped") {
  int count = 0;
  for_each_proc_map("1000-2000 r-xp 0 0:0 0 /a\ngarbage\n\n3000-4000 r-xp 0 0:0 0 /b",
                    [&](const ProcMapsEntry& entry) {
                      CHECK(entry.name == (count == 0 ? "/a" : "/b"));
                      ++count;
                    });
  CHECK(count == 2);
}
