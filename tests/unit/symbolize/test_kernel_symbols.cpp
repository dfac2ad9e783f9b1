#include <catch2/catch.hpp>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "symbolize/kept_kernel.h"
#include "symbolize/kernel_symbols.h"

using namespace prof;

namespace {

// Names of one address, types perf does not take, modules out of order.
constexpr std::string_view kText =
    "ffffffff81000000 T _stext\n"
    "ffffffff81000000 T _text\n"
    "ffffffff81000010 T foo\n"
    "ffffffff81000010 W foo_alias\n"
    "ffffffff81000010 t foo_local\n"
    "ffffffff81000050 t $x\n"
    "ffffffff81000060 r rodata\n"
    "ffffffff81000070 D data\n"
    "ffffffff81000090 A abs\n"
    "ffffffff810000a0 V vv\n"
    "ffffffff810000b0 i ifn\n"
    "ffffffff810000c0 T last_core\n"
    "ffffffffc0001000 t m1_a\t[ext4]\n"
    "ffffffffc0001050 t m1_b\t[ext4]\n"
    "ffffffffc0001050 T m1_b_alias\t[ext4]\n"
    "ffffffffc0005000 t m2_a\t[jbd2]\n"
    "ffffffffc0005080 t m2_b\t[jbd2]\n"
    "ffffffffc0008010 t bpf_prog_1234_x\t[bpf]\n"
    "ffffffffc0002000 t m1_late\t[ext4]\n";

Kallsyms parse(std::string_view text, const KernelReference& reference = {}) {
  return parse_kallsyms(std::vector<char>(text.begin(), text.end()), reference);
}

std::string name_at(const Kallsyms& kallsyms, uint64_t address) {
  const uint32_t index = kallsyms.symbols.find(address);
  return index == SymbolTable::kNotFound ? "-" : std::string(kallsyms.symbols.name(index));
}

}  // namespace

// What perf 6.1 printed with --kallsyms of this text.
TEST_CASE("Kernel addresses are named as perf names them from the same kallsyms") {
  const Kallsyms kallsyms = parse(kText);
  CHECK(kallsyms.bad_lines == 0);
  CHECK_FALSE(kallsyms.restricted);
  CHECK(name_at(kallsyms, 0xffffffff80ffffff) == "-");
  CHECK(name_at(kallsyms, 0xffffffff81000000) == "_text");
  CHECK(name_at(kallsyms, 0xffffffff81000010) == "foo_local");
  CHECK(name_at(kallsyms, 0xffffffff8100006f) == "foo_local");
  CHECK(name_at(kallsyms, 0xffffffff81000070) == "data");
  CHECK(name_at(kallsyms, 0xffffffff810000bf) == "data");
  CHECK(name_at(kallsyms, 0xffffffff810000c0) == "last_core");
  CHECK(name_at(kallsyms, 0xffffffff81001fff) == "last_core");
  CHECK(name_at(kallsyms, 0xffffffff81002000) == "-");
  CHECK(name_at(kallsyms, 0xffffffffc0001050) == "m1_b_alias");
  CHECK(name_at(kallsyms, 0xffffffffc0001fff) == "m1_b_alias");
  CHECK(name_at(kallsyms, 0xffffffffc0002000) == "m1_late");
  CHECK(name_at(kallsyms, 0xffffffffc0005080) == "m2_b");
  CHECK(name_at(kallsyms, 0xffffffffc0008010) == "bpf_prog_1234_x");
  CHECK(name_at(kallsyms, 0xffffffffc0009fff) == "bpf_prog_1234_x");
  CHECK(name_at(kallsyms, 0xffffffffc000a000) == "-");
}

TEST_CASE("A kernel that was recorded elsewhere is shifted, and its modules are not guessed") {
  const auto shifted = parse(kText, {"_text", 0xffffffff9a000000});
  CHECK(name_at(shifted, 0xffffffff9a000010) == "foo_local");
  CHECK(name_at(shifted, 0xffffffff81000010) == "-");
  CHECK(name_at(shifted, 0xffffffffc0001050) == "-");
  const auto same = parse(kText, {"_text", 0xffffffff81000000});
  CHECK(name_at(same, 0xffffffffc0001050) == "m1_b_alias");
  const auto unknown = parse(kText, {"_nosuch", 0xffffffff9a000000});
  CHECK(name_at(unknown, 0xffffffff81000010) == "foo_local");
}

TEST_CASE("Addresses that kptr_restrict hides are told from an empty file") {
  CHECK(parse("0000000000000000 T _text\n0000000000000000 t foo\n").restricted);
  CHECK(parse("0000000000000000 T _text\n0000000000000000 t foo\n").symbols.empty());
  CHECK_FALSE(parse("").restricted);
  CHECK(parse("").symbols.empty());
}

