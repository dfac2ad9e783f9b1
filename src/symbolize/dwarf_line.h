// LineTable: a line number program of .debug_line, run for just the addresses that are asked for.
// Made by DwarfSource for each unit that holds some.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "symbolize/dwarf_unit.h"

namespace prof {

struct LineRow {
  uint32_t file = 0;  // for LineTable::path()
  uint32_t line = 0;
  bool found = false;
};

/// DWARF 2 to 5. Instructions of VLIW machines count as one address each, as they do for LLVM.
class LineTable {
 public:
  /// `bytes` start with the table's length and outlive it; `unit` is the one whose DW_AT_stmt_list
  /// it is. Nothing if the header is malformed.
  static std::optional<LineTable> parse(std::span<const std::byte> bytes, const Unit& unit,
                                        std::string comp_dir);

  /// The row of each address; `addresses` ascending.
  std::vector<LineRow> find(std::span<const uint64_t> addresses);
  /// The path of a file, made absolute by the compilation directory; empty if there is none.
  std::string path(uint64_t file) const;

 private:
  struct File {
    std::string_view name;
    uint64_t directory = 0;
  };
  struct Registers {
    uint64_t address = 0;
    uint64_t file = 1;
    uint64_t line = 1;
  };
  class Run;

  bool read_header(const Unit& unit);
  bool read_old_entries(DwarfCursor& in);
  bool read_entries(DwarfCursor& in, const Unit& forms, bool directories);
  File read_old_file(DwarfCursor& in);
  std::string_view text_of(const Unit& forms, const DwarfValue& value);

  std::span<const std::byte> bytes_;
  bool swap_ = false;
  std::string comp_dir_;
  DwarfFormat format_;
  uint64_t program_ = 0;  // where it starts
  uint8_t minimum_length_ = 1;
  int8_t line_base_ = 0;
  uint8_t line_range_ = 1;
  uint8_t opcode_base_ = 1;
  std::vector<uint8_t> operand_counts_;  // of the standard opcodes, from 1
  std::vector<std::string_view> directories_;
  std::vector<File> files_;
  std::deque<std::string> copies_;  // of strings that are not in place
};

}  // namespace prof
