#include <zlib.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>

#include "support/cfi_builder.h"
#include "support/elf_builder.h"
#include "unwind/table_builder.h"

using namespace prof;
using test::BuilderCie;
using test::CfiBuilder;
using test::ElfBuilder;

namespace {

constexpr uint64_t kText = 0x401000;
constexpr uint64_t kEhFrame = 0x500000;

const test::Bytes kPush = {0x41, 0x0e, 16, 0x86, 2, 0x43, 0x0d, 6};  // push rbp; mov rsp, rbp

std::vector<std::byte> code(size_t size, uint8_t fill = 0x90) {
  return std::vector<std::byte>(size, std::byte{fill});
}

std::vector<std::byte> code_of(std::string_view bytes, size_t size = 0) {
  std::vector<std::byte> out;
  for (const char c : bytes) out.push_back(static_cast<std::byte>(c));
  out.resize(std::max(size, out.size()), std::byte{0x90});
  return out;
}

struct Options {
  size_t text_size = 0x3000;
  uint16_t machine = EM_X86_64;
  uint64_t entry = 0;
  std::vector<std::byte> text = {};
};

/// A file with its code at kText, and whatever else `add` puts in.
template <class Add>
std::vector<std::byte> elf_with(const Options& options, Add&& add) {
  ElfBuilder elf;
  elf.machine(options.machine).entry(options.entry);
  const uint16_t text =
      elf.section({".text", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, kText,
                   options.text.empty() ? code(options.text_size) : options.text});
  elf.load(text);
  add(elf);
  return elf.bytes();
}

std::vector<std::byte> elf_with_cfi(const CfiBuilder& cfi, const Options& options = {}) {
  return elf_with(options, [&](ElfBuilder& elf) {
    elf.load(elf.section({".eh_frame", SHT_PROGBITS, SHF_ALLOC, kEhFrame, cfi.bytes()}));
  });
}

/// A table with its dictionary.
struct Built {
  explicit Built(const std::vector<std::byte>& image) {
    const auto file = ElfFile::parse(image, "test");
    REQUIRE(file);
    auto made = build_unwind_table(*file, rules);
    REQUIRE(made);
    table = std::move(*made);
  }
  const unwind_rule& rule(uint64_t addr) const { return rules[table.find(ElfAddr{addr})]; }
  unsigned kind(uint64_t addr) const { return rule(addr).cfa_kind; }

  RuleDictionary rules;
  UnwindTable table;
};

}  // namespace

TEST_CASE("A table has each function's rows, and nothing outside of the code") {
  const Built built(elf_with_cfi(
      CfiBuilder(kEhFrame).cie().fde(kText, 0x100, kPush).fde(kText + 0x100, 0x2000).terminator()));
  CHECK(built.kind(kText) == UNWIND_CFA_SP);
  CHECK(built.rule(kText + 1).cfa_offset == 16);
  CHECK(built.rule(kText + 3).cfa_offset == 16);
  CHECK(built.kind(kText + 4) == UNWIND_CFA_FP);
  CHECK(built.kind(kText + 0xff) == UNWIND_CFA_FP);
  CHECK(built.kind(kText + 0x100) == UNWIND_CFA_SP);
  CHECK(built.kind(kText + 0x1000) == UNWIND_CFA_SP);  // carried into the next pages
  CHECK(built.kind(kText + 0x20ff) == UNWIND_CFA_SP);
  CHECK(built.kind(kText + 0x2100) == UNWIND_CFA_NONE);
  CHECK(built.kind(kText + 0x2fff) == UNWIND_CFA_NONE);
  for (const uint64_t outside : {uint64_t{0}, kText - 1, kText + 0x3000, UINT64_MAX}) {
    CHECK(built.kind(outside) == UNWIND_CFA_NONE);
  }
  CHECK(built.table.counts().fdes == 2);
  CHECK(built.table.counts().has_cfi);
  CHECK(built.table.pages()[1] - built.table.pages()[0] == 4);
  CHECK(built.table.pages()[2] - built.table.pages()[1] == 1);  // what was carried in
}

