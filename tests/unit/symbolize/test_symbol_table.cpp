#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <string>

#include "symbolize/symbol_table.h"

using namespace prof;

namespace {

constexpr std::string_view kNames("a\0b\0c\0d\0", 8);

SymbolTable table(std::vector<SymbolTable::Entry> entries, SymbolTable::Overlap overlap) {
  return SymbolTable(std::move(entries), overlap, kNames, nullptr);
}

std::string name_at(const SymbolTable& symbols, uint64_t address) {
  const uint32_t index = symbols.find(address);
  return index == SymbolTable::kNotFound ? "-" : std::string(symbols.name(index));
}

}  // namespace

TEST_CASE("An address belongs to the symbol from its start up to its end") {
  const auto symbols =
      table({{20, 30, 2, {}}, {10, 15, 0, {}}, {15, 20, 4, {}}}, SymbolTable::Overlap::Innermost);
  CHECK(name_at(symbols, 9) == "-");
  CHECK(name_at(symbols, 10) == "a");
  CHECK(name_at(symbols, 14) == "a");
  CHECK(name_at(symbols, 15) == "c");
  CHECK(name_at(symbols, 20) == "b");
  CHECK(name_at(symbols, 29) == "b");
  CHECK(name_at(symbols, 30) == "-");
  CHECK(name_at(symbols, UINT64_MAX) == "-");
}

TEST_CASE("Of nested symbols the inner one is found, and the outer one again after it") {
  const auto symbols = table({{0, 100, 0, {}}, {10, 50, 2, {}}, {20, 30, 4, {}}, {40, 120, 6, {}}},
                             SymbolTable::Overlap::Innermost);
  CHECK(name_at(symbols, 5) == "a");
  CHECK(name_at(symbols, 15) == "b");
  CHECK(name_at(symbols, 25) == "c");
  CHECK(name_at(symbols, 35) == "b");
  CHECK(name_at(symbols, 45) == "d");
  CHECK(name_at(symbols, 99) == "d");
  CHECK(name_at(symbols, 119) == "d");
  CHECK(name_at(symbols, 120) == "-");
}

TEST_CASE("Of overlapping JIT symbols the one added last is found") {
  const auto symbols =
      table({{10, 50, 0, {}}, {0, 20, 2, {}}, {15, 30, 4, {}}}, SymbolTable::Overlap::LastAdded);
  CHECK(name_at(symbols, 5) == "b");
  CHECK(name_at(symbols, 14) == "b");
  CHECK(name_at(symbols, 15) == "c");
  CHECK(name_at(symbols, 29) == "c");
  CHECK(name_at(symbols, 30) == "a");
}

TEST_CASE("Empty and inverted ranges cover nothing") {
  const auto symbols = table({{10, 10, 0, {}}, {30, 20, 2, {}}}, SymbolTable::Overlap::Innermost);
  CHECK(symbols.size() == 2);
  for (uint64_t at = 0; at < 40; ++at) CHECK(name_at(symbols, at) == "-");
  CHECK(name_at(SymbolTable{}, 0) == "-");
}

TEST_CASE("Overlaps are settled as by painting one symbol over the other") {
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    const bool last_added = round % 2 == 0;
    std::vector<SymbolTable::Entry> entries;
    for (unsigned i = 0; i < 12; ++i) {
      const uint64_t start = random() % 60;
      entries.push_back({start, start + random() % 30, i, {}});
    }
    std::vector<SymbolTable::Entry> painters = entries;
    if (!last_added) {
      std::ranges::stable_sort(painters, {}, &SymbolTable::Entry::start);
    }
    std::map<uint64_t, uint32_t> painted;
    for (const auto& e : painters) {
      for (uint64_t at = e.start; at < e.end; ++at) painted[at] = e.name;
    }
    const SymbolTable symbols(
        entries, last_added ? SymbolTable::Overlap::LastAdded : SymbolTable::Overlap::Innermost, "",
        nullptr);
    for (uint64_t at = 0; at < 100; ++at) {
      const uint32_t found = symbols.find(at);
      INFO("round " << round << " address " << at);
      if (painted.contains(at)) {
        REQUIRE(found != SymbolTable::kNotFound);
        CHECK(symbols[found].name == painted[at]);
      } else {
        CHECK(found == SymbolTable::kNotFound);
      }
    }
  }
}

TEST_CASE("Names beyond the first text are in the second, and beyond that are empty") {
  const std::string_view first("one\0", 4);
  const SymbolTable symbols({{0, 1, 0, {}}, {1, 2, 4, {}}, {2, 3, 99, {}}},
                            SymbolTable::Overlap::Innermost, first, nullptr, {'t', 'w', 'o', 0});
  CHECK(name_at(symbols, 0) == "one");
  CHECK(name_at(symbols, 1) == "two");
  CHECK(name_at(symbols, 2).empty());
}
