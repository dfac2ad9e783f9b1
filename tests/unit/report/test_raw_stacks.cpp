#include <catch2/catch.hpp>
#include <deque>
#include <map>
#include <random>

#include "report/callchain.h"
#include "report/raw_stacks.h"

using namespace prof;

namespace {

std::vector<uint64_t> addresses_of(const RawStacks& stacks, const RawStack& stack) {
  std::vector<uint64_t> addresses;
  for (const uint32_t number : stacks.addresses_of(stack)) {
    addresses.push_back(raw(stacks.addresses().all()[number].address.addr));
  }
  return addresses;
}

}  // namespace

TEST_CASE("equal chains of one context are one stack, others are not") {
  RawStacks stacks(GENERATE(false, true));
  std::deque<std::vector<uint64_t>> chains;  // stay valid until finish()
  std::mt19937_64 random(1);
  std::map<std::pair<uint32_t, std::vector<uint64_t>>, uint64_t> expected;
  for (int i = 0; i < 20000; ++i) {
    const auto context = static_cast<uint32_t>(random() % 3);
    auto& chain = chains.emplace_back(random() % 6);
    for (uint64_t& ip : chain) ip = random() % 5;
    stacks.add({context, context}, CpuMode::User, U64View(std::as_bytes(std::span(chain)), false),
               10);
    ++expected[{context, chain}];
  }
  stacks.finish();
  REQUIRE(stacks.all().size() == expected.size());
  for (const RawStack& stack : stacks.all()) {
    CHECK(expected[{stack.context, addresses_of(stacks, stack)}] == stack.samples);
    CHECK(stack.period == stack.samples * 10);
  }
}

TEST_CASE("the mode of a sample is part of what its stack is") {
  RawStacks stacks(true);
  const uint64_t ip = 0x1000;
  stacks.add({}, CpuMode::User, U64View(std::as_bytes(std::span(&ip, 1)), false), 1);
  stacks.add({}, CpuMode::Kernel, U64View(std::as_bytes(std::span(&ip, 1)), false), 1);
  stacks.finish();
  CHECK(stacks.all().size() == 2);
  CHECK(stacks.addresses().all().size() == 2);
}

TEST_CASE("context markers are no addresses, and a chain can be cut at its root") {
  RawStacks stacks(true);
  stacks.set_max_stack(3);
  const std::vector<uint64_t> chain{kContextKernel, 0xffff1, 0xffff2, kContextUser, 0x11, 0x12};
  stacks.add({}, CpuMode::Kernel, U64View(std::as_bytes(std::span(chain)), false), 1);
  stacks.finish();
  REQUIRE(stacks.all().size() == 1);
  CHECK(addresses_of(stacks, stacks.all()[0]) == std::vector<uint64_t>{0xffff1, 0xffff2, 0x11});
  const auto& all = stacks.addresses().all();
  CHECK(all[1].mode == CpuMode::Kernel);
  CHECK(all[1].address.kind == AddrKind::ReturnAddress);
  CHECK(all[2].mode == CpuMode::User);
  CHECK(all[2].address.kind == AddrKind::InstructionPointer);
}

TEST_CASE("a stack that was joined has a frame that says so, and ends as the other") {
  RawStacks stacks(true);
  const uint64_t end = kContextStop + static_cast<uint64_t>(UnwindStop::EndOfStack);
  const std::vector<uint64_t> chain{kContextUnwound, 0x11, kContextJoined, 0x12, end};
  stacks.add({}, CpuMode::User, U64View(std::as_bytes(std::span(chain)), false), 1);
  stacks.finish();
  REQUIRE(stacks.all().size() == 1);
  CHECK(stacks.all()[0].joined);
  CHECK(stacks.all()[0].end == StackEnd::EndOfStack);
  CHECK(addresses_of(stacks, stacks.all()[0]) ==
        std::vector<uint64_t>{0x11, raw(kJoinedStack), 0x12});
  CHECK(stacks.addresses().all()[2].address.kind == AddrKind::InstructionPointer);
}

TEST_CASE("user addresses are kept apart by address space, kernel addresses are not") {
  AddressTable table;
  const FrameAddress address{VirtAddr{0x1234}};
  const uint32_t first = table.intern({0, 0}, CpuMode::User, address);
  CHECK(table.intern({1, 0}, CpuMode::User, address) == first);
  CHECK(table.intern({2, 1}, CpuMode::User, address) != first);
  const uint32_t kernel = table.intern({0, 0}, CpuMode::Kernel, address);
  CHECK(kernel != first);
  CHECK(table.intern({2, 1}, CpuMode::Kernel, address) == kernel);
  for (uint64_t i = 0; i < 10000; ++i) {  // grows
    table.intern({0, 0}, CpuMode::User, {VirtAddr{i}, AddrKind::ReturnAddress});
  }
  CHECK(table.all().size() == 10003);
  CHECK(table.intern({0, 0}, CpuMode::User, address) == first);
}
