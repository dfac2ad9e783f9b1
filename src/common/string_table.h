// StringTable: every distinct string once, named by a StringId. Used for comms, symbols and DSOs.
#pragma once

#include <cstdint>
#include <deque>
#include <string_view>
#include <vector>

#include "common/strong_id.h"

namespace prof {

/// Ids count up from 0 in order of first intern(). Views stay valid as long as the table lives and
/// is not moved from.
class StringTable {
 public:
  StringTable();
  StringTable(StringTable&&) = default;
  StringTable& operator=(StringTable&&) = default;
  StringId intern(std::string_view text);
  std::string_view operator[](StringId id) const { return entries_[id.value].text; }
  size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string_view text;
    uint64_t hash;
  };
  std::string_view store(std::string_view text);
  void grow();

  std::vector<Entry> entries_;
  std::vector<uint32_t> slots_;           // open addressing; value + 1, 0 is free
  std::deque<std::vector<char>> chunks_;  // never reallocated once filled
};

}  // namespace prof
