#include <catch2/catch.hpp>

#include "object/address_space.h"

using namespace prof;

namespace {

constexpr DsoId kShell{0}, kProgram{1}, kLibrary{2};

Mapping map(uint64_t start, uint64_t end, DsoId dso, uint64_t offset = 0) {
  return {VirtAddr{start}, VirtAddr{end}, FileOffset{offset}, dso, false};
}

/// The DSO at `addr` of `pid`; invalid if none.
DsoId dso_at(const ProcessTable& table, uint32_t pid, uint64_t time, uint64_t addr) {
  const auto state = table.state_at(pid, pid, time);
  const Mapping* mapping = table.find(state.process, time, VirtAddr{addr});
  return mapping ? mapping->dso : DsoId{};
}

}  // namespace

TEST_CASE("An address is relative to the file through the mapping's offset") {
  const Mapping mapping = map(0x1000, 0x2000, kProgram, 0x400);
  CHECK(mapping.to_dso(VirtAddr{0x1010}) == 0x410);
  CHECK(mapping.contains(VirtAddr{0x1fff}));
  CHECK_FALSE(mapping.contains(VirtAddr{0x2000}));
}

TEST_CASE("The newest mapping at the time of the sample wins, whatever the order of records") {
  ProcessTable table;
  table.add_mapping(5, 300, map(0x1800, 0x2800, kLibrary));  // covers half of the first
  table.add_mapping(5, 100, map(0x1000, 0x2000, kProgram));
  table.finish();
  CHECK_FALSE(dso_at(table, 5, 50, 0x1000).valid());
  CHECK(dso_at(table, 5, 100, 0x1900) == kProgram);
  CHECK(dso_at(table, 5, 300, 0x1900) == kLibrary);
  CHECK(dso_at(table, 5, 300, 0x17ff) == kProgram);
  CHECK(dso_at(table, 5, 300, 0x27ff) == kLibrary);
}

TEST_CASE("A child has its parent's mappings at the fork, until its new image covers them") {
  ProcessTable table;
  table.add_mapping(1, 0, map(0x1000, 0x2000, kShell));
  table.add_fork(2, 1, 2, 1, 100, true);
  table.add_mapping(1, 150, map(0x3000, 0x4000, kLibrary));  // after the fork: the parent's alone
  table.add_comm(2, 2, 200, StringId{9}, true);
  table.add_mapping(2, 210, map(0x5000, 0x6000, kProgram));
  table.add_mapping(2, 230, map(0x1000, 0x1800, kProgram));
  table.finish();
  CHECK(dso_at(table, 2, 120, 0x1000) == kShell);
  CHECK_FALSE(dso_at(table, 2, 160, 0x3000).valid());
  // Inside execve: the return address still lies in the old image.
  CHECK(dso_at(table, 2, 205, 0x1000) == kShell);
  CHECK(dso_at(table, 2, 220, 0x5000) == kProgram);
  CHECK(dso_at(table, 2, 240, 0x1000) == kProgram);
  CHECK(dso_at(table, 1, 220, 0x1000) == kShell);
}

TEST_CASE("A fork whose recorder lists the mappings itself inherits none") {
  ProcessTable table;
  table.add_mapping(1, 0, map(0x1000, 0x2000, kShell));
  table.add_fork(2, 1, 2, 1, 0, false);
  table.finish();
  CHECK_FALSE(dso_at(table, 2, 10, 0x1000).valid());
}

TEST_CASE("A pid that is used again is another process") {
  ProcessTable table;
  table.add_mapping(5, 0, map(0x1000, 0x2000, kProgram));
  table.add_fork(5, 1, 5, 1, 1000, true);
  table.finish();
  CHECK(dso_at(table, 5, 999, 0x1000) == kProgram);
  CHECK_FALSE(dso_at(table, 5, 1000, 0x1000).valid());
  CHECK(table.state_at(5, 5, 999).process != table.state_at(5, 5, 1000).process);
}

