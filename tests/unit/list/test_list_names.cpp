#include <catch2/catch.hpp>
#include <map>
#include <string>

#include "common/byte_writer.h"
#include "list/event_list.h"
#include "list/kinds.h"
#include "record/event_spec.h"
#include "support/elf_builder.h"

using namespace prof;
using namespace prof::test;

namespace {

/// Each as -e takes it: one event of that name.
std::map<std::string, size_t, std::less<>> accepted(const std::vector<ListedEvent>& events) {
  std::map<std::string, size_t, std::less<>> by_kind;
  for (const ListedEvent& event : events) {
    // Those of a PMU have values to fill in; names of tracepoints may be hidden from this user.
    if (event.kind == "raw" || event.name == kUnreadable) continue;
    const auto specs = parse_events(event.name);
    INFO(event.name << (specs ? "" : ": " + specs.error().message));
    REQUIRE(specs);
    REQUIRE(specs->size() == 1);
    CHECK(specs->front().name == event.name);
    ++by_kind[std::string(event.kind)];
  }
  return by_kind;
}

}  // namespace

TEST_CASE("every name that is listed is an event that can be asked for") {
  const auto events = list_events({});
  REQUIRE(events);
  const auto by_kind = accepted(*events);
  CHECK(by_kind.at("hardware") == 10);
  CHECK(by_kind.at("cache") == 32);
  CHECK(by_kind.at("software") == 12);
}

TEST_CASE("static probes that are listed can be asked for by that name") {
  ElfBuilder elf;
  ByteWriter notes;
  for (const std::string_view strings :
       {std::string_view("demo\0begin\0\0", 12), std::string_view("demo\0end\0\0", 10),
        std::string_view("other\0end\0\0", 11)}) {
    elf.put(notes, uint32_t{8});
    elf.put(notes, static_cast<uint32_t>(24 + strings.size()));
    elf.put(notes, uint32_t{3});
    notes.text("stapsdt").u8(0);
    for (const uint64_t word : {uint64_t{0x1010}, uint64_t{0}, uint64_t{0}}) {
      elf.put_word(notes, word);
    }
    notes.text(strings).align(4);
  }
  elf.load(elf.section({.name = ".text", .addr = 0x1000, .content = std::vector<std::byte>(64)}));
  elf.section({.name = ".note.stapsdt", .type = SHT_NOTE, .flags = 0, .content = notes.take()});
  const std::string path = write_temporary("listed", elf.bytes());
  ListOptions options;
  options.words = {"usdt:" + path};
  const auto events = list_events(options);
  REQUIRE(events);
  CHECK(events->size() == 3);
  const bool has_uprobes = parse_events(events->front().name).has_value();
  if (has_uprobes) CHECK(accepted(*events).at("usdt") == 3);
}
