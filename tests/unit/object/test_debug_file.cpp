#include <fcntl.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <string>

#include "object/debug_file.h"
#include "object/debug_link.h"
#include "object/kept_binary.h"
#include "support/toolbox.h"
#include "symbolize/elf_symbols.h"

using namespace prof;
using test::Toolbox;

namespace {

constexpr const char* kProgram =
    "static int __attribute__((noinline)) hidden_helper(int x) { return x * 3; }\n"
    "int main(int argc, char **argv) { (void)argv; return hidden_helper(argc) - 3; }\n";

/// prog as built, prog.debug and the stripped bin/prog with a debuglink to it.
struct Program : Toolbox {
  explicit Program(const std::string& flags = "-Wl,--build-id") {
    write("prog.c", kProgram);
    REQUIRE(run("mkdir bin root && gcc -g -O1 prog.c -o prog " + flags));
    REQUIRE(run("objcopy --only-keep-debug prog prog.debug"));
    REQUIRE(
        run("strip -o bin/prog prog && "
            "objcopy --add-gnu-debuglink=prog.debug bin/prog"));
    options.symfs = "";
    options.debug_root = path("root");
    options.perf_cache = path("cache");
  }
  std::shared_ptr<const ElfFile> open(const std::string& name) const {
    auto file = ElfFile::open(path(name));
    REQUIRE(file);
    return std::make_shared<const ElfFile>(std::move(*file));
  }
  DebugFiles find() { return find("bin/prog"); }
  DebugFiles find(const std::string& name) {
    return DebugFileFinder(options).find(open(name), path(name), DebugNeed::All);
  }
  /// "xx/yyy" of the program's build id.
  std::string id_path() const {
    const std::string hex = open("bin/prog")->build_id().hex();
    REQUIRE(hex.size() > 2);
    return hex.substr(0, 2) + "/" + hex.substr(2);
  }
  DebugFileOptions options;
};

}  // namespace

TEST_CASE("A file with symbols and DWARF is its own debug file") {
  Program program;
  const DebugFiles found = program.find("prog");
  CHECK(found.symbols.path == program.path("prog"));
  CHECK(found.dwarf.path == program.path("prog"));
  CHECK_FALSE(found.alt);
}

TEST_CASE("A debuglink is followed to each of its places, in order") {
  Program program;
  CHECK_FALSE(program.find().dwarf);
  const std::string below_root = program.path("root") + program.directory() + "/bin";
  REQUIRE(program.run("mkdir -p '" + below_root + "' && cp prog.debug '" + below_root + "'"));
  CHECK(program.find().dwarf.path == below_root + "/prog.debug");
  REQUIRE(program.run("mkdir bin/.debug && cp prog.debug bin/.debug"));
  CHECK(program.find().dwarf.path == program.path("bin/.debug/prog.debug"));
  REQUIRE(program.run("cp prog.debug bin"));
  const DebugFiles found = program.find();
  CHECK(found.dwarf.path == program.path("bin/prog.debug"));
  CHECK(found.symbols.path == program.path("bin/prog.debug"));
}

TEST_CASE("Another build's debug file is not taken, whatever its name") {
  Program program;
  program.write("other.c", "int other; int main(void) { return other; }");
  REQUIRE(program.run("gcc -g -Wl,--build-id other.c -o other && cp other bin/prog.debug"));
  CHECK_FALSE(program.find().dwarf);
  REQUIRE(program.run("mkdir -p root/.build-id/" + program.id_path().substr(0, 2) +
                      " && cp other root/.build-id/" + program.id_path() + ".debug"));
  CHECK_FALSE(program.find().dwarf);
}

TEST_CASE("Without build ids the debuglink's CRC decides") {
  Program program("-Wl,--build-id=none");
  REQUIRE(program.run("cp prog.debug bin/prog.debug"));
  CHECK(program.find().dwarf.path == program.path("bin/prog.debug"));
  REQUIRE(program.run("printf x >> bin/prog.debug"));
  CHECK_FALSE(program.find().dwarf);
}

TEST_CASE("Debug files are found by build id in packages and in perf's cache") {
  Program program;
  const std::string id = program.id_path();
  REQUIRE(program.run("mkdir -p cache/usr/bin/prog/copy cache/.build-id/" + id.substr(0, 2) +
                      " && cp prog cache/usr/bin/prog/copy/elf && "
                      "ln -s ../../usr/bin/prog/copy cache/.build-id/" +
                      id));
  CHECK(program.find().dwarf.path == program.path("cache/.build-id/" + id + "/elf"));
  REQUIRE(program.run("mkdir -p root/.build-id/" + id.substr(0, 2) +
                      " && cp prog.debug root/.build-id/" + id + ".debug"));
  CHECK(program.find().dwarf.path == program.path("root/.build-id/" + id + ".debug"));
  const FoundFile binary =
      DebugFileFinder(program.options).find_binary(program.open("prog")->build_id(), "prog");
  CHECK(binary.path == program.path("cache/.build-id/" + id + "/elf"));
}

TEST_CASE("A binary that record kept is found by its build id, a damaged copy is not") {
  Program program;
  program.options.cache = DiskCache(program.path("kept"));
  const BuildId id = program.open("prog")->build_id();
  CHECK_FALSE(DebugFileFinder(program.options).find_binary(id, "prog"));
  const UniqueFd fd(::open(program.path("prog").c_str(), O_RDONLY | O_CLOEXEC));
  const std::string key = kept_binary_key(id);
  REQUIRE(program.options.cache.put_file(key, fd.get()));
  const FoundFile found = DebugFileFinder(program.options).find_binary(id, "prog");
  REQUIRE(found);
  CHECK(found.file->build_id().same_as(id));
  CHECK(found.path == program.path("kept/" + key));
  REQUIRE(program.run("printf x | dd of=kept/" + key + " bs=1 seek=1000 conv=notrunc status=none"));
  CHECK_FALSE(DebugFileFinder(program.options).find_binary(id, "prog"));
  CHECK_FALSE(DebugFileFinder(program.options).find_binary({}, "prog"));
}