TEST_CASE("Small gaps are padding, others know nothing") {
  const Built built(elf_with_cfi(CfiBuilder(kEhFrame)
                                     .cie()
                                     .fde(kText, 0x11)
                                     .fde(kText + 0x20, 0x10, kPush)
                                     .fde(kText + 0x40, 0x10)));
  CHECK(built.kind(kText + 0x1f) == UNWIND_CFA_SP);
  CHECK(built.kind(kText + 0x2f) == UNWIND_CFA_FP);
  CHECK(built.kind(kText + 0x30) == UNWIND_CFA_NONE);
  CHECK(built.kind(kText + 0x40) == UNWIND_CFA_SP);
}

TEST_CASE("FDEs in any order, on top of each other and of dropped functions") {
  const Built built(elf_with_cfi(CfiBuilder(kEhFrame)
                                     .cie()
                                     .fde(kText + 0x200, 0x100, kPush)
                                     .fde(kText, 0x300)        // reaches over the other
                                     .fde(kText, 0x80, kPush)  // again: the first is kept
                                     .fde(kText + 0x500, 0)
                                     .fde(0x10, 0x20, kPush)));
  CHECK(built.kind(kText + 0x10) == UNWIND_CFA_SP);
  CHECK(built.kind(kText + 0x1ff) == UNWIND_CFA_SP);
  CHECK(built.kind(kText + 0x210) == UNWIND_CFA_FP);
  CHECK(built.kind(kText + 0x300) == UNWIND_CFA_NONE);
  CHECK(built.table.counts().fdes == 2);
}

TEST_CASE("All augmentations that compilers make are read, others are counted") {
  BuilderCie personality;
  personality.augmentation = "zPLR";
  BuilderCie arm_key;
  arm_key.augmentation = "zRB";
  BuilderCie absolute;
  absolute.augmentation = "zR";
  absolute.pointer_encoding = 0;
  BuilderCie plain;
  plain.augmentation = "";
  BuilderCie unknown;
  unknown.augmentation = "eh";
  const Built built(elf_with_cfi(CfiBuilder(kEhFrame)
                                     .cie(personality)
                                     .fde(kText, 0x100)
                                     .cie(arm_key)
                                     .fde(kText + 0x100, 0x100)
                                     .cie(absolute)
                                     .fde(kText + 0x200, 0x100)
                                     .cie(plain)
                                     .fde(kText + 0x300, 0x100)
                                     .cie(unknown)
                                     .fde(kText + 0x400, 0x100)));
  for (uint64_t i = 0; i < 4; ++i) CHECK(built.kind(kText + i * 0x100 + 0x80) == UNWIND_CFA_SP);
  CHECK(built.kind(kText + 0x480) == UNWIND_CFA_NONE);
  CHECK(built.table.counts().broken_fdes == 1);
}

TEST_CASE("Without sections .eh_frame is found by PT_GNU_EH_FRAME, up to its terminator") {
  const auto image = elf_with({}, [](ElfBuilder& elf) {
    auto bytes = CfiBuilder(kEhFrame).cie().fde(kText, 0x100).terminator().bytes();
    const auto beyond = CfiBuilder(kEhFrame).raw_entry({1, 2, 3}).bytes();
    bytes.insert(bytes.end(), beyond.begin(), beyond.end());
    elf.load(elf.section({".other", SHT_PROGBITS, SHF_ALLOC, kEhFrame, bytes}));
    const auto header = test::eh_frame_header(0x600000, kEhFrame);
    const uint16_t section = elf.section({".hdr", SHT_PROGBITS, SHF_ALLOC, 0x600000, header});
    elf.load(section);
    elf.segment(PT_GNU_EH_FRAME, elf.offset_of(section), 0x600000, header.size());
  });
  const Built built(image);
  CHECK(built.kind(kText + 0x80) == UNWIND_CFA_SP);
  CHECK(built.table.counts().broken_fdes == 0);
}

