// SplitUnits: the units of .dwo and .dwp files that skeleton units stand for (-gsplit-dwarf).
// Asked by DwarfSource for each skeleton that holds addresses.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "symbolize/dwarf_unit.h"

namespace prof {

/// A unit, and what it needs to live.
struct SplitUnit {
  std::shared_ptr<DwarfSections> sections;
  std::unique_ptr<AbbrevTable> abbrevs;
  Unit unit;
};

/// The index of a .dwp file: which part of each section is a unit's own (DWARF 5, 7.3.5; before,
/// the GNU extension of the same layout).
class DwpIndex {
 public:
  enum Column : uint8_t { kInfo, kAbbrev, kStrOffsets, kRnglists, kColumns };
  struct Part {
    uint64_t offset = 0;
    uint64_t size = 0;
  };
  using Row = std::array<Part, kColumns>;

  DwpIndex() = default;
  DwpIndex(std::span<const std::byte> section, bool swap);
  const Row* find(uint64_t dwo_id) const;

 private:
  std::unordered_map<uint64_t, Row> rows_;
};

class SplitUnits {
 public:
  /// A package is looked for beside either of these files, a .dwo file where the skeleton says (as
  /// seen below `symfs`), and else beside them.
  SplitUnits(std::string binary_path, std::string debug_path, std::string symfs);

  /// Nothing if it is not there, or of another build. May be asked by several threads.
  std::optional<SplitUnit> open(const Unit& skeleton);
  /// Whether open() was ever called.
  bool asked() const { return asked_; }

 private:
  void open_package();
  std::optional<SplitUnit> open_packaged(const Unit& skeleton);
  std::optional<SplitUnit> open_file(const Unit& skeleton, const std::string& path);
  static bool read_unit(SplitUnit& split, const Unit& skeleton, const UnitHeader& header,
                        std::span<const std::byte> info, uint64_t abbrev_base);

  std::string binary_path_, debug_path_, symfs_;
  std::atomic<bool> asked_ = false;
  std::once_flag package_opened_;
  std::shared_ptr<DwarfSections> package_;
  DwpIndex index_;
};

}  // namespace prof
