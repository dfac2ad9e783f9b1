// What counts as a symbol, and which of several names of one address is printed, is perf's rule
// (checked against perf 6.1 over whole files), because names in two tools should agree.
#include "symbolize/elf_symbols.h"

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "symbolize/choose_symbol.h"
#include "symbolize/kernel_image.h"
#include "symbolize/plt_symbols.h"

namespace prof {

namespace {

bool is_function(const ElfSymbol& s) {
  return s.type() == STT_FUNC || s.type() == STT_GNU_IFUNC;
}

/// A name without a type: what assembler code has that does not say .type.
bool is_label(const ElfSymbol& s) {
  return s.type() == STT_NOTYPE && s.visibility() != STV_HIDDEN && s.visibility() != STV_INTERNAL;
}

/// $a, $d, $t, $x: ARM's marks for "code or data from here on", which are no names.
bool is_mapping_symbol(std::string_view name, uint16_t machine) {
  if (machine != EM_ARM && machine != EM_AARCH64) return false;
  return name.size() >= 2 && name[0] == '$' &&
         std::string_view("adtx").find(name[1]) != std::string_view::npos &&
         (name.size() == 2 || name[2] == '.');
}

class Loader {
 public:
  /// `names` has the symbol table, `file` the contents; they are the same file if there is no
  /// separate debug file.
  Loader(const ElfFile& file, const ElfFile& names, SymbolSpace space)
      : file_(file), names_(names), space_(space) {
    if (space == SymbolSpace::Module) module_layout_ = module_layout(names);
  }

  std::vector<CandidateSymbol> load(const ElfSection& table) const {
    std::vector<CandidateSymbol> result;
    const std::string_view strings = names_.strings_of(table);
    const size_t count = names_.symbol_count(table);
    result.reserve(count);
    for (size_t i = 0; i < count; ++i) {
      if (const auto symbol = candidate(names_.symbol(table, i), strings)) {
        result.push_back(*symbol);
      }
    }
    return result;
  }

  /// Where the byte at `addr` is in the space that is asked for.
  uint64_t position(ElfAddr addr, const ElfSection& section) const {
    if (space_ == SymbolSpace::ElfAddr) return raw(addr);
    if (const auto offset = file_.file_offset(addr)) return raw(*offset);
    return raw(addr) - section.addr + section.offset;
  }

 private:
  std::optional<CandidateSymbol> candidate(const ElfSymbol& symbol,
                                           std::string_view strings) const {
    // Data counts too: it bounds what comes before it.
    const bool label = is_label(symbol);
    if (!label && !is_function(symbol) && symbol.type() != STT_OBJECT) return std::nullopt;
    // Also leaves out SHN_UNDEF, SHN_ABS and SHN_COMMON: section 0 is not allocated, and the
    // others are no indices.
    if (symbol.name == 0 || symbol.section >= names_.sections().size()) return std::nullopt;
    const ElfSection* section = &names_.sections()[symbol.section];
    if (!(section->flags & SHF_ALLOC)) return std::nullopt;
    if (space_ == SymbolSpace::Module) return module_candidate(symbol, *section, strings);
    // The sections of a debug file are empty, and so their offsets say nothing.
    // Those of mini debug info are numbered anew, too.
    if (section->type == SHT_NOBITS && symbol.section < file_.sections().size() &&
        file_.sections()[symbol.section].name == section->name) {
      section = &file_.sections()[symbol.section];
    }
    if (label && section->name.find("text") == std::string_view::npos &&
        section->name.find("data") == std::string_view::npos) {
      return std::nullopt;
    }
    const std::string_view name = elf_string(strings, symbol.name);
    if (name.empty() || is_mapping_symbol(name, names_.machine())) return std::nullopt;
    uint64_t value = symbol.value;
    if (names_.machine() == EM_ARM && symbol.type() == STT_FUNC) value &= ~uint64_t{1};  // Thumb
    const uint64_t start = position(ElfAddr{value}, *section);
    const uint64_t size = std::min(symbol.size, UINT64_MAX - start);
    return CandidateSymbol{start,
                           start + size,
                           end_of(*section),
                           symbol.name,
                           static_cast<uint8_t>(symbol.binding()),
                           false,
                           symbol.type() == STT_OBJECT};
  }

  /// Values count from the section's start; only code has a known place.
  std::optional<CandidateSymbol> module_candidate(const ElfSymbol& symbol,
                                                  const ElfSection& section,
                                                  std::string_view strings) const {
    const uint64_t base = module_layout_[symbol.section];
    const std::string_view name = elf_string(strings, symbol.name);
    if (base == UINT64_MAX || symbol.value > section.size || name.empty() ||
        is_mapping_symbol(name, names_.machine())) {
      return std::nullopt;
    }
    const uint64_t start = base + symbol.value;
    const uint64_t size = std::min(symbol.size, section.size - symbol.value);
    return CandidateSymbol{start,
                           start + size,
                           base + section.size,
                           symbol.name,
                           static_cast<uint8_t>(symbol.binding()),
                           false,
                           symbol.type() == STT_OBJECT};
  }

  uint64_t end_of(const ElfSection& section) const {
    const uint64_t start = position(ElfAddr{section.addr}, section);
    return start + std::min(section.size, UINT64_MAX - start);
  }

