#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "object/section_data.h"
#include "support/source_frames.h"
#include "symbolize/dwarf_source.h"

using namespace prof;
using namespace prof::test;

namespace {

// Inlined calls three deep, in loops and blocks, from two files and a header; a lambda, a local
// class, a template and an unnamed namespace.
constexpr const char* kHeader = R"(
extern volatile int sink;
namespace shapes {
template <int N> struct Scale {
  static inline int apply(int x) { int y = x * N; if (y > 100) { sink = y; y -= 7; } return y; }
};
inline int twice(int x) { return Scale<2>::apply(x) + Scale<3>::apply(x + 1); }
inline int area(int w, int h) { int sum = 0; for (int i = 0; i < h; ++i) sum += twice(w + i); return sum; }
}
)";
constexpr const char* kMain = R"(
#include "inc/shapes.h"
volatile int sink;
int outside(int);
namespace {
struct Counter {
  int n;
  __attribute__((noinline)) int step(int by) { n += by; sink = n; return shapes::area(n, by); }
};
inline int hidden(int x) { Counter c{x}; return c.step(x + 1) + c.step(x + 2); }
}
extern "C" int plain_c(int x) { struct Local { static int f(int y) { return y * sink + 3; } };
  return Local::f(x) + shapes::twice(x); }
int main(int argc, char **) {
  auto square = [](int v) { sink = v; return v * v; };
  int total = hidden(argc) + plain_c(argc);
  if (argc > 3) { int deep = shapes::area(argc, 4); total += square(deep); }
  return (total + outside(total)) & 1;
}
)";
constexpr const char* kOther = R"(
#include "inc/shapes.h"
__attribute__((noinline)) static int leaf(int x) { sink = x; return shapes::twice(x); }
__attribute__((cold)) int outside(int x) { if (x > sink) return leaf(x) + shapes::area(x, 2); return leaf(x + 1); }
int never_called(int x) { return leaf(x) - 1; }
)";

struct Sources : Toolbox {
  Sources() {
    write("inc/shapes.h", kHeader);
    write("main.cc", kMain);
    write("sub/other.cc", kOther);
  }
};

struct Variant {
  const char* compiler;
  const char* flags;
  const char* after = "";  // run when `prog` is built
};

/// Compares with llvm-symbolizer at every byte of the program's code.
void check_against_llvm(const Toolbox& box, const std::string& name) {
  const auto addresses = code_addresses(box.path(name));
  REQUIRE(addresses.size() > 100);
  const auto ours = resolve_frames(box.path(name), addresses);
  const auto theirs = llvm_frames(box, name, addresses);
  std::string said;
  const size_t differences = count_differences(addresses, ours, theirs, said);
  INFO(said);
  CHECK(differences == 0);
  const bool any_inlined =
      std::ranges::any_of(ours, [](const Frames& frames) { return frames.size() >= 3; });
  const bool any_named = std::ranges::any_of(
      ours, [](const Frames& frames) { return !frames.empty() && frames.back().name == "main"; });
  CHECK(any_named);
  CHECK((any_inlined || read_whole(box.path("command")).find("-O0") != std::string::npos));
}

bool build(const Sources& box, const Variant& variant) {
  if (!have_tool(variant.compiler)) return false;
  const std::string command =
      std::string(variant.compiler) + " " + variant.flags + " -I. main.cc sub/other.cc -o prog";
  box.write("command", command);
  if (!box.run("rm -f *.dwo *.dwp && " + command)) {
    WARN("skipped, since it cannot be built: " << command);
    return false;
  }
  REQUIRE((*variant.after == '\0' || box.run(variant.after)));
  return true;
}

std::vector<std::string> texts(const std::vector<Frames>& all) {
  std::vector<std::string> result;
  for (const Frames& frames : all) result.push_back(describe(frames));
  return result;
}

}  // namespace

