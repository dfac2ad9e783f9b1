#include <catch2/catch.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "object/x86_instruction.h"

using namespace prof;

namespace {

std::vector<std::byte> bytes_of(std::string_view hex) {
  std::vector<std::byte> out;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    out.push_back(static_cast<std::byte>(std::stoul(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return out;
}

/// With something behind it; 0: no instruction.
size_t length(std::string_view hex, bool is_64 = true) {
  auto code = bytes_of(hex);
  code.resize(code.size() + 16);
  const auto found = decode_x86(code, is_64);
  return found ? found->length : 0;
}

bool branches(std::string_view hex) {
  const auto found = decode_x86(bytes_of(hex), true);
  REQUIRE(found);
  return found->branch;
}

}  // namespace

TEST_CASE("Instructions of x86-64 are as long as the assembler made them") {
  // Each of these bytes and nothing else is one instruction.
  for (const std::string_view hex : {"55",
                                     "4889e5",
                                     "488b0531a31800",
                                     "64488b042528000000",
                                     "e80e000000",
                                     "660fefc0",
                                     "f20f1105af2e0000",
                                     "48b81122334455667788",
                                     "66b81122",
                                     "b811223344",
                                     "c745f801000000",
                                     "66c745f80100",
                                     "f6c101",
                                     "f7c101000000",
                                     "66f7c10100",
                                     "f7d8",
                                     "f6d8",
                                     "c8100001",
                                     "a01122334455667788",
                                     "67a011223344",
                                     "0f1f840000000000",
                                     "f30f1efa",
                                     "0f05",
                                     "0fa2",
                                     "0fbae007",
                                     "660f3a0fc108",
                                     "660f38dbc1",
                                     "c5f877",
                                     "c5fd6f0e",
                                     "c4e27d18c8",
                                     "c4e3fd01c04e",
                                     "c5f970c91b",
                                     "62f17c486f06",
                                     "62f1fe086f4601",
                                     "62f37d08253f96",
                                     "62f3450825c0ff",
                                     "c4e1fb92c0",
                                     "c5fb93c0",
                                     "66e811223344",
                                     "6648e811223344",
                                     "48cf",
                                     "f0480fb10f",
                                     "2e0f1f840000000000",
                                     "d9c0",
                                     "0f78c1",
                                     "660f78c10102",
                                     "8fe97812c0"}) {
    INFO(hex);
    CHECK(length(hex) == hex.size() / 2);
  }
}

TEST_CASE("Instructions of 32-bit x86 have other meanings and lengths") {
  CHECK(length("40", false) == 1);  // inc %eax; a prefix in 64-bit mode
  CHECK(length("4090", true) == 2);
  CHECK(length("c400", false) == 2);    // les
  CHECK(length("c5f877", false) == 3);  // vzeroupper
  CHECK(length("6200", false) == 2);    // bound
  CHECK(length("a111223344", false) == 5);
  CHECK(length("67a11122", false) == 4);
  CHECK(length("678b4601", false) == 4);  // 16-bit address
  CHECK(length("678b061122", false) == 5);
  CHECK(length("66e81122", false) == 4);
  CHECK(length("9a112233445566", false) == 7);
  CHECK(length("27", false) == 1);
}

TEST_CASE("What is no instruction, or is cut off, has no length") {
  CHECK(length("06") == 0);
  CHECK(length("27") == 0);
  CHECK(length("9a112233445566") == 0);
  CHECK(length("62f07c486f06") == 0);                    // of a map that there is not
  CHECK(length("666666666666666666666666666666") == 0);  // 15 prefixes
  CHECK_FALSE(decode_x86({}, true));
  for (const std::string_view hex :
       {"48b81122334455667788", "62f37d08253f96", "f20f1105af2e0000"}) {
    const auto whole = bytes_of(hex);
    for (size_t size = 0; size < whole.size(); ++size) {
      const std::vector<std::byte> cut(whole.begin(), whole.begin() + static_cast<long>(size));
      const auto found = decode_x86(cut, true);
      CHECK_FALSE((found && found->length > size));
    }
    CHECK(decode_x86(whole, true));
  }
}

TEST_CASE("Branches are told from what goes straight on") {
  for (const std::string_view hex :
       {"7400", "0f8411223344", "e811223344", "e911223344", "eb00", "c3", "c21000", "f3c3", "ffd0",
        "ff2511223344", "41ffe0", "3effe0", "e200", "cc", "cd80", "0f05", "0f34", "48cf"}) {
    INFO(hex);
    CHECK(branches(hex));
  }
  for (const std::string_view hex : {"90", "4889e5", "ffc0", "ff30", "f20f1105af2e0000", "0f45c1",
                                     "c5f877", "62f17c486f06", "8b00", "660f3840c1"}) {
    INFO(hex);
    CHECK_FALSE(branches(hex));
  }
}