  const ElfFile& file_;
  const ElfFile& names_;
  SymbolSpace space_;
  std::vector<uint64_t> module_layout_;  // by section
};

const ElfSection* symbol_section(const ElfFile& file, std::string_view name, uint32_t type) {
  const ElfSection* section = file.section(name);
  return section && section->type == type && file.symbol_count(*section) > 0 ? section : nullptr;
}

/// A symbol without a size before the section, _init mostly, does not reach into it.
void stop_guesses_at(std::vector<CandidateSymbol>& symbols, uint64_t start) {
  for (CandidateSymbol& symbol : symbols) {
    if (symbol.guessed_end && symbol.start < start && symbol.end > start) symbol.end = start;
  }
}

/// Adds the stubs of the procedure linkage table. Their names are made here, so they go to
/// `more_names`, which follows `strings`.
void add_plt(const ElfFile& file, const Loader& loader, std::string_view strings,
             std::vector<CandidateSymbol>& symbols, std::vector<char>& more_names) {
  const ElfSection* plt = file.section(".plt");
  std::vector<PltSymbol> stubs = plt_symbols(file);
  if (!plt || stubs.empty()) return;
  stop_guesses_at(symbols, loader.position(ElfAddr{plt->addr}, *plt));
  const std::span<const CandidateSymbol> named(symbols.data(), symbols.size());
  std::vector<CandidateSymbol> added;
  for (PltSymbol& stub : stubs) {
    if (stub.resolver) {
      const uint64_t resolver = loader.position(*stub.resolver, *plt);
      const auto found = std::ranges::lower_bound(named, resolver, {}, &CandidateSymbol::start);
      if (found != named.end() && found->start == resolver) {
        stub.name = std::string(elf_string(strings, found->name)) + "@plt";
      }
    }
    const uint64_t start = loader.position(stub.start, *plt);
    const uint64_t name = strings.size() + more_names.size();
    if (name + stub.name.size() > UINT32_MAX) break;
    added.push_back(
        {start, start + stub.size, UINT64_MAX, static_cast<uint32_t>(name), STB_GLOBAL});
    more_names.insert(more_names.end(), stub.name.begin(), stub.name.end());
    more_names.push_back('\0');
  }
  symbols.insert(symbols.end(), added.begin(), added.end());
}

struct Files {
  std::shared_ptr<const ElfFile> file, debug, mini;
  std::string strings;  // of two tables, one after the other
};

/// The symbol table to use and the file it is in: .symtab wherever it is, else .dynsym.
std::pair<const ElfFile*, const ElfSection*> choose_table(const Files& files) {
  if (files.debug) {
    const ElfSection* table = symbol_section(*files.debug, ".symtab", SHT_SYMTAB);
    if (table) return {files.debug.get(), table};
  }
  const ElfSection* table = symbol_section(*files.file, ".symtab", SHT_SYMTAB);
  if (!table) table = symbol_section(*files.file, ".dynsym", SHT_DYNSYM);
  return {files.file.get(), table};
}

/// Mini debug info leaves out what .dynsym has, so one goes with the other.
std::vector<CandidateSymbol> load_with_mini(Files& files, SymbolSpace space,
                                            std::vector<CandidateSymbol> symbols,
                                            std::string_view& strings) {
  const ElfSection* table = symbol_section(*files.mini, ".symtab", SHT_SYMTAB);
  if (!table) return symbols;
  const std::string_view more = files.mini->strings_of(*table);
  if (strings.size() + 1 + more.size() > UINT32_MAX) return symbols;
  files.strings.assign(strings).push_back('\0');
  const auto shift = static_cast<uint32_t>(files.strings.size());
  files.strings.append(more);
  strings = files.strings;
  for (CandidateSymbol symbol : Loader(*files.file, *files.mini, space).load(*table)) {
    symbol.name += shift;
    symbols.push_back(symbol);
  }
  return symbols;
}

}  // namespace

SymbolTable load_elf_symbols(std::shared_ptr<const ElfFile> file,
                             std::shared_ptr<const ElfFile> debug, SymbolSpace space,
                             std::shared_ptr<const ElfFile> mini) {
  auto files =
      std::make_shared<Files>(Files{std::move(file), std::move(debug), std::move(mini), {}});
  const auto [names, table] = choose_table(*files);
  const Loader loader(*files->file, *names, space);
  std::string_view strings;
  std::vector<CandidateSymbol> symbols;
  if (table) {
    strings = names->strings_of(*table);
    symbols = loader.load(*table);
  }
  if (files->mini && (!table || table->type == SHT_DYNSYM)) {
    symbols = load_with_mini(*files, space, std::move(symbols), strings);
  }
  fix_ends(symbols);
  drop_aliases(symbols, strings);
  std::vector<char> more_names;
  if (space != SymbolSpace::Module) {
    add_plt(*files->file, loader, strings, symbols, more_names);
  }

  std::vector<SymbolTable::Entry> entries;
  entries.reserve(symbols.size());
  for (const CandidateSymbol& s : symbols) {
    entries.push_back({s.start, s.end, s.name, {}, s.data});
  }
  return SymbolTable(std::move(entries), SymbolTable::Overlap::Innermost, strings, std::move(files),
                     std::move(more_names));
}

}  // namespace prof