TEST_CASE("Frames of all DWARF versions, compilers and optimization levels equal LLVM's") {
  const Sources box;
  for (const char* compiler : {"g++", "clang++"}) {
    for (const char* version : {"-gdwarf-2", "-gdwarf-3", "-gdwarf-4", "-gdwarf-5"}) {
      for (const char* level : {"-O0", "-O2"}) {
        const std::string flags = std::string("-g ") + version + " " + level;
        if (!build(box, {compiler, flags.c_str()})) continue;
        INFO(compiler << " " << flags);
        check_against_llvm(box, "prog");
      }
    }
  }
}

TEST_CASE("Frames of unusual builds equal LLVM's") {
  const Sources box;
  const Variant variants[] = {
      {"g++", "-g -O3 -ffunction-sections -Wl,--gc-sections"},
      {"clang++", "-g -O2 -ffunction-sections -Wl,--gc-sections"},
      {"g++", "-g -O2 -gdwarf-4 -ffunction-sections -Wl,--gc-sections"},
      {"g++", "-g -O2 -gdwarf-5 -gdwarf64"},
      {"g++", "-g -O2 -gdwarf-4 -fdebug-types-section"},
      {"g++", "-g -O2 -static"},
      {"g++", "-g -O2 -no-pie -gno-column-info"},
      {"g++", "-g1 -O2"},
      {"clang++", "-gline-tables-only -O2"},
      {"g++", "-g -O2 -gz=zlib"},
      {"g++", "-g -O2 -gz=zlib-gnu"},
  };
  for (const Variant& variant : variants) {
    if (!build(box, variant)) continue;
    INFO(variant.compiler << " " << variant.flags);
    check_against_llvm(box, "prog");
  }
}

TEST_CASE("Split DWARF is read from .dwo files and packages") {
  const Sources box;
  const Variant variants[] = {
      {"g++", "-g -O2 -gdwarf-4 -gsplit-dwarf"},
      {"g++", "-g -O2 -gdwarf-5 -gsplit-dwarf"},
      {"clang++", "-g -O2 -gdwarf-4 -gsplit-dwarf"},
      {"clang++", "-g -O2 -gdwarf-5 -gsplit-dwarf"},
      {"clang++", "-g -O2 -gdwarf-5 -gsplit-dwarf -ffunction-sections"},
  };
  for (const Variant& variant : variants) {
    const std::string unsplit = std::string(variant.flags) + " -gno-split-dwarf";
    if (!build(box, {variant.compiler, unsplit.c_str()})) continue;
    const auto addresses = code_addresses(box.path("prog"));
    const auto expected = texts(resolve_frames(box.path("prog"), addresses));
    if (!build(box, variant)) continue;
    INFO(variant.compiler << " " << variant.flags);
    const auto from_files = texts(resolve_frames(box.path("prog"), addresses));
    // The code is the same, and so is what is said of it. (LLVM 14 misses frames of its own files.)
    CHECK(from_files == expected);
    // llvm-dwp 14 does not come to an end with what GCC writes as DWARF 5, nor does dwp read it.
    const bool by_llvm = std::string_view(variant.compiler) == "clang++";
    const std::string packer = by_llvm ? "llvm-dwp-14" : "dwp";
    if (have_tool(packer) && box.run("timeout 20 " + packer + " -e prog -o prog.dwp && rm *.dwo")) {
      CHECK(texts(resolve_frames(box.path("prog"), addresses)) == from_files);
    }
    // Without them, what the skeletons say is left: lines, and no functions.
    REQUIRE(box.run("rm -f *.dwo *.dwp"));
    const auto bare = resolve_frames(box.path("prog"), addresses);
    CHECK(std::ranges::any_of(bare, [](const Frames& f) { return !f.empty() && f[0].line > 0; }));
  }
}

