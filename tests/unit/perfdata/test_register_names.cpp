#include <catch2/catch.hpp>

#include "perfdata/register_names.h"

using namespace prof;

TEST_CASE("registers have perf's names, each machine its own") {
  CHECK(register_name("x86_64", 0) == "AX");
  CHECK(register_name("x86_64", 8) == "IP");
  CHECK(register_name("x86_64", 33) == "XMM0");
  CHECK(register_name("aarch64", 0) == "x0");
  CHECK(register_name("aarch64", 32) == "pc");
  CHECK(register_name("aarch64", 33).empty());
  CHECK(register_name("x86_64", 64).empty());
  CHECK(register_name("riscv64", 0).empty());
  CHECK(register_bits("aarch64", "LR") == uint64_t{1} << 30);
  CHECK(register_bits("x86_64", "xmm1") == uint64_t{3} << 34);
  CHECK_FALSE(register_bits("x86_64", ""));
  CHECK_FALSE(register_bits("x86_64", "x0"));
}
