#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "support/elf_builder.h"
#include "support/pack.h"
#include "symbolize/kernel_image.h"

using namespace prof;
using test::ElfBuilder;

namespace {

constexpr uint64_t kBase = 0xffffffff81000000;
constexpr uint64_t kMoved = 0x5000000;
constexpr uint64_t kModule = 0xffffffffc0a00000;
const std::string kRelease = "6.1.0-18-test";

std::vector<std::byte> code(size_t size) {
  return std::vector<std::byte>(size, std::byte{0x90});
}

BuildId id_of(std::string_view bytes) {
  return BuildId::from(test::bytes_of(bytes));
}

std::vector<std::byte> vmlinux(std::string_view id, const char* function) {
  ElfBuilder elf;
  const uint16_t text =
      elf.section({".text", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, kBase, code(0x1000)});
  elf.load(text);
  elf.build_id(id);
  elf.symbols(".symtab", SHT_SYMTAB, {{"_text", kBase, 0}, {function, kBase + 0x100, 0x80}});
  return elf.bytes();
}

/// A module as it is before it is loaded: nothing has an address.
std::vector<std::byte> module_file(std::string_view id) {
  constexpr uint64_t kCode = SHF_ALLOC | SHF_EXECINSTR;
  ElfBuilder elf;
  elf.type(ET_REL);
  elf.section({.name = ".text", .flags = kCode, .content = code(0x105), .align = 16});
  elf.section({.name = ".rodata", .content = code(0x1000), .align = 4096});
  elf.section({.name = ".init.text", .flags = kCode, .content = code(0x400), .align = 16});
  elf.section({.name = ".text.unlikely", .flags = kCode, .content = code(0x40), .align = 16});
  elf.section({.name = ".exit.text", .flags = kCode, .content = code(0x20), .align = 1});
  elf.build_id(id);
  elf.symbols(".symtab", SHT_SYMTAB,
              {{"read_block", 0, 0x100, STT_FUNC, STB_LOCAL, 1},
               {"a_label", 0x100, 0, STT_NOTYPE, STB_LOCAL, 1},
               {"table", 0, 0x1000, STT_OBJECT, STB_LOCAL, 2},
               {"init_module", 0, 0x400, STT_FUNC, STB_GLOBAL, 3},
               {"read_block.cold", 0, 0x30, STT_FUNC, STB_LOCAL, 4},
               {"cleanup_module", 0, 0x20, STT_FUNC, STB_GLOBAL, 5},
               {"beyond", 0x999, 0x20, STT_FUNC, STB_GLOBAL, 5}});
  return elf.bytes();
}

/// A system below a folder, and a symbolizer that looks for everything there.
struct System {
  explicit System(std::string_view kallsyms = {}) {
    root = std::filesystem::path(test::write_temporary("mark", {})).parent_path();
    options.symfs = root;
    options.perf_cache = root + "/no cache";
    options.kallsyms_path = root + "/kallsyms";
    if (!kallsyms.empty()) write("/kallsyms", std::string(kallsyms));
  }

  void write(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(root + path).parent_path());
    std::ofstream(root + path, std::ios::binary) << text;
  }
  void write(const std::string& path, const std::vector<std::byte>& bytes) const {
    write(path, std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  }

  KernelInfo kernel(std::string_view id) const {
    return {"_text", kBase + kMoved, id_of(id), kRelease};
  }
  /// The name at an address of the kernel, or of a module.
  std::string name(std::string_view id, std::string_view dso, DsoKind kind, uint64_t address,
                   std::string_view module_id = {}) {
    DsoTable dsos;
    StringTable strings;
    Symbolizer symbolizer(dsos, strings, options);
    symbolizer.set_kernel(kernel(id));
    const BuildId build_id = module_id.empty() ? BuildId{} : id_of(module_id);
    const DsoId dso_id = dsos.intern(dso, kind, build_id);
    if (kind == DsoKind::KernelModule) symbolizer.add_module(dso_id, kModule);
    const Symbol symbol = symbolizer.resolve(dso_id, address);
    warnings = symbolizer.warnings();
    return symbol.found() ? std::string(strings[symbol.name]) : "-";
  }
  std::string kernel_name(std::string_view id) {
    return name(id, "[kernel.kallsyms]", DsoKind::Kernel, kBase + kMoved + 0x110);
  }
  std::string module_name(std::string_view dso, uint64_t offset, std::string_view module_id = {}) {
    return name("kernel's id", dso, DsoKind::KernelModule, kModule + offset, module_id);
  }

  std::string root;
  SymbolizerOptions options;
  std::vector<std::string> warnings;
};

}  // namespace