TEST_CASE("A .dwo file of another build is not used") {
  const Sources box;
  if (!build(box, {"g++", "-g -O2 -gdwarf-5 -gsplit-dwarf"})) return;
  const auto addresses = code_addresses(box.path("prog"));
  REQUIRE(box.run("for f in *main.dwo; do cp $(ls *other.dwo) $f; done"));
  const auto frames = resolve_frames(box.path("prog"), addresses);
  CHECK(std::ranges::none_of(
      frames, [](const Frames& f) { return !f.empty() && f.back().name == "main"; }));
  CHECK(std::ranges::any_of(
      frames, [](const Frames& f) { return !f.empty() && f.back().name == "_Z7outsidei"; }));
}

TEST_CASE("Compression, packing by dwz and a separate debug file change nothing") {
  const Sources box;
  for (const char* version : {"-gdwarf-4", "-gdwarf-5"}) {
    const std::string flags = std::string("-g -O2 -Wl,--build-id ") + version;
    if (!build(box, {"g++", flags.c_str()})) continue;
    const auto addresses = code_addresses(box.path("prog"));
    const auto plain = texts(resolve_frames(box.path("prog"), addresses));
    // As they are held usually, and in windows, as if they were gigabytes.
    const auto same = [&](const std::string& name) {
      const DebugFileOptions nowhere{"", "/nonexistent", "/nonexistent", {}};
      return texts(resolve_frames(box.path(name), addresses)) == plain &&
             texts(resolve_frames(box.path(name), addresses, nowhere, 2, 1)) == plain;
    };
    INFO(flags);
    REQUIRE(box.run("objcopy --compress-debug-sections=zlib prog zlib"));
    CHECK(same("zlib"));
    if (box.run("objcopy --compress-debug-sections=zstd prog zstd")) {
      CHECK(same("zstd"));
    } else {
      WARN("skipped: objcopy knows no zstd");
    }
    REQUIRE(
        box.run("objcopy --only-keep-debug prog one.debug && strip prog -o one && "
                "objcopy --add-gnu-debuglink=one.debug one"));
    CHECK(same("one"));
    if (!have_tool("dwz")) continue;
    REQUIRE(box.run("cp prog packed && dwz packed"));
    CHECK(same("packed"));
    REQUIRE(
        box.run("cp prog first && cp prog second && dwz -m common.debug -M common.debug "
                "first second"));
    CHECK(same("first"));
    REQUIRE(
        box.run("objcopy --compress-debug-sections first && "
                "objcopy --compress-debug-sections common.debug"));
    CHECK(same("first"));
  }
}

TEST_CASE("Link-time optimization: functions of one unit inlined into another") {
  const Sources box;
  if (!build(box, {"g++", "-g -O2 -flto"})) return;
  check_against_llvm(box, "prog");
  const auto addresses = code_addresses(box.path("prog"));
  const auto plain = texts(resolve_frames(box.path("prog"), addresses));
  REQUIRE(box.run("objcopy --compress-debug-sections prog"));
  const DebugFileOptions nowhere{"", "/nonexistent", "/nonexistent", {}};
  CHECK(texts(resolve_frames(box.path("prog"), addresses, nowhere, 2, 1)) == plain);
  if (!build(box, {"g++", "-g -O2 -flto -gdwarf-4"})) return;
  check_against_llvm(box, "prog");
}

TEST_CASE("The compilation directory is joined once, in every version") {
  const Sources box;
  for (const char* version : {"-gdwarf-4", "-gdwarf-5"}) {
    for (const char* compiler : {"g++", "clang++"}) {
      const std::string flags = std::string("-g -O2 -fdebug-prefix-map=$PWD=/build ") + version;
      if (!build(box, {compiler, flags.c_str()})) continue;
      std::set<std::string> files;
      for (const Frames& frames :
           resolve_frames(box.path("prog"), code_addresses(box.path("prog")))) {
        for (const Frame& frame : frames) files.insert(frame.file);
      }
      INFO(compiler << " " << flags);
      CHECK(files.contains("/build/sub/other.cc"));
      CHECK(files.contains("/build/main.cc"));
      CHECK((files.contains("/build/inc/shapes.h") || files.contains("/build/./inc/shapes.h")));
    }
  }
}

