#include "record/probe_spec.h"

#include <dirent.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <memory>
#include <optional>
#include <vector>

#include "common/text_file.h"
#include "object/debug_file.h"
#include "object/elf_file.h"
#include "record/nearest_names.h"

namespace prof {

namespace {

constexpr std::string_view kEntry = "uprobe:";
constexpr std::string_view kReturn = "uretprobe:";

template <class T>
std::optional<T> parse_whole(std::string_view text, int base) {
  T value{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, base);
  if (error != std::errc{} || stop != end || text.empty()) return std::nullopt;
  return value;
}

std::optional<uint64_t> parse_hex(std::string_view text) {
  if (!text.starts_with("0x")) return std::nullopt;
  return parse_whole<uint64_t>(text.substr(2), 16);
}

bool is_file(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

/// "libc" as libc.so.6, in the folders that the linker knows without being told.
std::string find_library(const std::string& name) {
  constexpr const char* kFolders[] = {"/lib/x86_64-linux-gnu",
                                      "/usr/lib/x86_64-linux-gnu",
                                      "/lib/aarch64-linux-gnu",
                                      "/usr/lib/aarch64-linux-gnu",
                                      "/lib64",
                                      "/usr/lib64",
                                      "/lib",
                                      "/usr/lib",
                                      "/usr/local/lib"};
  const auto close = [](DIR* dir) { ::closedir(dir); };
  for (const std::string folder : kFolders) {
    std::unique_ptr<DIR, decltype(close)> dir(::opendir(folder.c_str()), close);
    std::vector<std::string> found;
    while (const dirent* entry = dir ? ::readdir(dir.get()) : nullptr) {
      const std::string_view file = entry->d_name;
      if (!file.starts_with(name)) continue;
      const auto rest = file.substr(name.size());
      // "libc.so" may be a text for the linker; the library that programs load has a number.
      if (rest.empty() || rest.starts_with(".so.") || rest == ".so") found.emplace_back(file);
    }
    std::ranges::sort(found, [](const std::string& a, const std::string& b) {
      const bool a_bare = a.ends_with(".so"), b_bare = b.ends_with(".so");
      return a_bare != b_bare ? b_bare : a < b;
    });
    for (const std::string& file : found) {
      const std::string path = folder + "/" + file;
      if (is_file(path) && ElfFile::open(path)) return path;
    }
  }
  return {};
}

std::string find_program(const std::string& name) {
  const char* text = std::getenv("PATH");
  std::string_view folders = text ? text : "/usr/bin:/bin";
  for (;;) {
    const auto colon = folders.find(':');
    const std::string path = std::string(folders.substr(0, colon)) + "/" + name;
    if (is_file(path) && ::access(path.c_str(), X_OK) == 0) return path;
    if (colon == folders.npos) return {};
    folders.remove_prefix(colon + 1);
  }
}

/// The path of what a user calls `name`; empty if there is none.
std::string find_file(const std::string& name) {
  if (name.find('/') != name.npos) return is_file(name) ? name : std::string();
  if (auto path = find_library(name); name.starts_with("lib") && !path.empty()) return path;
  if (auto path = find_program(name); !path.empty()) return path;
  return is_file(name) ? name : find_library("lib" + name);
}

/// The functions that a file defines, from all of its symbol tables.
class Functions {
 public:
  explicit Functions(const std::string& path, const std::shared_ptr<const ElfFile>& file) {
    add(*file);
    DebugFileFinder finder{DebugFileOptions{}};
    const DebugFiles debug = finder.find(file, path, DebugNeed::Symbols);
    if (debug.symbols && debug.symbols.file != file) add(*debug.symbols.file);
    if (debug.mini) add(*debug.mini);
  }

  /// The addresses of the functions of that name, global ones if there are any; none if the name is
  /// of one that is chosen when it is first used: others of that name are then for old programs.
  std::vector<uint64_t> addresses(std::string_view name) const {
    std::vector<uint64_t> global, local;
    if (is_indirect(name)) return {};
    for (const Function& each : all_) {
      if (each.name == name) (each.global ? global : local).push_back(each.addr);
    }
    auto& found = global.empty() ? local : global;
    std::ranges::sort(found);
    const auto repeated = std::ranges::unique(found);
    found.erase(repeated.begin(), repeated.end());
    return found;
  }
  bool is_indirect(std::string_view name) const {
    return std::ranges::any_of(
        all_, [&](const Function& each) { return each.name == name && each.indirect; });
  }
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    names.reserve(all_.size());
    for (const Function& each : all_) names.push_back(each.name);
    return names;
  }
  bool empty() const { return all_.empty(); }

 private:
  struct Function {
    std::string name;
    uint64_t addr;
    bool global;
    bool indirect;  // the symbol is of the code that chooses, not of the function
  };

  void add(const ElfFile& file) {
    for (const ElfSection& table : file.sections()) {
      if (table.type != SHT_SYMTAB && table.type != SHT_DYNSYM) continue;
      const auto strings = file.strings_of(table);
      for (size_t i = 0; i < file.symbol_count(table); ++i) {
        const ElfSymbol symbol = file.symbol(table, i);
        const bool indirect = symbol.type() == STT_GNU_IFUNC;
        if ((symbol.type() != STT_FUNC && !indirect) || symbol.section == SHN_UNDEF) continue;
        std::string_view name = elf_string(strings, symbol.name);
        name = name.substr(0, name.find('@'));  // with a version
        if (name.empty()) continue;
        const bool global = symbol.binding() != STB_LOCAL;
        all_.push_back({std::string(name), symbol.value, global, indirect});
      }
    }
  }

  std::vector<Function> all_;
};

bool is_code(const ElfFile& file, uint64_t offset) {
  return std::ranges::any_of(file.segments(), [offset](const ElfSegment& segment) {
    return segment.type == PT_LOAD && (segment.flags & PF_X) != 0 && offset >= segment.offset &&
           offset - segment.offset < segment.filesz;
  });
}

/// Where in the file `function` begins.
Result<uint64_t> offset_of(const ElfFile& file, const Functions& functions, const std::string& path,
                           const std::string& function) {
  const auto addresses = functions.addresses(function);
  std::vector<uint64_t> offsets;
  for (const uint64_t addr : addresses) {
    const auto offset = file.file_offset(ElfAddr{addr});
    if (offset && is_code(file, raw(*offset))) offsets.push_back(raw(*offset));
  }
  if (offsets.size() == 1) return offsets.front();
  if (offsets.size() > 1) {
    std::string places;
    for (const uint64_t offset : offsets) {
      places += fmt::format("{}{}:0x{:x}", places.empty() ? "" : ", ", path, offset);
    }
    return fail(fmt::format("'{}' has {} functions '{}'", path, offsets.size(), function),
                "say which by its offset in the file: " + places, 2);
  }
  if (functions.is_indirect(function)) {
    return fail(
        fmt::format("'{}' in '{}' is one of several functions, chosen when it is first used",
                    function, path),
        did_you_mean("_" + function, functions.names()), 2);
  }
  std::string hint = did_you_mean(function, functions.names());
  if (functions.empty()) {
    hint = fmt::format("it has no names of functions; one may be given by its offset: {}:0x1234",
                       path);
  } else if (hint.empty()) {
    hint = fmt::format("names are as linked: nm -D {0}; nm {0}", path);
  }
  return fail(fmt::format("'{}' has no function '{}'", path, function), hint, 2);
}

}  // namespace

bool is_probe(std::string_view text) {
  return text.starts_with(kEntry) || text.starts_with(kReturn);
}

Result<ProbeSpec> parse_probe(std::string_view text) {
  ProbeSpec spec;
  spec.at_return = text.starts_with(kReturn);
  const auto place = text.substr(spec.at_return ? kReturn.size() : kEntry.size());
  // A file's name may have colons, and so may a function's: the shortest that is a file counts.
  size_t colon = place.find(':');
  std::string name(place.substr(0, colon));
  while (colon != place.npos && (spec.path = find_file(name)).empty()) {
    colon = place.find(':', colon + 1);
    if (colon != place.npos) name = place.substr(0, colon);
  }
  if (colon == place.npos || colon + 1 == place.size()) {
    if (name.empty() || place.find(':') == place.npos || !spec.path.empty()) {
      return fail(fmt::format("'{}' does not say which function", text),
                  "write it as uprobe:/path:function, uprobe:/path:function+0x10 or "
                  "uprobe:/path:0x1234, an offset in the file",
                  2);
    }
    return fail(fmt::format("there is no file '{}' to probe", place.substr(0, place.find(':'))),
                "give a path, a program in $PATH, or a library such as libc", 2);
  }
  auto opened = ElfFile::open(spec.path);
  if (!opened) return tl::unexpected(std::move(opened.error()).in("cannot probe"));
  const auto file = std::make_shared<const ElfFile>(std::move(*opened));
  const auto function = place.substr(colon + 1);
  if (const auto in_file = parse_hex(function)) {
    spec.offset = *in_file;
  } else {
    const auto plus = function.rfind("+0x");
    const auto after =
        plus == function.npos ? std::optional<uint64_t>(0) : parse_hex(function.substr(plus + 1));
    if (!after) return fail(fmt::format("bad offset in '{}'", text), "write it as +0x1f", 2);
    if (spec.at_return && *after != 0) {
      return fail("a function has one end: uretprobe takes no offset", {}, 2);
    }
    const auto offset = offset_of(*file, Functions(spec.path, file), spec.path,
                                  std::string(function.substr(0, plus)));
    if (!offset) return tl::unexpected(offset.error());
    spec.at_entry = !spec.at_return && *after == 0;
    spec.offset = *after > UINT64_MAX - *offset ? UINT64_MAX : *offset + *after;
  }
  if (!is_code(*file, spec.offset)) {
    return fail(fmt::format("there is no code at 0x{:x} in '{}'", spec.offset, spec.path),
                "offsets are those of the file: readelf -lW tells where its segments lie", 2);
  }
  return spec;
}

Result<ProbePmu> ProbePmu::find(const std::string& devices) {
  const std::string folder = devices + "/uprobe";
  const auto type = parse_whole<uint32_t>(read_first_line(folder + "/type"), 10);
  const std::string format = read_first_line(folder + "/format/retprobe");
  constexpr std::string_view kConfig = "config:";
  const auto bit = format.starts_with(kConfig)
                       ? parse_whole<unsigned>(std::string_view(format).substr(kConfig.size()), 10)
                       : std::nullopt;
  if (!type || !bit || *bit > 63) {
    return fail(fmt::format("this kernel has no uprobes: '{}' does not exist", folder),
                "it needs Linux 4.17 or newer with CONFIG_UPROBE_EVENTS");
  }
  return ProbePmu{*type, uint64_t{1} << *bit};
}

}  // namespace prof
