#include "symbolize/choose_symbol.h"

#include <elf.h>

#include <algorithm>
#include <string>

#include "object/elf_file.h"
#include "symbolize/demangle.h"

namespace prof {

namespace {

constexpr uint64_t kPage = 4096;

struct NameRank {
  size_t underscores;
  size_t length;
};

NameRank rank_of(std::string_view name) {
  const auto readable = demangle(name, DemangleStyle::Names);
  if (readable) name = *readable;
  return {std::min(name.find_first_not_of('_'), name.size()), name.size()};
}

/// Constructors and destructors come in variants of one body, _ZN1AC1Ev and _ZN1AC2Ev, that read
/// the same; telling so from the mangled names saves demangling both.
bool are_variants(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  const auto at = static_cast<size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
  if (at == a.size()) return true;
  const auto is_variant = [](char c) { return c >= '0' && c <= '5'; };
  return at > 0 && (a[at - 1] == 'C' || a[at - 1] == 'D') && is_variant(a[at]) &&
         is_variant(b[at]) && a.substr(at + 1) == b.substr(at + 1);
}

bool second_is_better(const CandidateSymbol& a, const CandidateSymbol& b, std::string_view names) {
  const bool a_sized = a.end > a.start;
  const bool b_sized = b.end > b.start;
  if (a_sized != b_sized) return b_sized;
  const bool a_weak = a.binding == STB_WEAK;
  const bool b_weak = b.binding == STB_WEAK;
  if (a_weak != b_weak) return a_weak;
  const bool a_global = a.binding == STB_GLOBAL;
  const bool b_global = b.binding == STB_GLOBAL;
  if (a_global != b_global) return b_global;

  const std::string_view a_name = elf_string(names, a.name);
  const std::string_view b_name = elf_string(names, b.name);
  if (a_name.starts_with("_Z") && are_variants(a_name, b_name)) return false;
  const NameRank a_rank = rank_of(a_name);
  const NameRank b_rank = rank_of(b_name);
  if (a_rank.underscores != b_rank.underscores) return b_rank.underscores < a_rank.underscores;
  return b_rank.length > a_rank.length;
}

}  // namespace

void fix_ends(std::vector<CandidateSymbol>& symbols) {
  std::ranges::stable_sort(symbols, {}, &CandidateSymbol::start);
  for (size_t i = 0; i < symbols.size(); ++i) {
    CandidateSymbol& symbol = symbols[i];
    if (symbol.end != symbol.start) continue;
    symbol.guessed_end = true;
    if (i + 1 < symbols.size()) {
      symbol.end = symbols[i + 1].start;
    } else if (symbol.start < UINT64_MAX - 2 * kPage) {
      symbol.end = (symbol.start + kPage - 1) / kPage * kPage + kPage;
    }
    symbol.end = std::max(symbol.start, std::min(symbol.end, symbol.section_end));
  }
}

void drop_aliases(std::vector<CandidateSymbol>& symbols, std::string_view names) {
  size_t kept = 0;
  for (size_t i = 0; i < symbols.size(); ++i) {
    if (kept > 0 && symbols[kept - 1].start == symbols[i].start) {
      if (second_is_better(symbols[kept - 1], symbols[i], names)) symbols[kept - 1] = symbols[i];
    } else {
      symbols[kept++] = symbols[i];
    }
  }
  symbols.resize(kept);
}

}  // namespace prof