TEST_CASE(".debug_frame is asked where .eh_frame says nothing") {
  const bool with_eh_frame = GENERATE(false, true);
  const auto image = elf_with({}, [&](ElfBuilder& elf) {
    BuilderCie cie;
    cie.version = 4;
    cie.augmentation = "";
    const auto debug = CfiBuilder(0, true)
                           .cie(cie)
                           .fde(0, 0x100)  // of a function that was dropped
                           .fde(kText, 0x1000, kPush)
                           .bytes();
    elf.section({".debug_frame", SHT_PROGBITS, 0, 0, debug});
    if (!with_eh_frame) return;
    const auto eh = CfiBuilder(kEhFrame).cie().fde(kText + 0x200, 0x100).bytes();
    elf.load(elf.section({".eh_frame", SHT_PROGBITS, SHF_ALLOC, kEhFrame, eh}));
  });
  const Built built(image);
  CHECK(built.kind(kText) == UNWIND_CFA_SP);
  CHECK(built.kind(kText + 0x1ff) == UNWIND_CFA_FP);
  CHECK(built.kind(kText + 0x280) == (with_eh_frame ? UNWIND_CFA_SP : UNWIND_CFA_FP));
  CHECK(built.kind(kText + 0x300) == UNWIND_CFA_FP);
  CHECK(built.kind(kText + 0xfff) == UNWIND_CFA_FP);
}

namespace {

/// .debug_frame with a function at kText, as `form` has it.
std::vector<std::byte> file_with_debug_frame(int form) {
  BuilderCie cie;
  cie.version = 4;
  cie.augmentation = "";
  const auto frames = CfiBuilder(0, true).cie(cie).fde(kText, 0x1000, kPush).bytes();
  uLongf size = ::compressBound(frames.size());
  std::vector<std::byte> packed(size);
  REQUIRE(::compress(reinterpret_cast<Bytef*>(packed.data()), &size,
                     reinterpret_cast<const Bytef*>(frames.data()), frames.size()) == Z_OK);
  packed.resize(size);
  ByteWriter out;
  if (form == 1) out.u32(ELFCOMPRESS_ZLIB).u32(0).u64(frames.size()).u64(8).bytes(packed);
  if (form == 2) out.text("ZLIB").u64(byte_swapped(uint64_t{frames.size()})).bytes(packed);
  if (form == 3) out.u32(ELFCOMPRESS_ZLIB).u32(0).u64(UINT64_MAX).u64(8).bytes(packed);
  return elf_with({}, [&](ElfBuilder& elf) {
    if (form == 0) elf.section({".debug_frame", SHT_PROGBITS, 0, 0, frames});
    if (form == 2) elf.section({".zdebug_frame", SHT_PROGBITS, 0, 0, out.take()});
    if (form != 0 && form != 2) {
      elf.section({".debug_frame", SHT_PROGBITS, SHF_COMPRESSED, 0, out.take()});
    }
  });
}

}  // namespace

TEST_CASE(".debug_frame may be compressed, in either form") {
  const int form = GENERATE(0, 1, 2);
  const Built built(file_with_debug_frame(form));
  CHECK(built.kind(kText) == UNWIND_CFA_SP);
  CHECK(built.kind(kText + 0xfff) == UNWIND_CFA_FP);
  CHECK_FALSE(Built(file_with_debug_frame(3)).table.counts().has_cfi);  // claims to be too large
}

