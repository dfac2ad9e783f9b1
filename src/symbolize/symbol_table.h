// SymbolTable: the symbols of one code source, sorted, with overlaps settled beforehand.
// Built by elf_symbols, kernel_symbols and perf_map; searched by the Symbolizer.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "common/strong_id.h"

namespace prof {

/// What keeps the bytes alive that names point into (a mapped ELF file, a text read whole).
using NameStorage = std::shared_ptr<const void>;

class SymbolTable {
 public:
  static constexpr uint32_t kNotFound = UINT32_MAX;

  struct Entry {
    uint64_t start = 0;
    uint64_t end = 0;   // one past the last byte
    uint32_t name = 0;  // where it starts in the names; it ends at a NUL
    StringId interned;  // the printable name, once someone asked for it
    bool data = false;  // an object, not a function
  };

  /// Which of several symbols that hold an address is meant.
  enum class Overlap {
    Innermost,  // the one that starts last: nested functions, labels
    LastAdded,  // the one added last: code that was overwritten by newer code
  };

  SymbolTable() = default;
  /// `entries` in the order they were added. `names` is the text their names are offsets of, kept
  /// alive by `storage`; offsets from names.size() on refer to `more_names` instead.
  SymbolTable(std::vector<Entry> entries, Overlap overlap, std::string_view names,
              NameStorage storage, std::vector<char> more_names = {});

  bool empty() const { return entries_.empty(); }
  size_t size() const { return entries_.size(); }
  /// The index of the symbol that holds `address`, or kNotFound.
  uint32_t find(uint64_t address) const;
  const Entry& operator[](uint32_t index) const { return entries_[index]; }
  std::string_view name(uint32_t index) const;
  void set_interned(uint32_t index, StringId id) { entries_[index].interned = id; }
  /// Sorted by start.
  std::span<const Entry> entries() const { return entries_; }

 private:
  void settle(std::span<const uint32_t> priority);
  void emit(uint64_t start, uint32_t owner);

  std::vector<Entry> entries_;
  // From bounds_[i] up to bounds_[i + 1] the address belongs to owners_[i]; apart from the entries
  // so that a search touches nothing else.
  std::vector<uint64_t> bounds_;
  std::vector<uint32_t> owners_;
  std::string_view names_;
  std::vector<char> more_names_;
  NameStorage storage_;
};

}  // namespace prof
