#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>

#include "object/elf_file.h"
#include "support/elf_builder.h"
#include "symbolize/kernel_symbols.h"
#include "symbolize/symbolizer.h"
#include "symbolize/vdso.h"

using namespace prof;
using test::ElfBuilder;

namespace {

constexpr uint64_t kText = 0x1000;

struct Binary {
  std::string path;
  uint64_t text_offset;
};

/// A binary with a C++ function; its build id is `id`.
Binary write_binary(std::string_view id, const char* function = "_ZN1S3runEi") {
  ElfBuilder elf;
  const uint16_t text =
      elf.section({".text", SHT_PROGBITS, SHF_ALLOC, kText, std::vector<std::byte>(0x100)});
  elf.load(text);
  if (!id.empty()) elf.build_id(id);
  elf.symbols(".symtab", SHT_SYMTAB, {{function, kText + 0x10, 0x20}});
  return {test::write_temporary("binary", elf.bytes()), elf.offset_of(text)};
}

BuildId id_of(std::string_view bytes) {
  return BuildId::from(test::bytes_of(bytes));
}

/// A Symbolizer with its surroundings.
struct Fixture {
  explicit Fixture(SymbolizerOptions options = {}) : symbolizer(dsos, strings, options) {}

  Symbol resolve(std::string_view name, DsoKind kind, uint64_t address, const BuildId& id = {}) {
    return symbolizer.resolve(dsos.intern(name, kind, id), address);
  }
  std::string name(const Symbol& symbol) const {
    return symbol.name.valid() ? std::string(strings[symbol.name]) : "-";
  }

  DsoTable dsos;
  StringTable strings;
  Symbolizer symbolizer;
};

std::string write_text(std::string_view name, std::string_view text) {
  return test::write_temporary(name, test::bytes_of(text));
}

}  // namespace

TEST_CASE("A file's address gets the readable name and the symbol's bounds") {
  const Binary binary = write_binary("12345678");
  const uint64_t start = binary.text_offset + 0x10;
  Fixture f;
  const Symbol symbol = f.resolve(binary.path, DsoKind::File, start + 5, id_of("12345678"));
  CHECK(symbol.found());
  CHECK(f.name(symbol) == "S::run");
  CHECK(symbol.start == start);
  CHECK(symbol.end == start + 0x20);
  const Symbol again = f.resolve(binary.path, DsoKind::File, start + 6, id_of("12345678"));
  CHECK(again.name == symbol.name);
  CHECK(f.resolve(binary.path, DsoKind::File, start - 1, id_of("12345678")).miss ==
        MissReason::NotFound);
  CHECK(f.symbolizer.warnings().empty());
}

TEST_CASE("Names are printed raw, without parameters, or in full, as asked") {
  const Binary binary = write_binary("");
  const auto name = [&](Demangle demangle) {
    SymbolizerOptions options;
    options.demangle = demangle;
    Fixture f(options);
    return f.name(f.resolve(binary.path, DsoKind::File, binary.text_offset + 0x10));
  };
  CHECK(name(Demangle::None) == "_ZN1S3runEi");
  CHECK(name(Demangle::Names) == "S::run");
  CHECK(name(Demangle::Full) == "S::run(int)");
}

TEST_CASE("Short names have no template arguments, and parameters in no style") {
  const Binary binary = write_binary("", "_ZNSt6vectorIiSaIiEE9push_backEOi");
  const auto name = [&](Demangle demangle) {
    SymbolizerOptions options;
    options.demangle = demangle;
    options.short_names = true;
    Fixture f(options);
    return f.name(f.resolve(binary.path, DsoKind::File, binary.text_offset + 0x10));
  };
  CHECK(name(Demangle::Names) == "std::vector<…>::push_back");
  CHECK(name(Demangle::Full) == "std::vector<…>::push_back");
  CHECK(name(Demangle::None) == "_ZNSt6vectorIiSaIiEE9push_backEOi");
}