TEST_CASE("A debug file is asked where much of the code has no rules") {
  const auto eh = [](size_t covered) {
    return elf_with_cfi(CfiBuilder(kEhFrame).cie().fde(kText + 0x1000, covered));
  };
  const auto debug = std::make_shared<const std::vector<std::byte>>(file_with_debug_frame(1));
  int asked = 0;
  const auto build = [&](const std::vector<std::byte>& image, bool found, RuleDictionary& rules) {
    const auto file = ElfFile::parse(image, "test");
    REQUIRE(file);
    auto table = build_unwind_table(*file, rules, [&]() -> std::shared_ptr<const ElfFile> {
      ++asked;
      if (!found) return nullptr;
      return std::make_shared<const ElfFile>(std::move(*ElfFile::parse(*debug, "debug")));
    });
    REQUIRE(table);
    CHECK(table->counts().asked_debug_file == (asked > 0));
    return std::move(*table);
  };
  RuleDictionary rules;
  const auto with = build(eh(0x1000), true, rules);
  CHECK(asked == 1);
  CHECK(rules[with.find(ElfAddr{kText + 8})].cfa_kind == UNWIND_CFA_FP);
  CHECK(rules[with.find(ElfAddr{kText + 0x1008})].cfa_kind == UNWIND_CFA_SP);
  CHECK(rules[with.find(ElfAddr{kText + 0x2008})].cfa_kind == UNWIND_CFA_NONE);
  const auto without = build(eh(0x1000), false, rules);
  CHECK(asked == 2);
  CHECK(rules[without.find(ElfAddr{kText + 8})].cfa_kind == UNWIND_CFA_NONE);
  asked = 0;
  const auto whole =
      elf_with_cfi(CfiBuilder(kEhFrame).cie().fde(kText, 0x1000).fde(kText + 0x1080, 0x1f80));
  build(whole, true, rules);
  CHECK(asked == 0);
}

TEST_CASE("Without any CFI frame pointers are followed, and the entry point is the bottom") {
  Options options;
  options.entry = kText + 0x100;
  const Built built(elf_with(options, [](ElfBuilder&) {}));
  CHECK_FALSE(built.table.counts().has_cfi);
  CHECK(built.kind(kText) == UNWIND_CFA_FRAME_POINTER);
  CHECK(built.kind(kText + 0x100) == UNWIND_CFA_END);
  CHECK(built.kind(kText + 0x11f) == UNWIND_CFA_END);
  CHECK(built.kind(kText + 0x120) == UNWIND_CFA_FRAME_POINTER);
  CHECK(built.kind(kText + 0x2fff) == UNWIND_CFA_FRAME_POINTER);
}

TEST_CASE("Go's code beside C's has frame pointers") {
  const auto image = elf_with({}, [](ElfBuilder& elf) {
    const auto eh = CfiBuilder(kEhFrame).cie().fde(kText + 0x200, 0x100).bytes();
    elf.load(elf.section({".eh_frame", SHT_PROGBITS, SHF_ALLOC, kEhFrame, eh}));
    elf.section({".gopclntab", SHT_PROGBITS, SHF_ALLOC, 0x700000, code(16)});
  });
  const Built built(image);
  CHECK(built.kind(kText + 0x100) == UNWIND_CFA_FRAME_POINTER);
  CHECK(built.kind(kText + 0x280) == UNWIND_CFA_SP);
  CHECK(built.kind(kText + 0x1000) == UNWIND_CFA_FRAME_POINTER);
}

TEST_CASE("A large stretch without CFI, but with prologues, has frame pointers") {
  struct Case {
    const char* what;
    size_t size, every;
    unsigned kind;
  };
  const auto test_case = GENERATE(Case{"V8's", 0x20000, 1024, UNWIND_CFA_FRAME_POINTER},
                                  Case{"too small to tell", 0x8000, 1024, UNWIND_CFA_NONE},
                                  Case{"a prologue by chance", 0x20000, 0x8000, UNWIND_CFA_NONE},
                                  Case{"by hand", 0x20000, 0x40000, UNWIND_CFA_NONE});
  INFO(test_case.what);
  Options options;
  options.text = code(0x1000 + test_case.size + 0x1000);
  const auto prologue = code_of("\x55\x48\x89\xe5");
  const size_t first = test_case.every > test_case.size ? options.text.size() : 0x1000;
  for (size_t at = first; at < 0x1000 + test_case.size; at += test_case.every) {
    std::ranges::copy(prologue, options.text.begin() + static_cast<ptrdiff_t>(at));
  }
  const Built built(elf_with_cfi(
      CfiBuilder(kEhFrame).cie().fde(kText, 0x1000).fde(kText + 0x1000 + test_case.size, 0x800),
      options));
  CHECK(built.kind(kText + 0x800) == UNWIND_CFA_SP);
  CHECK(built.kind(kText + 0x1000) == test_case.kind);
  CHECK(built.kind(kText + 0x1000 + test_case.size - 1) == test_case.kind);
  CHECK(built.kind(kText + 0x1000 + test_case.size) == UNWIND_CFA_SP);
  CHECK(built.kind(kText + 0x1000 + test_case.size + 0x900) == UNWIND_CFA_NONE);
}