TEST_CASE("A function nested in another's DIE, outside of its addresses, is found") {
  const Toolbox box;
  box.write("nested.c",
            "int use(int (*)(int), int);\n"
            "int outer(int a) {\n"
            "  int __attribute__((noinline)) inner(int b) { return a * b + 1; }\n"
            "  return use(inner, a);\n"
            "}\n"
            "int __attribute__((noinline)) use(int (*f)(int), int x) { return f(x) + f(x + 1); }\n"
            "int main(int argc, char **argv) { (void)argv; return outer(argc); }\n");
  REQUIRE(box.run("gcc -g -O1 -fno-inline nested.c -o prog"));
  const auto addresses = code_addresses(box.path("prog"));
  std::set<std::string> names;
  for (const Frames& frames : resolve_frames(box.path("prog"), addresses)) {
    if (!frames.empty()) names.insert(frames.back().name);
  }
  CHECK(names.contains("inner"));
  CHECK(names.contains("outer"));
}

TEST_CASE("Assembler code has lines and no function") {
  const Toolbox box;
  box.write("code.s", ".globl main\nmain:\n  nop\n  xor %eax,%eax\n  ret\n.type main,@function\n");
  REQUIRE(box.run("gcc -g code.s -o prog"));
  const auto addresses = code_addresses(box.path("prog"));
  size_t with_line = 0;
  for (const Frames& frames : resolve_frames(box.path("prog"), addresses)) {
    if (frames.empty() || frames[0].file.find("code.s") == std::string::npos) continue;
    CHECK(frames.size() == 1);
    CHECK(frames[0].line >= 3);
    ++with_line;
  }
  CHECK(with_line == 4);
}

TEST_CASE("One thread or four, asked at once or one by one: the answers are the same") {
  const Sources box;
  if (!build(box, {"g++", "-g -O2"})) return;
  const auto addresses = code_addresses(box.path("prog"));
  const DebugFileOptions nowhere{"", "/nonexistent", "/nonexistent", {}};
  const auto one = texts(resolve_frames(box.path("prog"), addresses, nowhere, 1));
  CHECK(texts(resolve_frames(box.path("prog"), addresses, nowhere, 4)) == one);

  auto file = ElfFile::open(box.path("prog"));
  REQUIRE(file);
  DebugFileFinder finder(nowhere);
  const auto files = finder.find(std::make_shared<const ElfFile>(std::move(*file)),
                                 box.path("prog"), DebugNeed::All);
  auto source = DwarfSource::open(files);
  REQUIRE(source);
  for (size_t i = 0; i < addresses.size(); i += 7) {
    const std::vector<ElfAddr> asked{ElfAddr{addresses[i]}};
    Frames found;
    source->resolve(asked, [&](size_t, std::span<const SourceFrame> frames) {
      for (const SourceFrame& f : frames) {
        found.push_back({std::string(f.name), std::string(f.file), f.line, f.inlined});
      }
    });
    CHECK(describe(found) == one[i]);
  }
}

TEST_CASE("Inlined frames are marked, the function itself is not") {
  const Sources box;
  if (!build(box, {"g++", "-g -O2"})) return;
  for (const Frames& frames : resolve_frames(box.path("prog"), code_addresses(box.path("prog")))) {
    for (size_t i = 0; i + 1 < frames.size(); ++i) CHECK(frames[i].inlined);
    if (!frames.empty()) CHECK_FALSE(frames.back().inlined);
  }
}

namespace {

/// The answers for a debug file that lies in memory; how many addresses were visited.
size_t resolve_bytes(const std::string& bytes, const std::vector<ElfAddr>& addresses) {
  auto file = ElfFile::parse(std::as_bytes(std::span(bytes)), "broken");
  if (!file) return addresses.size();
  DebugFiles files;
  files.dwarf = {std::make_shared<const ElfFile>(std::move(*file)), "/nonexistent/broken"};
  files.binary_path = files.dwarf.path;
  auto source = DwarfSource::open(files, {"/nonexistent", 1, 0});
  if (!source) return addresses.size();
  size_t visited = 0;
  source->resolve(addresses,
                  [&](size_t index, std::span<const SourceFrame>) { visited += index == visited; });
  return visited;
}

}  // namespace