TEST_CASE("A binary that was replaced since the recording names nothing, and is said to be so") {
  const Binary binary = write_binary("12345678");
  Fixture f;
  const Symbol symbol =
      f.resolve(binary.path, DsoKind::File, binary.text_offset + 0x10, id_of("recorded"));
  CHECK(symbol.miss == MissReason::BuildIdMismatch);
  CHECK_FALSE(symbol.name.valid());
  REQUIRE(f.symbolizer.warnings().size() == 1);
  CHECK(f.symbolizer.warnings()[0] ==
        binary.path +
            " was replaced since the recording (build id 7265636f72646564 is now "
            "3132333435363738)");

  const Binary without = write_binary("");
  const Symbol unsure =
      f.resolve(without.path, DsoKind::File, without.text_offset + 0x10, id_of("recorded"));
  CHECK(unsure.miss == MissReason::BuildIdMismatch);
}

TEST_CASE("A build id that an old perf padded with zeros is the same") {
  const Binary binary = write_binary("12345678");
  Fixture f;
  BuildId padded = id_of("12345678");
  padded.size = 20;
  CHECK(f.resolve(binary.path, DsoKind::File, binary.text_offset + 0x10, padded).found());
}

TEST_CASE("Whatever a recording names as a file, nothing hangs and nothing is made up") {
  Fixture f;
  const std::string text = write_text("script", "#!/bin/sh\n");
  const std::string fifo = text + ".fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  const std::string empty = write_text("empty", "");
  for (const std::string& name :
       {text, fifo, empty, std::string("/"), std::string("/dev/zero"), std::string("/nonexistent"),
        std::string("/usr/bin/perf (deleted)"), std::string("anon_inode:[perf_event]"),
        std::string("binary"), std::string("")}) {
    INFO(name);
    CHECK(f.resolve(name, DsoKind::File, 0x10).miss == MissReason::FileMissing);
  }
  CHECK(f.symbolizer.resolve(DsoId{12345}, 0).miss == MissReason::NoDso);
  CHECK(f.symbolizer.resolve(DsoId{}, 0).miss == MissReason::NoDso);
  CHECK(f.resolve("[heap]", DsoKind::NoCode, 0x10).miss == MissReason::NoDso);
  CHECK(f.resolve("[vsyscall]", DsoKind::Vdso, 0x10).miss == MissReason::NoSymbols);
}

TEST_CASE("Warnings name each unusable file once, the one most asked for first") {
  Fixture f;
  f.resolve("/nonexistent/a", DsoKind::File, 1);
  for (uint64_t i = 0; i < 3; ++i) f.resolve("/nonexistent/b", DsoKind::File, i);
  f.dsos.intern("/nonexistent/never asked for", DsoKind::File, {});
  CHECK(f.symbolizer.warnings() ==
        std::vector<std::string>{"/nonexistent/b is not on this machine",
                                 "/nonexistent/a is not on this machine"});
}

TEST_CASE("symfs is where files and their debug files are looked for") {
  const std::string root = std::filesystem::path(write_text("mark", "")).parent_path();
  std::filesystem::create_directories(root + "/bin");
  std::filesystem::create_directories(root + "/usr/lib/debug/.build-id/31");
  const Binary binary = write_binary("12345678", "exported");
  std::filesystem::copy_file(binary.path, root + "/bin/tool");
  SymbolizerOptions options;
  options.symfs = root;
  Fixture f(options);
  CHECK(f.name(f.resolve("/bin/tool", DsoKind::File, binary.text_offset + 0x10)) == "exported");

  const Binary debug = write_binary("12345678", "from_debug_file");
  const std::string place = root + "/usr/lib/debug/.build-id/31/32333435363738.debug";
  std::filesystem::copy_file(debug.path, place);
  Fixture with_debug(options);
  CHECK(with_debug.name(with_debug.resolve("/bin/tool", DsoKind::File,
                                           binary.text_offset + 0x10)) == "from_debug_file");

  const Binary other = write_binary("another!", "from_wrong_debug_file");
  std::filesystem::copy_file(other.path, place, std::filesystem::copy_options::overwrite_existing);
  Fixture with_wrong(options);
  CHECK(with_wrong.name(with_wrong.resolve("/bin/tool", DsoKind::File,
                                           binary.text_offset + 0x10)) == "exported");
}

