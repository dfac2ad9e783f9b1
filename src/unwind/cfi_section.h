// CfiSection: the entries of an .eh_frame or .debug_frame section: CIEs, what functions share, and
// FDEs, one for each function. Used by the table builder and by UnwindModule.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "object/elf_file.h"
#include "object/section_data.h"
#include "unwind/cfi_reader.h"

namespace prof {

/// A common information entry (DWARF 5, 6.4.1; for .eh_frame: Linux Standard Base, "Common
/// Information Entry Format").
struct Cie {
  uint64_t code_align = 1;
  int64_t data_align = 1;
  uint32_t return_register = 0;
  uint8_t pointer_encoding = 0;
  uint8_t address_size = 8;
  bool sized_augmentation = false;  // 'z': FDEs have augmentation data with its size before it
  bool signal_frame = false;        // 'S'
  std::span<const std::byte> instructions;
};

/// A frame description entry.
struct Fde {
  uint64_t begin = 0;  // addresses of the function, [begin, end)
  uint64_t end = 0;
  uint64_t offset = 0;        // of the entry in its section
  uint64_t instructions = 0;  // where they begin in the section
  uint64_t instructions_size = 0;
  uint32_t cie = 0;  // its index
};

class CfiSection {
 public:
  enum class Kind : uint8_t { EhFrame, DebugFrame };

  /// .eh_frame by its section, or, in files without sections, by PT_GNU_EH_FRAME.
  static std::optional<CfiSection> find_eh_frame(const ElfFile& file);
  /// .debug_frame, or its .zdebug form, inflated into `holder`, which must outlive the result.
  static std::optional<CfiSection> find_debug_frame(const ElfFile& file, SectionData& holder);

  /// What a zero length means: inside a section the linker may have put more entries behind it;
  /// where only a segment's end is known, it is the end.
  enum class Terminator : uint8_t { Skip, Stop };

  /// Entries are read one after another; those that make no sense are counted and skipped. FDEs are
  /// in order of their begin, do not overlap, and none is empty. `bytes` must outlive this.
  CfiSection(Kind kind, std::span<const std::byte> bytes, uint64_t addr, uint64_t data_base = 0,
             Terminator terminator = Terminator::Skip);

  Kind kind() const { return kind_; }
  uint64_t addr() const { return addr_; }
  std::span<const Fde> fdes() const { return fdes_; }
  const Cie& cie(uint32_t index) const { return cies_[index]; }
  size_t cie_count() const { return cies_.size(); }
  CfiReader instructions(const Fde& fde) const;
  uint64_t broken() const { return broken_; }

 private:
  struct Entry {
    uint64_t offset = 0;       // of the length field
    uint64_t body = 0;         // after the length
    uint64_t end = 0;          // of the entry, and begin of the next
    unsigned offset_size = 4;  // 8 in entries of more than 4 GiB
  };

  std::optional<Entry> entry_at(uint64_t offset) const;
  bool is_cie(const Entry& entry, uint64_t id) const;
  std::optional<uint32_t> cie_at(uint64_t offset);
  std::optional<Cie> read_cie(uint64_t offset) const;
  void read_entries(Terminator terminator);
  bool read_fde(const Entry& entry, uint64_t cie_pointer);
  void order_fdes();

  Kind kind_;
  std::span<const std::byte> bytes_;
  uint64_t addr_;
  uint64_t data_base_;
  std::vector<Cie> cies_;
  std::unordered_map<uint64_t, std::optional<uint32_t>> cie_by_offset_;
  uint64_t last_cie_offset_ = UINT64_MAX;
  uint32_t last_cie_ = 0;
  std::vector<Fde> fdes_;
  uint64_t broken_ = 0;
};

}  // namespace prof
