#include "record/probed_file.h"

#include <fmt/core.h>
#include <fnmatch.h>

#include <algorithm>
#include <map>
#include <optional>

#include "object/debug_file.h"
#include "object/usdt_notes.h"
#include "record/nearest_names.h"
#include "symbolize/demangle.h"

namespace prof {

namespace {

bool matches(const std::string& pattern, const std::string& name) {
  return ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
}

/// "ns::f(int)" and "ns::f" of a name as linked; nothing if it is none of C++ or the like.
std::vector<std::string> written_names(const std::string& linked) {
  std::vector<std::string> names;
  if (!linked.starts_with("_Z") && !linked.starts_with("_R")) return names;
  for (const auto style : {DemangleStyle::Names, DemangleStyle::Full}) {
    if (auto name = demangle(linked, style)) names.push_back(std::move(*name));
  }
  return names;
}

bool is_written_as(const std::string& linked, std::string_view wanted) {
  const auto names = written_names(linked);
  return std::ranges::find(names, wanted) != names.end();
}

/// Functions that are known by fewer underscores are what programs call.
bool goes_before(std::string_view a, std::string_view b) {
  const auto bars = [](std::string_view name) {
    return std::min(name.find_first_not_of('_'), name.size());
  };
  return std::pair(bars(a), a) < std::pair(bars(b), b);
}

std::vector<ElfSymbol> functions_of(const ElfFile& file, const ElfSection& table) {
  std::vector<ElfSymbol> found;
  if (table.type != SHT_SYMTAB && table.type != SHT_DYNSYM) return found;
  for (size_t i = 0; i < file.symbol_count(table); ++i) {
    const ElfSymbol symbol = file.symbol(table, i);
    const bool function = symbol.type() == STT_FUNC || symbol.type() == STT_GNU_IFUNC;
    if (function && symbol.section != SHN_UNDEF) found.push_back(symbol);
  }
  return found;
}

}  // namespace

Result<ProbedFile> ProbedFile::open(const std::string& path) {
  auto opened = ElfFile::open(path);
  if (!opened) return tl::unexpected(std::move(opened.error()).in("cannot probe"));
  return ProbedFile(path, std::make_shared<const ElfFile>(std::move(*opened)));
}

bool ProbedFile::is_code(uint64_t offset) const {
  return std::ranges::any_of(file_->segments(), [offset](const ElfSegment& segment) {
    return segment.type == PT_LOAD && (segment.flags & PF_X) != 0 && offset >= segment.offset &&
           offset - segment.offset < segment.filesz;
  });
}

/// Of all of its symbol tables, those of its debug file, too.
const std::vector<ProbedFile::Symbol>& ProbedFile::symbols() const {
  if (symbols_read_) return symbols_;
  symbols_read_ = true;
  const auto add = [this](const ElfFile& file) {
    for (const ElfSection& table : file.sections()) {
      const auto strings = file.strings_of(table);
      for (const ElfSymbol& symbol : functions_of(file, table)) {
        std::string_view name = elf_string(strings, symbol.name);
        name = name.substr(0, name.find('@'));  // with a version
        if (name.empty()) continue;
        symbols_.push_back({std::string(name), symbol.value, symbol.binding() != STB_LOCAL,
                            symbol.type() == STT_GNU_IFUNC});
      }
    }
  };
  add(*file_);
  DebugFileFinder finder{DebugFileOptions{}};
  const DebugFiles debug = finder.find(file_, path_, DebugNeed::Symbols);
  if (debug.symbols && debug.symbols.file != file_) add(*debug.symbols.file);
  if (debug.mini) add(*debug.mini);
  return symbols_;
}

/// Of global ones if there are any; none if the name is of one that is chosen when it is first
/// used: others of that name are then for old programs.
std::vector<uint64_t> ProbedFile::offsets_of(std::string_view function) const {
  std::vector<uint64_t> global, local;
  const auto take = [&](auto&& is_it) {
    for (const Symbol& each : symbols()) {
      if (each.indirect || !is_it(each)) continue;
      const auto offset = file_->file_offset(ElfAddr{each.addr});
      if (offset && is_code(raw(*offset))) (each.global ? global : local).push_back(raw(*offset));
    }
  };
  const auto is_chosen = [&](const Symbol& each) { return each.name == function && each.indirect; };
  if (std::ranges::any_of(symbols(), is_chosen)) return {};
  take([&](const Symbol& each) { return each.name == function; });
  if (global.empty() && local.empty()) {
    take([&](const Symbol& each) { return is_written_as(each.name, function); });
  }
  auto& found = global.empty() ? local : global;
  std::ranges::sort(found);
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

Error ProbedFile::unknown_function(const std::string& function) const {
  std::vector<std::string> names;
  names.reserve(symbols().size());
  bool chosen = false;
  for (const Symbol& each : symbols()) {
    names.push_back(each.name);
    chosen |= each.indirect && each.name == function;
  }
  if (chosen) {
    return {fmt::format("'{}' in '{}' is one of several functions, chosen when it is first used",
                        function, path_),
            did_you_mean("_" + function, names), 2};
  }
  std::string hint = did_you_mean(function, names);
  if (names.empty()) {
    hint = fmt::format("it has no names of functions; one may be given by its offset: {}:0x1234",
                       path_);
  } else if (hint.empty()) {
    hint = fmt::format("names are as linked: nm -D {0}; nm {0}", path_);
  }
  return {fmt::format("'{}' has no function '{}'", path_, function), hint, 2};
}

Result<uint64_t> ProbedFile::offset_of(const std::string& function) const {
  const auto offsets = offsets_of(function);
  if (offsets.size() == 1) return offsets.front();
  if (offsets.empty()) return tl::unexpected(unknown_function(function));
  std::string places;
  for (const uint64_t offset : offsets) {
    places += fmt::format("{}{}:0x{:x}", places.empty() ? "" : ", ", path_, offset);
  }
  return fail(fmt::format("'{}' has {} functions '{}'", path_, offsets.size(), function),
              "say which by its offset in the file: " + places, 2);
}

Result<std::vector<ProbedFile::Function>> ProbedFile::matching(const std::string& pattern) const {
  std::map<uint64_t, std::string> by_offset;
  for (const Symbol& each : symbols()) {
    const auto written = written_names(each.name);
    const auto is_match = [&](const std::string& name) { return matches(pattern, name); };
    if (each.indirect || (!is_match(each.name) && std::ranges::none_of(written, is_match)))
      continue;
    const auto offset = file_->file_offset(ElfAddr{each.addr});
    if (!offset || !is_code(raw(*offset))) continue;
    std::string& name = by_offset[raw(*offset)];
    if (name.empty() || goes_before(each.name, name)) name = each.name;
  }
  if (by_offset.empty()) {
    return fail(fmt::format("no function of '{}' is matched by '{}'", path_, pattern),
                fmt::format("names are as linked: nm -D {0}; nm {0}", path_), 2);
  }
  std::vector<Function> found;
  for (auto& [offset, name] : by_offset) found.push_back({std::move(name), offset});
  std::ranges::sort(found, [](const Function& a, const Function& b) {
    return std::pair(std::string_view(a.name), a.offset) <
           std::pair(std::string_view(b.name), b.offset);
  });
  return found;
}

Result<std::vector<ProbedFile::StaticProbe>> ProbedFile::static_probes(
    const std::string& provider, const std::string& name) const {
  std::map<std::pair<std::string_view, std::string_view>, std::vector<Site>> by_name;
  const auto notes = read_usdt_probes(*file_);
  std::vector<std::string> names;
  for (const UsdtProbe& note : notes) {
    const std::string its_provider(note.provider), its_name(note.name);
    names.push_back(its_provider + ":" + its_name);
    if (!provider.empty() && !matches(provider, its_provider)) continue;
    if (!matches(name, its_name)) continue;
    const auto offset = file_->file_offset(ElfAddr{note.location});
    const auto semaphore = file_->file_offset(ElfAddr{note.semaphore});
    if (!offset || !is_code(raw(*offset)) || (note.semaphore != 0 && !semaphore)) continue;
    auto& sites = by_name[{note.provider, note.name}];
    const Site site{raw(*offset), note.semaphore != 0 ? raw(*semaphore) : 0};
    if (std::ranges::find(sites, site.offset, &Site::offset) == sites.end()) sites.push_back(site);
  }
  const std::string wanted = provider.empty() ? name : provider + ":" + name;
  if (by_name.empty()) {
    std::string hint = did_you_mean(wanted, names);
    if (names.empty()) {
      hint = "it was built without any (<sys/sdt.h>)";
    } else if (hint.empty()) {
      hint = fmt::format("those it has: prof list usdt:{}", path_);
    }
    return fail(fmt::format("'{}' has no static probe '{}'", path_, wanted), hint, 2);
  }
  const bool is_pattern = name.find_first_of("*?[") != name.npos;
  if (provider.empty() && !is_pattern && by_name.size() > 1) {
    std::string hint;
    for (const auto& [full, sites] : by_name) {
      hint += fmt::format("{}usdt:{}:{}:{}", hint.empty() ? "say which: " : ", ", path_, full.first,
                          full.second);
    }
    return fail(fmt::format("'{}' has {} static probes '{}'", path_, by_name.size(), name), hint,
                2);
  }
  std::vector<StaticProbe> found;
  for (auto& [full, sites] : by_name) {
    found.push_back({std::string(full.first), std::string(full.second), std::move(sites)});
  }
  return found;
}

}  // namespace prof