TEST_CASE("Kernel and module addresses are named from kallsyms, wherever the kernel was") {
  SymbolizerOptions options;
  options.kallsyms_path = write_text("kallsyms",
                                     "ffffffff81000000 T _text\n"
                                     "ffffffff81000100 T _Zkernel\n"
                                     "ffffffffc0001000 t module_function\t[ext4]\n");
  Fixture f(options);
  CHECK(f.name(f.resolve("[kernel.kallsyms]", DsoKind::Kernel, 0xffffffff81000180)) == "_Zkernel");
  CHECK(f.name(f.resolve("[ext4]", DsoKind::KernelModule, 0xffffffffc0001010)) ==
        "module_function");
  f.symbolizer.set_kernel({"_text", 0xffffffff91000000, {}});
  const Symbol moved = f.resolve("[kernel.kallsyms]", DsoKind::Kernel, 0xffffffff91000180);
  CHECK(f.name(moved) == "_Zkernel");
  CHECK(moved.start == 0xffffffff91000100);
  CHECK(f.resolve("[ext4]", DsoKind::KernelModule, 0xffffffffc0001010).miss ==
        MissReason::NotFound);
}

TEST_CASE("Hidden kernel addresses are explained once") {
  SymbolizerOptions options;
  options.kallsyms_path = write_text("kallsyms", "0000000000000000 T _text\n");
  Fixture f(options);
  CHECK(f.resolve("[kernel.kallsyms]", DsoKind::Kernel, 0xffffffff81000180).miss ==
        MissReason::NoSymbols);
  CHECK(f.resolve("[ext4]", DsoKind::KernelModule, 0xffffffffc0001010).miss ==
        MissReason::NoSymbols);
  REQUIRE(f.symbolizer.warnings().size() == 1);
  CHECK(f.symbolizer.warnings()[0].find("kernel.kptr_restrict=0") != std::string::npos);
}

TEST_CASE("The running kernel's symbols are not used for another kernel's recording") {
  if (running_kernel_build_id().empty()) return;  // a kernel without /sys/kernel/notes
  Fixture f;
  f.symbolizer.set_kernel({"_text", 0xffffffff81000000, id_of("another kernel's id!")});
  CHECK(f.resolve("[kernel.kallsyms]", DsoKind::Kernel, 0xffffffff81000010).miss ==
        MissReason::BuildIdMismatch);
  REQUIRE(f.symbolizer.warnings().size() == 1);
  CHECK(f.symbolizer.warnings()[0].find("is not the running one") != std::string::npos);
}

TEST_CASE("A vmlinux is used instead of kallsyms, shifted to where the kernel was") {
  ElfBuilder elf;
  const uint64_t base = 0xffffffff81000000;
  const uint16_t text =
      elf.section({".text", SHT_PROGBITS, SHF_ALLOC, base, std::vector<std::byte>(0x1000)});
  elf.load(text);
  elf.build_id("12345678");
  elf.symbols(".symtab", SHT_SYMTAB, {{"_text", base, 0}, {"do_work", base + 0x100, 0x80}});
  SymbolizerOptions options;
  options.vmlinux_path = test::write_temporary("vmlinux", elf.bytes());
  Fixture f(options);
  f.symbolizer.set_kernel({"_text", base + 0x5000000, id_of("12345678")});
  const Symbol symbol = f.resolve("[kernel.kallsyms]", DsoKind::Kernel, base + 0x5000110);
  CHECK(f.name(symbol) == "do_work");
  CHECK(symbol.start == base + 0x5000100);
  f.symbolizer.set_kernel({"_text", base, id_of("87654321")});
  CHECK(f.resolve("[kernel.kallsyms]", DsoKind::Kernel, base + 0x110).miss ==
        MissReason::BuildIdMismatch);
}

TEST_CASE("Symbols of the recording come first, the last registered one before all") {
  SymbolizerOptions options;
  options.kallsyms_path = write_text("kallsyms", "ffffffffc0001000 t bpf_prog_now\t[bpf]\n");
  Fixture f(options);
  const auto name = [&] {
    return f.name(f.resolve("bpf_prog_then", DsoKind::KernelModule, 0xffffffffc0001010));
  };
  CHECK(name() == "bpf_prog_now");
  f.symbolizer.add_kernel_symbol({0xffffffffc0001000, 0x100, "bpf_prog_first"});
  CHECK(name() == "bpf_prog_first");
  f.symbolizer.add_kernel_symbol({0xffffffffc0001000, 0x80, "bpf_prog_then"});
  CHECK(name() == "bpf_prog_then");
  CHECK(f.name(f.resolve("[kernel.kallsyms]", DsoKind::Kernel, 0xffffffffc0001090)) ==
        "bpf_prog_first");
  f.symbolizer.add_kernel_symbol({UINT64_MAX - 4, UINT64_MAX, "bpf_prog_hostile"});
  CHECK(name() == "bpf_prog_then");
}

