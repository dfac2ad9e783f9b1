// DwarfAnswers: what is known so far about each asked address, collected from all units.
// Filled by DwarfSource's workers, completed by DwarfNames, read when all is done.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "common/string_table.h"
#include "symbolize/dwarf_line.h"
#include "symbolize/dwarf_walk.h"

namespace prof {

/// A scope as it is kept: what it is called, and where it was called from.
struct KnownScope {
  StringId name;
  StringId call_file;
  uint32_t call_line = 0;
  uint32_t parent = DwarfScope::kNone;
  bool inlined = false;
};

/// A name that is not at hand while its unit is read, because it is in another unit, in another
/// file, or in a string section that is not held in memory.
struct PendingName {
  uint32_t scope = 0;
  DwarfName name;
};

/// What one unit says about addresses, `indices` of those that were asked for. The files of rows
/// and scopes are numbers of the unit's line table, whose paths are `paths`.
struct UnitAnswer {
  uint64_t unit_offset = 0;
  std::vector<uint32_t> indices;
  UnitScopes scopes;
  std::vector<DwarfName> names;                         // by scope
  std::vector<LineRow> rows;                            // by index, or empty
  std::vector<std::pair<uint32_t, std::string>> paths;  // sorted by number
};

class DwarfAnswers {
 public:
  explicit DwarfAnswers(size_t count) : answers_(count), unanswered_(count) {}

  /// Takes over what a unit says. Where two units claim an address, one that knows its function is
  /// believed, and of two such the first one in the file: COMDAT code has one copy only.
  void add(const UnitAnswer& answer);
  /// How many addresses no unit has a function for yet.
  size_t unanswered() const { return unanswered_; }

  struct Answer {
    uint64_t unit_offset = UINT64_MAX;
    uint32_t scope = DwarfScope::kNone;
    uint32_t line = 0;
    StringId file;
    bool has_line = false;
  };
  const Answer& operator[](size_t index) const { return answers_[index]; }
  bool has_function(size_t index) const { return answers_[index].scope != DwarfScope::kNone; }
  const KnownScope& scope(uint32_t index) const { return scopes_[index]; }
  std::string_view text(StringId id) const {
    return id.valid() ? strings_[id] : std::string_view();
  }

  std::vector<PendingName>& pending() { return pending_; }
  void set_name(uint32_t scope, std::string_view name) {
    scopes_[scope].name = strings_.intern(name);
  }

 private:
  uint32_t add_scope(const UnitAnswer& answer, uint32_t scope, std::vector<uint32_t>& known);
  StringId path_of(const UnitAnswer& answer, uint32_t file);

  std::vector<Answer> answers_;
  size_t unanswered_;
  std::vector<KnownScope> scopes_;
  std::vector<PendingName> pending_;
  StringTable strings_;
};

}  // namespace prof