TEST_CASE("Lines that are none are skipped and counted") {
  const auto kallsyms = parse(
      "garbage\n"
      "\n"
      "12345678901234567 T too_long\n"
      "ffff T\n"
      "ffff T \n"
      " ffff T blank\n"
      "ffffTT none\n"
      "1000 T good\n"
      "2000 T no newline");
  CHECK(kallsyms.bad_lines == 6);
  CHECK(name_at(kallsyms, 0x1000) == "good");
  CHECK(name_at(kallsyms, 0x2000) == "no newline");
}

TEST_CASE("kallsyms cut at any byte gives no name but whole ones or the beginning of the last") {
  for (size_t size = 0; size <= kText.size(); ++size) {
    const auto kallsyms = parse(kText.substr(0, size));
    for (uint32_t i = 0; i < kallsyms.symbols.size(); ++i) {
      const auto name = kallsyms.symbols.name(i);
      CHECK_FALSE(name.empty());
      CHECK(kText.find(name) != kText.npos);
      CHECK(name.find_first_of("\n\t") == name.npos);
    }
  }
}

TEST_CASE("A name ends at a NUL, and cannot be empty") {
  CHECK(parse(std::string_view("1000 T \0x\n", 10)).bad_lines == 1);
  CHECK(name_at(parse(std::string_view("1000 T ab\0x\n", 12)), 0x1000) == "ab");
}

TEST_CASE("Symbols at the top of the address space end there") {
  const auto kallsyms = parse("fffffffffffffff0 T top\n");
  CHECK(name_at(kallsyms, 0xfffffffffffffff5) == "top");
  CHECK(name_at(kallsyms, 0xffffffffffffffef) == "-");
}

TEST_CASE("The kernel's own part of kallsyms ends before the first module") {
  const std::string_view kernel = "1000 T a\n2000 t b\n";
  CHECK(kernel_part(kernel) == kernel);
  CHECK(kernel_part(std::string(kernel) + "3000 t c\t[ext4]\n4000 t d\n") == kernel);
  CHECK(kernel_part("3000 t c\t[ext4]\n") == "");
  CHECK(kernel_part("") == "");
}

TEST_CASE(
    "What is kept of a kernel names its addresses as its kallsyms do, where it was recorded") {
  const std::vector<std::byte> packed = pack_kernel(kText);
  const std::string_view own = kernel_part(kText);
  const auto alive = std::make_shared<int>(0);
  for (const KernelReference& reference : {KernelReference{},
                                           {"_text", 0},
                                           {"_text", 0xffffffff81000000},
                                           {"_text", 0xffffffff9a000000},
                                           {"_stext", 0xffffffff80000000}}) {
    const Kallsyms parsed = parse(own, reference);
    const auto table = unpack_kernel(packed, alive, reference);
    REQUIRE(table);
    REQUIRE(table->size() == parsed.symbols.size());
    for (uint32_t i = 0; i < table->size(); ++i) {
      CHECK((*table)[i].start == parsed.symbols[i].start);
      CHECK((*table)[i].end == parsed.symbols[i].end);
      CHECK((*table)[i].data == parsed.symbols[i].data);
      CHECK(table->name(i) == parsed.symbols.name(i));
      CHECK(table->find((*table)[i].start) == i);
    }
  }
  CHECK(alive.use_count() == 1);
  CHECK_FALSE(unpack_kernel(packed, nullptr, {"startup_64", 0xffffffff81000000}));
  CHECK_FALSE(unpack_kernel(pack_kernel("1000 T a\n"), nullptr, {"_text", 0x1000}));
}

TEST_CASE("A kernel without symbols is not kept, and damage does no harm") {
  CHECK(pack_kernel("").empty());
  CHECK(pack_kernel("0 T _text\n0 T a\n").empty());
  CHECK(pack_kernel("ffffffffc0001000 t m\t[ext4]\n").empty());
  const std::vector<std::byte> packed = pack_kernel(kText);
  for (size_t size = 0; size < packed.size(); ++size) {
    const auto table = unpack_kernel(std::span(packed).first(size), nullptr, {});
    for (uint32_t i = 0; table && i < table->size(); ++i) {
      CHECK(table->name(i).size() < packed.size());
    }
    if (size < 24) CHECK_FALSE(table);
  }
  std::vector<std::byte> wrong = packed;
  for (size_t at = 0; at < wrong.size(); ++at) {
    wrong[at] ^= std::byte{0xff};
    const auto table = unpack_kernel(wrong, nullptr, {});
    for (uint32_t i = 0; table && i < table->size(); ++i) {
      CHECK(table->name(i).size() < packed.size());
    }
    wrong[at] = packed[at];
  }
}

TEST_CASE("The running kernel's kallsyms can be read") {
  auto text = read_kallsyms("/proc/kallsyms");
  REQUIRE(text);
  const auto kallsyms = parse_kallsyms(std::move(*text), {});
  CHECK(kallsyms.bad_lines == 0);
  CHECK((kallsyms.restricted || kallsyms.symbols.size() > 1000));
  CHECK_FALSE(read_kallsyms("/nonexistent"));
  CHECK_FALSE(read_kallsyms("/"));
}