TEST_CASE("JIT code is named by its perf map, whose faults are told") {
  const std::string map = write_text("perf-1.map", "1000 10 a b\nnonsense\n");
  Fixture f;
  CHECK(f.name(f.resolve(map, DsoKind::PerfMap, 0x1008)) == "a b");
  CHECK(f.resolve(map, DsoKind::PerfMap, 0x1010).miss == MissReason::NotFound);
  REQUIRE(f.symbolizer.warnings().size() == 1);
  CHECK(f.symbolizer.warnings()[0] == map + ": skipped lines that are not 'START SIZE name': 1");
  CHECK(f.resolve("/tmp/perf-4294967294.map", DsoKind::PerfMap, 0).miss == MissReason::FileMissing);
}

TEST_CASE("The vdso is named from the running image if it is the recorded one") {
  const auto vdso = running_vdso();
  if (!vdso) return;  // a kernel without one
  const ElfSection* dynsym = vdso->section(".dynsym");
  REQUIRE(dynsym);
  std::optional<FileOffset> offset;
  for (size_t i = 1; i < vdso->symbol_count(*dynsym); ++i) {
    const ElfSymbol symbol = vdso->symbol(*dynsym, i);
    if (symbol.type() == STT_FUNC && symbol.size > 0) {
      offset = vdso->file_offset(ElfAddr{symbol.value});
    }
  }
  REQUIRE(offset);
  Fixture f;
  const Symbol symbol = f.resolve("[vdso]", DsoKind::Vdso, raw(*offset), vdso->build_id());
  CHECK(symbol.found());
  CHECK(symbol.start == raw(*offset));
  CHECK(f.resolve("[vdso]", DsoKind::Vdso, raw(*offset), id_of("another")).miss ==
        MissReason::BuildIdMismatch);
  Fixture elsewhere;  // only the kernel's build id was recorded, and it is another kernel's
  elsewhere.symbolizer.set_kernel({"", 0, id_of("another")});
  CHECK(elsewhere.resolve("[vdso]", DsoKind::Vdso, raw(*offset)).miss ==
        MissReason::BuildIdMismatch);
}

TEST_CASE("A recorded table names first, and the file what the table does not") {
  const Binary binary = write_binary("aaaaaaaaaaaaaaaaaaaa");
  Fixture f;
  const DsoId dso = f.dsos.intern(binary.path, DsoKind::File, id_of("aaaaaaaaaaaaaaaaaaaa"));
  const uint64_t at = binary.text_offset;
  f.symbolizer.add_recorded_table(dso, {{at + 0x40, 0x10, "_ZN5there4nameEv"}});
  CHECK(f.name(f.symbolizer.resolve(dso, at + 0x44)) == "there::name");
  CHECK(f.name(f.symbolizer.resolve(dso, at + 0x14)) == "S::run");
  CHECK_FALSE(f.symbolizer.resolve(dso, at + 0x60).found());
}

TEST_CASE("A recorded kallsyms is asked, and not this machine's") {
  Fixture f;
  f.symbolizer.set_kernel({"_text", 0xffffffff81000000, {}, {}, "another machine", 0});
  const std::string text =
      "ffffffff81000000 T _text\nffffffff81000100 T there\nffffffff81000200 T end\n";
  f.symbolizer.set_recorded_kallsyms({text.begin(), text.end()});
  const Symbol symbol = f.resolve("[kernel.kallsyms]", DsoKind::Kernel, 0xffffffff81000110);
  CHECK(f.name(symbol) == "there");
}

TEST_CASE("A file for another kind of machine than the recorded one names nothing") {
  const Binary binary = write_binary("aaaaaaaaaaaaaaaaaaaa");
  Fixture f;
  KernelInfo kernel;
  kernel.machine = EM_S390;
  f.symbolizer.set_kernel(kernel);
  const Symbol symbol = f.resolve(binary.path, DsoKind::File, binary.text_offset + 0x14);
  CHECK(symbol.miss == MissReason::BuildIdMismatch);
  REQUIRE(f.symbolizer.warnings().size() == 1);
  CHECK(f.symbolizer.warnings()[0] ==
        binary.path + " is for another kind of machine than the recorded one");
}