TEST_CASE("A debug file that is cut or changed anywhere gives answers, right or wrong") {
  const Sources box;
  const Variant variants[] = {{"g++", "-g -O2 -gdwarf-5"},
                              {"g++", "-g -O2 -gdwarf-4 -fdebug-types-section"},
                              {"clang++", "-g -O2 -gdwarf-5 -ffunction-sections"},
                              {"g++", "-g -O2 -gdwarf-5 -gz"}};
  std::mt19937 random(17);
  for (const Variant& variant : variants) {
    if (!build(box, variant)) continue;
    INFO(variant.flags);
    std::vector<ElfAddr> addresses;
    for (const uint64_t a : code_addresses(box.path("prog"))) addresses.push_back(ElfAddr{a});
    const std::string whole = read_whole(box.path("prog"));
    const auto file = ElfFile::open(box.path("prog"));
    REQUIRE(file);
    // Changes where the DWARF is; the rest of the file is another test's.
    std::vector<const ElfSection*> sections;
    for (const ElfSection& section : file->sections()) {
      if (section.name.starts_with(".debug") && section.size > 0) sections.push_back(&section);
    }
    REQUIRE(sections.size() >= 4);
    for (int i = 0; i < 300; ++i) {
      std::string broken = whole;
      for (int change = 0; change < 1 + i % 8; ++change) {
        const ElfSection& section = *sections[random() % sections.size()];
        broken[section.offset + random() % section.size] = static_cast<char>(random());
      }
      CHECK(resolve_bytes(broken, addresses) == addresses.size());
    }
    for (const ElfSection* section : sections) {
      // A section that ends early: its bytes are gone, its claim of a size stays.
      for (int i = 0; i < 20; ++i) {
        std::string broken = whole;
        const size_t at = section->offset + random() % section->size;
        std::fill(broken.begin() + static_cast<std::ptrdiff_t>(at),
                  broken.begin() + static_cast<std::ptrdiff_t>(section->offset + section->size),
                  i % 2 ? '\0' : '\xff');
        CHECK(resolve_bytes(broken, addresses) == addresses.size());
      }
    }
    for (size_t size = 0; size < whole.size(); size += 1 + whole.size() / 97) {
      CHECK(resolve_bytes(whole.substr(0, size), addresses) == addresses.size());
    }
  }
}

TEST_CASE("A compressed section that claims more than its bytes can hold is not believed") {
  const Sources box;
  if (!build(box, {"g++", "-g -O2 -gz"})) return;
  const auto file = ElfFile::open(box.path("prog"));
  REQUIRE(file);
  const ElfSection* info = file->section(".debug_info");
  REQUIRE(info);
  std::string broken = read_whole(box.path("prog"));
  for (size_t i = 0; i < 6; ++i) broken[info->offset + 8 + i] = '\xff';  // ch_size
  auto parsed = ElfFile::parse(std::as_bytes(std::span(broken)), "broken");
  REQUIRE(parsed);
  CHECK(SectionData::of(*parsed, ".debug_info", 1 << 20).empty());
}

TEST_CASE("A program without debug information says so") {
  const Sources box;
  REQUIRE(box.run("g++ -I. main.cc sub/other.cc -o prog"));
  auto file = ElfFile::open(box.path("prog"));
  REQUIRE(file);
  DebugFileFinder finder({"", "/nonexistent", "/nonexistent", {}});
  const auto files = finder.find(std::make_shared<const ElfFile>(std::move(*file)),
                                 box.path("prog"), DebugNeed::All);
  const auto source = DwarfSource::open(files);
  REQUIRE_FALSE(source);
  CHECK(source.error().message.find("has no debug information") != std::string::npos);
}
