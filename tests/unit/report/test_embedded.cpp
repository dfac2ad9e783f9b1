#include <catch2/catch.hpp>

#include "report/embedded.h"

using namespace prof;

namespace {

BuildId id_of(uint8_t first) {
  BuildId id;
  id.size = BuildId::kMaxSize;
  id.bytes[0] = std::byte{first};
  return id;
}

RecordedName name_of(std::string_view name, uint64_t start) {
  RecordedName made;
  made.name = name;
  made.start = start;
  made.end = start + 16;
  made.mangled = true;
  return made;
}

std::vector<std::byte> sample_payload() {
  EmbeddedWriter writer;
  const std::vector<RecordedCall> calls{{"_Z5inneri", "/src/a.cpp", 12, true},
                                        {"_Z5outeri", "/src/a.cpp", 30, false}};
  writer.add_name("/bin/app", id_of(1), 0x1010, name_of("_Z5outeri", 0x1000), calls);
  writer.add_name("/bin/app", id_of(2), 0x1010, name_of("other", 0x1000), {});
  RecordedName missed;
  missed.miss = 5;
  writer.add_name("[kernel.kallsyms]", {}, 0xffffffff81000000, missed, {});
  const std::vector<uint64_t> chain{1, 2, 3};
  writer.add_chain(20, 7, chain);
  writer.add_chain(10, 8, std::vector<uint64_t>{});
  writer.add_chain(10, 7, chain);
  auto payload = writer.finish();
  REQUIRE(payload);
  return std::move(*payload);
}

Dso dso_of(std::string name, const BuildId& id) {
  Dso dso;
  dso.name = std::move(name);
  dso.build_id = id;
  return dso;
}

}  // namespace

TEST_CASE("what was embedded comes back") {
  const auto payload = sample_payload();
  const auto embedded = Embedded::read(payload);
  REQUIRE(embedded);
  const RecordedNames& names = (*embedded)->names();
  const RecordedName* name = names.find(dso_of("/bin/app", id_of(1)), 0x1010);
  REQUIRE(name);
  CHECK(name->name == "_Z5outeri");
  CHECK(name->start == 0x1000);
  CHECK(name->end == 0x1010);
  CHECK(name->mangled);
  const auto calls = names.calls_of(*name);
  REQUIRE(calls.size() == 2);
  CHECK(calls[0].name == "_Z5inneri");
  CHECK(calls[0].inlined);
  CHECK(calls[0].line == 12);
  CHECK(calls[1].file == "/src/a.cpp");
  CHECK_FALSE(calls[1].inlined);
  CHECK(names.find(dso_of("/bin/app", id_of(2)), 0x1010)->name == "other");
  CHECK(names.find(dso_of("/bin/app", id_of(1)), 0x1011) == nullptr);
  CHECK(names.knows(dso_of("/bin/app", id_of(1))));
  CHECK_FALSE(names.knows(dso_of("/bin/app", id_of(3))));
  CHECK(names.find(dso_of("[kernel.kallsyms]", {}), 0xffffffff81000000)->miss == 5);

  CHECK((*embedded)->has_chains());
  CHECK((*embedded)->chain(10, 7).size() == 3);
  CHECK((*embedded)->chain(20, 7)[2] == 3);
  CHECK((*embedded)->chain(10, 8).empty());
  CHECK((*embedded)->chain(15, 7).empty());
}

TEST_CASE("equal input is equal output") {
  CHECK(sample_payload() == sample_payload());
}

TEST_CASE("a damaged content is an error, never more") {
  const auto payload = sample_payload();
  for (size_t size = 0; size < payload.size(); ++size) {
    CHECK_FALSE(Embedded::read(std::span(payload).first(size)));
  }
  for (size_t at = 0; at < payload.size(); ++at) {
    auto other = payload;
    other[at] ^= std::byte{0x41};
    (void)Embedded::read(other);  // whatever it is, it is no crash
  }
  CHECK_FALSE(Embedded::read({}));
}