TEST_CASE("An entry point among code with CFI is the bottom up to the next function") {
  Options options;
  options.entry = kText + 0x180;
  const Built built(elf_with_cfi(
      CfiBuilder(kEhFrame).cie().fde(kText, 0x100).fde(kText + 0x200, 0x100), options));
  CHECK(built.kind(kText + 0x17f) == UNWIND_CFA_NONE);
  CHECK(built.kind(kText + 0x180) == UNWIND_CFA_END);
  CHECK(built.kind(kText + 0x1ff) == UNWIND_CFA_END);
  CHECK(built.kind(kText + 0x200) == UNWIND_CFA_SP);
  // Where the entry has CFI of its own, that is right.
  options.entry = kText + 0x210;
  const Built own(elf_with_cfi(CfiBuilder(kEhFrame).cie().fde(kText + 0x200, 0x100), options));
  CHECK(own.kind(kText + 0x210) == UNWIND_CFA_SP);
}

namespace {

Built with_section(const std::string& name, const std::vector<std::byte>& content,
                   uint16_t machine = EM_X86_64) {
  Options options;
  options.machine = machine;
  return Built(elf_with(options, [&](ElfBuilder& elf) {
    BuilderCie cie;
    if (machine == EM_AARCH64) cie = {.return_register = 30, .instructions = {0x0c, 31, 0}};
    const auto eh = CfiBuilder(kEhFrame).cie(cie).fde(kText, 0x100).bytes();
    elf.load(elf.section({".eh_frame", SHT_PROGBITS, SHF_ALLOC, kEhFrame, eh}));
    elf.load(elf.section({name, SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, 0x410000, content}));
  }));
}

}  // namespace

TEST_CASE("lld's PLT has rules without having CFI") {
  using namespace std::literals;
  const std::string header = "\xff\x35\x01\x02\x03\x04\xff\x25\x01\x02\x03\x04\x0f\x1f\x40\x00"s;
  const std::string entry = "\xff\x25\x01\x02\x03\x04\x68\x00\x00\x00\x00\xe9\x00\x00\x00\x00"s;
  const Built lazy = with_section(".plt", code_of(header + entry + entry));
  CHECK(lazy.rule(0x410000).cfa_offset == 16);
  CHECK(lazy.rule(0x410006).cfa_offset == 24);
  CHECK(lazy.kind(0x410010) == UNWIND_CFA_PLT);
  CHECK(lazy.rule(0x410025).cfa_extra == 11);

  const std::string branch = "\xf3\x0f\x1e\xfa\x68\x00\x00\x00\x00\xe9\x00\x00\x00\x00\x66\x90"s;
  const Built ibt = with_section(".plt", code_of(header + branch));
  CHECK(ibt.rule(0x410010).cfa_extra == 9);

  const Built jumps = with_section(".plt.sec", code_of("\xf3\x0f\x1e\xfa\xff\x25"s, 32));
  CHECK(jumps.kind(0x41001f) == UNWIND_CFA_SP);
  CHECK(jumps.rule(0x410000).cfa_offset == 8);

  const Built unknown = with_section(".plt", code(32));
  CHECK(unknown.kind(0x410000) == UNWIND_CFA_NONE);
}

TEST_CASE("AArch64's PLT has rules without having CFI") {
  using namespace std::literals;
  const Built plt = with_section(".plt", code_of("\xf0\x7b\xbf\xa9"s, 64), EM_AARCH64);
  CHECK(plt.rule(0x410000).cfa_offset == 0);
  CHECK(plt.rule(0x410004).cfa_offset == 16);
  CHECK(plt.rule(0x410004).ra_kind == UNWIND_AT_CFA);
  CHECK(plt.rule(0x410020).cfa_offset == 0);
  CHECK(plt.rule(0x410020).ra_kind == UNWIND_SAME);
}

