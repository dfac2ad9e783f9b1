// DWARF 5, 6.2.
#include "symbolize/dwarf_line.h"

#include <dwarf.h>

#include <algorithm>
#include <utility>

namespace prof {

namespace {

// Sequences hardly ever overlap, so each address is met once.
constexpr uint64_t kPatience = 64;

void append_path(std::string& path, std::string_view part) {
  if (part.empty()) return;
  if (!path.empty() && path.back() != '/') path += '/';
  path += part;
}

}  // namespace

std::optional<LineTable> LineTable::parse(std::span<const std::byte> bytes, const Unit& unit,
                                          std::string comp_dir) {
  LineTable table;
  table.bytes_ = bytes;
  table.comp_dir_ = std::move(comp_dir);
  if (!table.read_header(unit)) return std::nullopt;
  return table;
}

bool LineTable::read_header(const Unit& unit) {
  swap_ = unit.skeleton->swapped();
  DwarfCursor in(bytes_, swap_);
  format_ = unit.header.format;
  format_.is_64 = in.u32() == UINT32_MAX;
  if (format_.is_64) in.u64();
  format_.version = in.u16();
  if (format_.version < 2 || format_.version > 5) return false;
  if (format_.version >= 5) {
    format_.address_size = in.u8();
    in.u8();  // segment selector size
  }
  const uint64_t header_length = in.offset(format_.is_64);
  if (header_length > in.remaining()) return false;
  program_ = in.position() + header_length;
  minimum_length_ = in.u8();
  if (format_.version >= 4) in.u8();  // maximum operations per instruction
  in.u8();                            // default of is_stmt
  line_base_ = static_cast<int8_t>(in.u8());
  line_range_ = in.u8();
  opcode_base_ = in.u8();
  for (unsigned i = 1; i < opcode_base_; ++i) operand_counts_.push_back(in.u8());
  if (!in.ok() || line_range_ == 0) return false;
  if (format_.version < 5) return read_old_entries(in);
  Unit forms;
  forms.header.format = format_;
  forms.sections = forms.skeleton = unit.skeleton;
  return read_entries(in, forms, true) && read_entries(in, forms, false);
}

LineTable::File LineTable::read_old_file(DwarfCursor& in) {
  File file;
  file.name = in.c_string();
  file.directory = in.uleb();
  in.skip_leb();  // time of modification
  in.skip_leb();  // size
  return file;
}

/// Before DWARF 5: names until an empty one. The table goes on after the header if it is cut.
bool LineTable::read_old_entries(DwarfCursor& in) {
  while (in.ok()) {
    const std::string_view directory = in.c_string();
    if (directory.empty()) break;
    directories_.push_back(directory);
  }
  while (in.ok() && in.remaining() > 0) {
    DwarfCursor end = in;
    if (end.u8() == 0) break;
    files_.push_back(read_old_file(in));
  }
  return in.ok();
}

std::string_view LineTable::text_of(const Unit& forms, const DwarfValue& value) {
  if (value.kind == DwarfValue::Kind::Text) return value.text;
  copies_.push_back(forms.string(value));
  return copies_.back();
}

bool LineTable::read_entries(DwarfCursor& in, const Unit& forms, bool directories) {
  std::vector<AttributeSpec> specs(in.u8());
  for (AttributeSpec& spec : specs) {
    spec.name = static_cast<uint16_t>(std::min<uint64_t>(in.uleb(), UINT16_MAX));
    spec.form = static_cast<uint16_t>(std::min<uint64_t>(in.uleb(), UINT16_MAX));
  }
  const uint64_t count = in.uleb();
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t before = in.position();
    File file;
    for (const AttributeSpec& spec : specs) {
      const DwarfValue value = forms.value(in, spec);
      if (spec.name == DW_LNCT_path) file.name = text_of(forms, value);
      if (spec.name == DW_LNCT_directory_index) file.directory = value.number;
    }
    // Entries that take no bytes could be claimed without end.
    if (!in.ok() || in.position() == before) return false;
    if (directories) {
      directories_.push_back(file.name);
    } else {
      files_.push_back(file);
    }
  }
  return in.ok();
}