TEST_CASE("The file with .debug_frame is found where asked for") {
  Program program;
  REQUIRE(
      program.run("printf 'int f(int x) { return x; } int main(void) { return f(0); }' > c.c && "
                  "gcc -g -fno-asynchronous-unwind-tables -fno-unwind-tables c.c -o c && "
                  "objcopy --only-keep-debug --compress-debug-sections c c.debug && "
                  "strip -g c && objcopy --add-gnu-debuglink=c.debug c"));
  const auto file = program.open("c");
  DebugFileFinder finder(program.options);
  const DebugFiles frames = finder.find(file, program.path("c"), DebugNeed::Frames);
  CHECK(frames.frames.path == program.path("c.debug"));
  CHECK_FALSE(frames.symbols);
  CHECK_FALSE(finder.find(file, program.path("c"), DebugNeed::All).frames);
}

TEST_CASE("All places are looked for below the root of another system") {
  Program program;
  REQUIRE(
      program.run("mkdir -p sys/bin sys/usr/lib/debug/bin && cp bin/prog sys/bin && "
                  "cp prog.debug sys/usr/lib/debug/bin"));
  program.options.symfs = program.path("sys");
  program.options.debug_root = "/usr/lib/debug";
  program.options.perf_cache = "";
  CHECK(program.find("sys/bin/prog").dwarf.path ==
        program.path("sys/usr/lib/debug/bin/prog.debug"));
}

TEST_CASE("Mini debug info names what .dynsym does not") {
  Program program;
  if (!test::have_tool("xz")) return;
  REQUIRE(
      program.run("nm -f posix --defined-only prog | awk '$2 ~ /[tT]/ {print $1}' > keep && "
                  "objcopy -S --remove-section .gnu_debuglink --remove-section .comment "
                  "--keep-symbols=keep prog.debug mini && xz mini && "
                  "objcopy --add-section .gnu_debugdata=mini.xz bin/prog"));
  const DebugFiles found = program.find();
  CHECK_FALSE(found.symbols);
  REQUIRE(found.mini);
  const auto file = program.open("bin/prog");
  const auto whole = program.open("prog");
  const SymbolTable table = load_elf_symbols(file, nullptr, SymbolSpace::ElfAddr, found.mini);
  const SymbolTable expected = load_elf_symbols(whole, nullptr, SymbolSpace::ElfAddr);
  bool seen = false;
  for (const auto& entry : expected.entries()) {
    const uint32_t index = expected.find(entry.start);
    if (expected.name(index) != "hidden_helper") continue;
    seen = true;
    REQUIRE(table.find(entry.start) != SymbolTable::kNotFound);
    CHECK(table.name(table.find(entry.start)) == "hidden_helper");
  }
  CHECK(seen);
}

TEST_CASE("Broken xz data is no mini debug info") {
  Program program;
  if (!test::have_tool("xz")) return;
  REQUIRE(
      program.run("cp prog.debug mini && xz mini && head -c 400 mini.xz > cut && "
                  "objcopy --add-section .gnu_debugdata=cut bin/prog"));
  CHECK_FALSE(program.find().mini);
}

TEST_CASE("dwz's common file is found by its build id") {
  Program program;
  if (!test::have_tool("dwz")) return;
  program.write("second.c", std::string(kProgram) + "int more;\n");
  REQUIRE(
      program.run("gcc -g -O1 -gdwarf-4 -Wl,--build-id second.c -o second && "
                  "gcc -g -O1 -gdwarf-4 -Wl,--build-id prog.c -o first && "
                  "dwz -m common.debug -M common.debug first second"));
  CHECK(program.find("first").alt.path == program.path("common.debug"));
  const auto link = read_debug_alt_link(*program.open("first"));
  REQUIRE(link);
  const std::string hex = link->build_id.hex();
  REQUIRE(program.run("mkdir -p root/.build-id/" + hex.substr(0, 2) +
                      " && mv common.debug root/.build-id/" + hex.substr(0, 2) + "/" +
                      hex.substr(2) + ".debug"));
  CHECK(program.find("first").alt);
  REQUIRE(program.run("rm -r root/.build-id && cp second common.debug"));
  CHECK_FALSE(program.find("first").alt);
}

TEST_CASE("debuginfod is asked where it is turned on, and within its time") {
  Program program;
  const std::string hex = program.open("prog")->build_id().hex();
  REQUIRE(program.run("mkdir -p server/buildid/" + hex + " && cp prog.debug server/buildid/" + hex +
                      "/debuginfo"));
  ::setenv("DEBUGINFOD_URLS", ("file://" + program.path("server")).c_str(), 1);
  ::setenv("DEBUGINFOD_CACHE_PATH", program.path("client").c_str(), 1);
  CHECK_FALSE(program.find().dwarf);
  program.options.debuginfod.enabled = true;
  program.options.debuginfod.budget = std::chrono::milliseconds(0);
  CHECK_FALSE(program.find().dwarf);
  program.options.debuginfod.budget = std::chrono::seconds(20);
  bool cancelled = true;
  program.options.debuginfod.cancelled = [&] { return cancelled; };
  CHECK_FALSE(program.find().dwarf);
  cancelled = false;
  const DebugFiles found = program.find();
  CHECK(found.dwarf.path.starts_with(program.path("client")));
  ::unsetenv("DEBUGINFOD_URLS");
  ::unsetenv("DEBUGINFOD_CACHE_PATH");
}