TEST_CASE("Without kallsyms the vmlinux of the recorded build id names the kernel") {
  const std::string id = "kernel's id";
  for (const std::string& path :
       {"/usr/lib/debug/boot/vmlinux-" + kRelease,
        "/usr/lib/debug/lib/modules/" + kRelease + "/vmlinux",
        "/lib/modules/" + kRelease + "/build/vmlinux", "/boot/vmlinux-" + kRelease,
        "/usr/lib/debug/.build-id/" + id_of(id).hex().substr(0, 2) + "/" +
            id_of(id).hex().substr(2) + ".debug"}) {
    INFO(path);
    System system;
    CHECK(system.kernel_name(id) == "-");
    CHECK(system.warnings.size() == 1);
    system.write(path, vmlinux("another's id", "wrong"));
    CHECK(system.kernel_name(id) == "-");
    system.write(path, vmlinux(id, "do_work"));
    CHECK(system.kernel_name(id) == "do_work");
    CHECK(system.warnings.empty());
    CHECK(system.kernel_name({}) == "-");  // which kernel it was is not known
  }
}

TEST_CASE("Where kallsyms hides its addresses vmlinux is asked, else not") {
  System hidden("0000000000000000 T _text\n0000000000000000 T hidden\n");
  CHECK(hidden.kernel_name("kernel's id") == "-");
  hidden.write("/boot/vmlinux-" + kRelease, vmlinux("kernel's id", "do_work"));
  CHECK(hidden.kernel_name("kernel's id") == "do_work");

  System shown("ffffffff81000000 T _text\nffffffff81000100 T by_kallsyms\n");
  shown.write("/boot/vmlinux-" + kRelease, vmlinux("kernel's id", "do_work"));
  CHECK(shown.kernel_name("kernel's id") == "by_kallsyms");
}

TEST_CASE("A release that would lead elsewhere is no part of a path") {
  System system;
  system.write("/boot/vmlinux-x/../y", vmlinux("kernel's id", "do_work"));
  DsoTable dsos;
  DebugFileFinder finder({system.root, "/usr/lib/debug", system.root, {}});
  KernelInfo kernel = system.kernel("kernel's id");
  kernel.release = "x/../y";
  CHECK_FALSE(find_vmlinux(kernel, system.options, finder));
}

TEST_CASE("The code of a module lies as the kernel's loader puts it") {
  const auto bytes = module_file("id");
  const auto file = ElfFile::parse(bytes, "module");
  REQUIRE(file);
  const auto layout = module_layout(*file);
  REQUIRE(layout.size() > 5);
  CHECK(layout[1] == 0);
  CHECK(layout[2] == UINT64_MAX);
  CHECK(layout[3] == UINT64_MAX);
  CHECK(layout[4] == 0x110);  // 0x105, aligned to 16
  CHECK(layout[5] == 0x150);
}

TEST_CASE("A module's own file names its code, plain or compressed, where kallsyms does not") {
  const std::string packing = GENERATE("", ".xz", ".gz", ".zst");
  INFO(packing);
  // Modules are left out of a kallsyms of another boot.
  System system("ffffffff81000000 T _text\nffffffffc0000000 t read_other\t[other]\n");
  const std::string path = "/lib/modules/" + kRelease + "/kernel/fs/my-fs.ko" + packing;
  system.write(path, test::packed(module_file("module's id"), packing));
  CHECK(system.module_name(path, 0) == "read_block");
  CHECK(system.module_name(path, 0xff) == "read_block");
  CHECK(system.module_name(path, 0x104) == "a_label");
  CHECK(system.module_name(path, 0x105) == "-");
  CHECK(system.module_name(path, 0x115) == "read_block.cold");
  CHECK(system.module_name(path, 0x151) == "cleanup_module");
  CHECK(system.module_name(path, 0x9b9) == "-");
  CHECK(system.module_name(path, 0x10, "module's id") == "read_block");
  CHECK(system.module_name(path, 0x10, "another's id") == "-");
  // The recording may only tell its name.
  CHECK(system.module_name("[my_fs]", 0x10) == "-");
  system.write("/lib/modules/" + kRelease + "/modules.dep",
               "kernel/fs/other.ko:\nkernel/fs/my-fs.ko" + packing + ": kernel/fs/other.ko\n");
  CHECK(system.module_name("[my_fs]", 0x10) == "read_block");
  CHECK(system.module_name("[other]", 0x10) == "-");
}