TEST_CASE("Names follow exec, prctl and fork in time") {
  ProcessTable table;
  table.add_comm(1, 1, 0, StringId{1}, false);
  table.add_fork(1, 1, 2, 1, 50, true);  // a thread: named as its parent
  table.add_comm(1, 2, 80, StringId{2}, false);
  table.add_comm(1, 1, 90, StringId{3}, true);
  table.finish();
  CHECK(table.state_at(1, 1, 60).comm == StringId{1});
  CHECK(table.state_at(1, 2, 60).comm == StringId{1});
  CHECK(table.state_at(1, 2, 80).comm == StringId{2});
  CHECK(table.state_at(1, 1, 90).comm == StringId{3});
  CHECK_FALSE(table.state_at(9, 9, 60).comm.valid());
}

TEST_CASE("What is told of a thread holds exactly for the span it names") {
  ProcessTable table;
  table.add_comm(1, 1, 10, StringId{1}, false);
  table.add_mapping(1, 20, map(0x1000, 0x2000, kProgram));
  table.add_comm(1, 1, 30, StringId{2}, false);
  table.finish();
  const auto state = table.state_at(1, 1, 25);
  CHECK(state.valid_from == 20);
  CHECK(state.valid_until == 30);
  CHECK(table.state_at(1, 1, 15).version != state.version);
  CHECK(table.state_at(1, 1, 35).version == state.version);
}

TEST_CASE("A mapping told again unchanged does not make another address space") {
  ProcessTable table;
  for (uint64_t time = 1; time <= 1000; ++time) {  // as a JIT's mprotect calls do
    table.add_mapping(1, time, map(0x1000, 0x2000, kProgram));
  }
  table.finish();
  CHECK(table.state_at(1, 1, 5).version == table.state_at(1, 1, 900).version);
}

TEST_CASE("A mapping told again after another covered part of it is the newest") {
  ProcessTable table;
  table.add_mapping(1, 1, map(0x1000, 0x3000, kProgram));
  table.add_mapping(1, 2, map(0x2000, 0x3000, kLibrary));
  table.add_mapping(1, 3, map(0x1000, 0x3000, kProgram));
  table.finish();
  CHECK(dso_at(table, 1, 2, 0x2000) == kLibrary);
  CHECK(dso_at(table, 1, 3, 0x2000) == kProgram);
}

TEST_CASE("A hostile chain of forks is followed to a bound") {
  ProcessTable table;
  table.add_mapping(1, 0, map(0x1000, 0x2000, kShell));
  for (uint32_t pid = 2; pid < 5000; ++pid) table.add_fork(pid, pid - 1, pid, pid - 1, pid, true);
  table.finish();
  CHECK(dso_at(table, 10, 10000, 0x1000) == kShell);
  CHECK_FALSE(dso_at(table, 4999, 10000, 0x1000).valid());
}

TEST_CASE("Generated code and what lies between it are told with how far they reach") {
  ProcessTable table;
  table.add_mapping(5, 0, map(0x1000, 0x9000, kProgram));
  table.add_code(5, 100, map(0x2000, 0x2100, kLibrary));
  table.add_code(5, 200, map(0x2080, 0x20c0, kShell));  // on top of it
  table.add_code(5, 300, map(0x4000, 0x4100, kLibrary));
  table.finish();
  const auto extent_at = [&](uint64_t time, uint64_t addr) {
    return table.find_code_extent(table.state_at(5, 5, time).process, time, VirtAddr{addr});
  };
  const auto check = [&](uint64_t time, uint64_t addr, uint64_t begin, uint64_t end, DsoId dso) {
    const auto extent = extent_at(time, addr);
    CHECK(raw(extent.begin) == begin);
    CHECK(raw(extent.end) == end);
    CHECK((extent.mapping ? extent.mapping->dso : DsoId{}) == dso);
  };
  for (const uint64_t time : {150u, 350u}) {
    const DsoId middle = time == 150 ? kLibrary : kShell;
    check(time, 0x1fff, 0, 0x2000, DsoId{});
    check(time, 0x2000, 0x2000, 0x2080, kLibrary);
    check(time, 0x2090, 0x2080, 0x20c0, middle);
    check(time, 0x20c0, 0x20c0, 0x2100, kLibrary);
    check(time, 0x3000, 0x2100, 0x4000, DsoId{});
    check(time, 0x4050, 0x4000, 0x4100, kLibrary);  // known beforehand
    check(time, 0x5000, 0x4100, UINT64_MAX, DsoId{});
  }
}