TEST_CASE("A signal return without CFI is told by its instructions") {
  using namespace std::literals;
  Options options;
  options.text =
      code_of(std::string(0x300, '\x90') + "\x48\xc7\xc0\x0f\x00\x00\x00\x0f\x05"s, 0x1000);
  const Built x86(elf_with_cfi(CfiBuilder(kEhFrame).cie().fde(kText, 0x100), options));
  CHECK(x86.kind(kText + 0x2fe) == UNWIND_CFA_NONE);
  CHECK(x86.kind(kText + 0x2ff) == UNWIND_CFA_SIGNAL);  // looked up for a handler's return address
  CHECK(x86.kind(kText + 0x308) == UNWIND_CFA_SIGNAL);
  CHECK(x86.kind(kText + 0x309) == UNWIND_CFA_NONE);

  options.machine = EM_AARCH64;
  options.text = code_of(std::string(0x300, '\x1f') + "\x68\x11\x80\xd2\x01\x00\x00\xd4"s, 0x1000);
  const Built arm(elf_with(options, [](ElfBuilder&) {}));
  CHECK(arm.kind(kText + 0x300) == UNWIND_CFA_SIGNAL);
}

TEST_CASE("Machines without rules, and files without code, are refused") {
  RuleDictionary rules;
  const auto big = ElfBuilder(true, true).bytes();
  const auto small = ElfBuilder(false).bytes();
  const auto other = ElfBuilder().machine(EM_RISCV).bytes();
  const auto empty = ElfBuilder().bytes();
  for (const auto* image : {&big, &small, &other, &empty}) {
    const auto file = ElfFile::parse(*image, "test");
    REQUIRE(file);
    CHECK_FALSE(build_unwind_table(*file, rules));
  }
  // Segments that claim to be far apart get no index of what is between them.
  const auto far =
      elf_with({}, [](ElfBuilder& elf) { elf.segment(PT_LOAD, 0x200, uint64_t{1} << 46, 0x1000); });
  const auto file = ElfFile::parse(far, "test");
  REQUIRE(file);
  CHECK_FALSE(build_unwind_table(*file, rules));
}

TEST_CASE("Files cut at every byte, and CFI with every byte changed, make tables or errors") {
  BuilderCie debug;
  debug.version = 4;
  debug.augmentation = "";
  const auto image = elf_with({.text_size = 0x100}, [&](ElfBuilder& elf) {
    const auto eh = CfiBuilder(kEhFrame)
                        .cie()
                        .fde(kText, 0x40, kPush)
                        .fde(kText + 0x40, 0x20, {0x0f, 3, 0x76, 0x78, 6, 0x41, 0x0a, 0x41, 0x0b})
                        .terminator()
                        .bytes();
    elf.load(elf.section({".eh_frame", SHT_PROGBITS, SHF_ALLOC, kEhFrame, eh}));
    const auto frame = CfiBuilder(0, true).cie(debug).fde(kText + 0x80, 0x20, kPush).bytes();
    elf.section({".debug_frame", SHT_PROGBITS, 0, 0, frame});
  });
  const auto build = [](const std::vector<std::byte>& bytes) {
    RuleDictionary rules;
    const auto file = ElfFile::parse(bytes, "cut");
    if (!file) return;
    const auto table = build_unwind_table(*file, rules);
    if (!table) return;
    for (uint64_t addr = kText; addr < kText + 0x100; ++addr) {
      REQUIRE(table->find(ElfAddr{addr}) < rules.rules().size());
    }
  };
  for (size_t size = 0; size <= image.size(); ++size) {
    build(std::vector<std::byte>(image.begin(), image.begin() + static_cast<ptrdiff_t>(size)));
  }
  for (size_t at = 0; at < image.size(); ++at) {
    auto changed = image;
    for (const unsigned value : {0x00u, 0x7fu, 0x80u, 0xffu}) {
      changed[at] = static_cast<std::byte>(value);
      build(changed);
    }
  }
}
