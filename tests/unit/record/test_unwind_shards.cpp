#include <algorithm>
#include <catch2/catch.hpp>
#include <deque>
#include <vector>

#include "record/unwind_shards.h"
#include "unwind/rule_dictionary.h"
#include "unwind/unwind_module.h"

using namespace prof;

namespace {

struct Memory {
  std::deque<std::vector<uint32_t>> shards;
  size_t most = UNWIND_MAX_SHARDS;
  UnwindShards placing{[this]() -> std::span<uint32_t> {
    if (shards.size() == most) return {};
    return shards.emplace_back(UNWIND_SHARD_WORDS);
  }};

  uint32_t word(uint64_t number) const {
    return shards.at(number / UNWIND_SHARD_WORDS).at(number % UNWIND_SHARD_WORDS);
  }
  /// What the kernel-side unwinder finds on a page.
  std::vector<uint32_t> rows(const unwind_module& module, size_t page) const {
    const uint32_t first = word(module.pages + 2 * page);
    const uint32_t count = word(module.pages + 2 * page + 1);
    std::vector<uint32_t> found;
    for (uint32_t i = 0; i < count; ++i) found.push_back(word(first + i));
    // In one shard, since the search adds to a place in it.
    if (count != 0) CHECK(first / UNWIND_SHARD_WORDS == (first + count - 1) / UNWIND_SHARD_WORDS);
    return found;
  }
};

size_t wrong_pages(const Memory& memory, const unwind_module& module, const UnwindTable& table) {
  size_t wrong = 0;
  for (size_t page = 0; page < table.page_count(); ++page) {
    const auto begin = table.pages()[page];
    const auto rows = table.rows().subspan(begin, table.pages()[page + 1] - begin);
    wrong += !std::ranges::equal(memory.rows(module, page), rows);
  }
  return wrong;
}

}  // namespace

TEST_CASE("Tables lie in shards as they were, whatever lies before them", "[unwind_shards]") {
  RuleDictionary rules;
  const auto own = UnwindModule::open("/proc/self/exe", rules);
  REQUIRE(own);
  const UnwindTable& table = (*own)->table();
  REQUIRE(table.rows().size() > 10000);
  Memory memory;
  std::vector<unwind_module> modules;
  const size_t times =
      3 * UNWIND_SHARD_WORDS / table.rows().size() + 2;  // so that they cross shards
  for (size_t i = 0; i < times; ++i) {
    const auto module = memory.placing.place(table);
    REQUIRE(module);
    CHECK(module->first_page == table.first_page());
    CHECK(module->page_count == table.page_count());
    modules.push_back(*module);
  }
  CHECK(memory.shards.size() >= 3);
  for (const unwind_module& module : modules) CHECK(wrong_pages(memory, module, table) == 0);
}

TEST_CASE("Where there is no room there is no module", "[unwind_shards]") {
  RuleDictionary rules;
  const auto own = UnwindModule::open("/proc/self/exe", rules);
  REQUIRE(own);
  Memory memory;
  memory.most = 1;
  size_t placed = 0;
  while (placed < 100 && memory.placing.place((*own)->table())) ++placed;
  CHECK(placed < 100);
  CHECK(memory.placing.shards() == 1);
  const auto empty = memory.placing.place(UnwindTable());
  REQUIRE(empty);
  CHECK(empty->page_count == 0);
}
