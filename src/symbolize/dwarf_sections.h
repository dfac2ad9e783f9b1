// DwarfSections: the debug sections of one ELF file, decompressed as needed.
// Held by DwarfSource for the debug file, dwz's common file and split units.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "object/section_data.h"

namespace prof {

/// The sections that are small or read in every direction are had whole; .debug_info, .debug_str
/// and .debug_line go through windows where they are large and compressed.
class DwarfSections {
 public:
  enum class Variant : uint8_t {
    Main,   // .debug_info …
    Split,  // .debug_info.dwo …, of a .dwo or .dwp file
  };
  /// `hold_up_to`: the size up to which compressed sections are held whole where they need not be;
  /// 0 for what suits each.
  DwarfSections(std::shared_ptr<const ElfFile> file, Variant variant, uint64_t hold_up_to = 0);

  const ElfFile& file() const { return *file_; }
  bool swapped() const { return file_->swapped(); }

  /// Makes the whole ones readable; to be called before anything else, by one thread.
  void load();
  /// Gives back memory, until the next load().
  void release();

  std::span<const std::byte> abbrev, line_str, str_offsets, addr, ranges, rnglists;
  SectionData info, line, str;  // not for two threads at once, unless is_whole()

  /// The string at `offset` of .debug_str, in place; nothing if the section is not whole.
  std::optional<std::string_view> string_in_place(uint64_t offset) const;
  /// The same wherever it has to be taken from, remembering what was taken; for few strings.
  std::string string_copy(uint64_t offset);
  /// The bytes of .debug_line that hold the table at `offset`, in place or in `buffer`.
  std::span<const std::byte> line_table(uint64_t offset, ByteBuffer& buffer);

 private:
  std::shared_ptr<const ElfFile> file_;
  SectionData small_[6];
  std::span<const std::byte> str_bytes_;  // where whole
  std::mutex reading_;                    // for the windows of str and line
  std::vector<std::pair<uint64_t, std::string>> copied_;
};

}  // namespace prof
