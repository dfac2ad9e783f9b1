#include <stdlib.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>

#include "support/cfi_builder.h"
#include "support/elf_builder.h"
#include "unwind/table_builder.h"
#include "unwind/table_cache.h"
#include "unwind/unwind_module.h"

using namespace prof;
using test::CfiBuilder;
using test::ElfBuilder;
namespace fs = std::filesystem;

namespace {

constexpr uint64_t kText = 0x401000;
constexpr uint64_t kEhFrame = 0x500000;

const test::Bytes kPush = {0x41, 0x0e, 16, 0x86, 2, 0x43, 0x0d, 6};  // push rbp; mov rsp, rbp

enum class HasId : bool { No, Yes };

/// A file with that many functions, of four rows each.
std::vector<std::byte> elf_with(size_t functions, HasId has_id = HasId::Yes) {
  CfiBuilder cfi(kEhFrame);
  cfi.cie();
  for (size_t i = 0; i < functions; ++i) {
    const test::Bytes call = {0x41, 0x0e, static_cast<uint8_t>(16 + i % 7 * 8)};
    cfi.fde(kText + i * 32, 24, i % 2 == 0 ? kPush : call);
  }
  ElfBuilder elf;
  elf.machine(EM_X86_64);
  elf.load(elf.section({".text", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, kText,
                        std::vector<std::byte>(functions * 32, std::byte{0x90})}));
  elf.load(elf.section({".eh_frame", SHT_PROGBITS, SHF_ALLOC, kEhFrame, cfi.bytes()}));
  if (has_id == HasId::Yes) elf.build_id("\x01\x02\x03\x04");
  return elf.bytes();
}

struct Built {
  explicit Built(size_t functions) : image(elf_with(functions)) {
    auto parsed = ElfFile::parse(image, "test");
    REQUIRE(parsed);
    file = std::move(*parsed);
    auto made = build_unwind_table(file, rules);
    REQUIRE(made);
    table = std::move(*made);
    bytes = encode_unwind_table(table, rules);
  }
  std::vector<std::byte> image;
  ElfFile file;
  RuleDictionary rules;
  UnwindTable table;
  std::vector<std::byte> bytes;
};

/// A dictionary that has other rules before those of any table here.
struct OtherRules {
  OtherRules() {
    for (int i = 0; i < 100; ++i) {
      unwind_rule rule{};
      rule.cfa_kind = UNWIND_CFA_SP;
      rule.cfa_offset = -i;
      rules.intern(rule);
    }
  }
  RuleDictionary rules;
};

void check_same(const Built& built, const UnwindTable& table, const RuleDictionary& rules) {
  REQUIRE(table.page_count() == built.table.page_count());
  CHECK(table.counts().rows == built.table.counts().rows);
  CHECK(table.counts().fdes == built.table.counts().fdes);
  CHECK(table.counts().has_cfi == built.table.counts().has_cfi);
  bool same = true;
  const uint64_t end = kText + built.table.page_count() * 4096 + 4096;
  for (uint64_t at = kText - 4096; at < end; ++at) {
    const ElfAddr addr{at};
    same = same && same_rule(rules[table.find(addr)], built.rules[built.table.find(addr)]);
  }
  CHECK(same);
}

template <class T>
std::vector<std::byte> with(std::vector<std::byte> bytes, size_t at, T value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
  return bytes;
}

struct Scratch {
  std::string path;
  Scratch() {
    char name[] = "/tmp/prof-tables-XXXXXX";
    REQUIRE(::mkdtemp(name));
    path = name;
  }
  ~Scratch() { fs::remove_all(path); }
};

size_t entries(const std::string& folder) {
  return static_cast<size_t>(
      std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

}  // namespace

TEST_CASE("A kept table says the same of each address, whatever numbers its rules get") {
  const Built built(1000);
  OtherRules other;
  const auto table = decode_unwind_table(built.bytes, other.rules);
  REQUIRE(table);
  check_same(built, *table, other.rules);
  CHECK(encode_unwind_table(*table, other.rules) == built.bytes);
}

TEST_CASE("A kept table that was cut or has more than it says is none") {
  const Built built(20);
  RuleDictionary rules;
  for (size_t size = 0; size < built.bytes.size(); ++size) {
    CHECK_FALSE(decode_unwind_table(std::span(built.bytes).first(size), rules));
  }
  auto longer = built.bytes;
  longer.resize(longer.size() + 4);
  CHECK_FALSE(decode_unwind_table(longer, rules));
}

TEST_CASE("A kept table with a field that no builder writes is none") {
  const Built built(300);
  REQUIRE(built.table.page_count() >= 3);
  RuleDictionary rules;
  const auto decodes = [&](const std::vector<std::byte>& bytes) {
    return decode_unwind_table(bytes, rules).has_value();
  };
  CHECK(decodes(built.bytes));
  uint64_t rule_count = 0;
  std::memcpy(&rule_count, built.bytes.data() + 24, sizeof rule_count);
  const size_t rule = 64;
  const size_t pages = rule + rule_count * sizeof(unwind_rule);
  const size_t rows = pages + built.table.pages().size() * sizeof(uint32_t);
  for (const size_t field : {0u, 8u, 16u, 24u, 56u}) {
    CHECK_FALSE(decodes(with(built.bytes, field, UINT64_MAX)));
  }
  for (const size_t field : {8u, 16u, 24u}) {
    CHECK_FALSE(decodes(with(built.bytes, field, uint64_t{1} << 62)));
    CHECK_FALSE(decodes(with(built.bytes, field, uint64_t{0})));
  }
  for (const size_t kind : {0u, 1u, 2u, 3u}) {
    CHECK_FALSE(decodes(with(built.bytes, rule + kind, uint8_t{200})));
  }
  const auto end = static_cast<uint32_t>(built.table.rows().size());
  for (size_t page = 0; page < 3; ++page) {
    const size_t at = pages + page * 4;
    CHECK_FALSE(decodes(with(built.bytes, at, UINT32_MAX)));
    CHECK_FALSE(decodes(with(built.bytes, at, end + 1)));
    if (page > 0) CHECK_FALSE(decodes(with(built.bytes, at, uint32_t{0})));
  }
  const uint32_t first = built.table.rows()[0];
  CHECK_FALSE(decodes(with(built.bytes, rows, unwind_row(1, 0))));      // not the page's begin
  CHECK_FALSE(decodes(with(built.bytes, rows + 4, unwind_row(0, 0))));  // twice the same place
  CHECK_FALSE(decodes(with(built.bytes, rows + 8, first)));             // not in order
  CHECK_FALSE(decodes(with(built.bytes, rows, UNWIND_RULE_MASK)));      // a rule it has not
}

TEST_CASE("Only files that can be told apart have a key") {
  const auto key = [](const std::vector<std::byte>& image) {
    const auto file = ElfFile::parse(image, "test");
    REQUIRE(file);
    return unwind_table_key(*file);
  };
  CHECK(key(elf_with(1)) == "unwind-1-62-01020304");
  CHECK(key(elf_with(1, HasId::No)).empty());
}

TEST_CASE("Tables that take long are kept, and a damaged one is made anew") {
  const Scratch scratch;
  const DiskCache cache(scratch.path);
  const auto open = [&](const std::vector<std::byte>& image, RuleDictionary& rules) {
    auto file = ElfFile::parse(image, "test");
    REQUIRE(file);
    auto module =
        UnwindModule::of(std::make_shared<const ElfFile>(std::move(*file)), "test", rules, cache);
    REQUIRE(module);
    return std::move(*module);
  };
  {
    RuleDictionary rules;
    const auto small = elf_with(100);
    open(small, rules);
    CHECK(entries(scratch.path) == 0);
    const auto nameless = elf_with(20'000, HasId::No);
    open(nameless, rules);
    CHECK(entries(scratch.path) == 0);
  }
  const Built large(20'000);
  for (int run = 0; run < 2; ++run) {
    OtherRules other;
    check_same(large, open(large.image, other.rules)->table(), other.rules);
    CHECK(entries(scratch.path) == 1);
  }
  const auto damaged = with(large.bytes, 0, UINT64_MAX);
  cache.put(unwind_table_key(large.file), damaged);
  OtherRules other;
  check_same(large, open(large.image, other.rules)->table(), other.rules);
  RuleDictionary rules;
  const auto entry = cache.get(unwind_table_key(large.file));
  REQUIRE(entry);
  CHECK(decode_unwind_table(entry->bytes(), rules));
}