std::string LineTable::path(uint64_t file) const {
  const bool from_zero = format_.version >= 5;
  const uint64_t index = from_zero ? file : file - 1;
  if (index >= files_.size()) return {};
  const File& entry = files_[static_cast<size_t>(index)];
  if (entry.name.empty() || entry.name.front() == '/') return std::string(entry.name);
  std::string_view directory;
  const uint64_t number = from_zero ? entry.directory : entry.directory - 1;
  if (number < directories_.size()) directory = directories_[static_cast<size_t>(number)];
  std::string path;
  // Directory 0 is the compilation directory itself, which DWARF 5 has in the table.
  const bool in_comp_dir = from_zero && entry.directory == 0 && !directory.empty();
  if (!directory.starts_with('/') && !in_comp_dir) append_path(path, comp_dir_);
  append_path(path, directory);
  append_path(path, entry.name);
  return path;
}

/// The state machine (6.2.2). Rows are not kept: each one ends the stretch of the row before it,
/// and the asked addresses of that stretch get their answer.
class LineTable::Run {
 public:
  Run(LineTable& table, std::span<const uint64_t> addresses)
      : table_(table),
        in_(table.bytes_, table.swap_, table.program_),
        addresses_(addresses),
        rows_(addresses.size()),
        patience_(kPatience * addresses.size()) {}

  std::vector<LineRow> run() {
    while (!in_.at_end() && in_.ok()) step(in_.u8());
    return std::move(rows_);
  }

 private:
  void step(uint8_t opcode);
  void extended();
  void standard(uint8_t opcode);
  void emit();
  void advance(uint64_t operation) { now_.address += operation * table_.minimum_length_; }
  void find_next(uint64_t address) {
    next_ = static_cast<size_t>(std::ranges::lower_bound(addresses_, address) - addresses_.begin());
  }

  LineTable& table_;
  DwarfCursor in_;
  std::span<const uint64_t> addresses_;
  std::vector<LineRow> rows_;
  Registers now_;
  Registers last_;  // the row before
  bool in_sequence_ = false;
  size_t next_ = 0;    // the first address that is not before last_
  uint64_t patience_;  // how many answers are looked at before the program counts as malicious
};

void LineTable::Run::emit() {
  if (!in_sequence_ || now_.address < last_.address) find_next(now_.address);
  in_sequence_ = true;
  for (; next_ < addresses_.size() && addresses_[next_] < now_.address; ++next_) {
    if (patience_ == 0) return;
    --patience_;
    LineRow& row = rows_[next_];
    if (row.found) continue;
    row = {static_cast<uint32_t>(last_.file), static_cast<uint32_t>(last_.line), true};
  }
  last_ = now_;
}

void LineTable::Run::step(uint8_t opcode) {
  if (opcode >= table_.opcode_base_) {
    const unsigned adjusted = opcode - table_.opcode_base_;
    advance(adjusted / table_.line_range_);
    const int change = table_.line_base_ + static_cast<int>(adjusted % table_.line_range_);
    now_.line += static_cast<uint64_t>(static_cast<int64_t>(change));
    emit();
  } else if (opcode == 0) {
    extended();
  } else {
    standard(opcode);
  }
}

void LineTable::Run::extended() {
  const uint64_t length = in_.uleb();
  if (length == 0 || length > in_.remaining()) return;
  const uint64_t end = in_.position() + length;
  switch (in_.u8()) {
    case DW_LNE_end_sequence:
      emit();
      now_ = {};
      in_sequence_ = false;
      break;
    case DW_LNE_set_address:
      now_.address = in_.number(static_cast<unsigned>(std::min<uint64_t>(length - 1, 16)));
      break;
    case DW_LNE_define_file:
      table_.files_.push_back(table_.read_old_file(in_));
      break;
    default:
      break;
  }
  if (in_.ok()) in_.seek(end);
}

void LineTable::Run::standard(uint8_t opcode) {
  switch (opcode) {
    case DW_LNS_copy:
      return emit();
    case DW_LNS_advance_pc:
      return advance(in_.uleb());
    case DW_LNS_advance_line:
      now_.line += static_cast<uint64_t>(in_.sleb());
      return;
    case DW_LNS_set_file:
      now_.file = in_.uleb();
      return;
    case DW_LNS_const_add_pc:
      return advance((255u - table_.opcode_base_) / table_.line_range_);
    case DW_LNS_fixed_advance_pc:
      now_.address += in_.u16();
      return;
    default:  // columns, statement and block marks, and whatever is not known
      for (unsigned i = table_.operand_counts_[opcode - 1u]; i > 0; --i) in_.skip_leb();
  }
}

std::vector<LineRow> LineTable::find(std::span<const uint64_t> addresses) {
  return Run(*this, addresses).run();
}

}  // namespace prof
