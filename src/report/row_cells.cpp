#include "report/row_cells.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "report/own_columns.h"

namespace prof {

namespace {

// Hexadecimal digits of an address in the Symbol column, and with "[k] 0x" before them.
constexpr size_t kAddressDigits = 16;
constexpr size_t kUnresolvedWidth = kAddressDigits + 4 + 2;
constexpr size_t kPidWidth = 8;  // "   1234:" before the command
constexpr std::string_view kWholeText = "trace";
constexpr std::string_view kNoParent = "[other]";
constexpr std::string_view kRaw = "/raw";

std::string_view bare(std::string_view field) {
  if (field.ends_with(kRaw)) field.remove_suffix(kRaw.size());
  return field;
}

}  // namespace

bool RowCells::has(SortKey key) const {
  const auto field = field_of(key);
  return !field || (*field < event_.field_widths.size() && event_.field_widths[*field] != 0);
}

/// perf's titles; of fields their names.
std::string_view RowCells::title(SortKey key) const {
  if (const auto field = field_of(key)) {
    const std::string_view name = bare(options_.fields[*field]);
    if (name == kWholeText) return "Trace output";
    if (const auto own = own_column(name)) return title_of(*own);
    const size_t dot = name.rfind('.');
    return dot == name.npos ? name : name.substr(dot + 1);
  }
  switch (key) {
    case SortKey::Comm:
      return "Command";
    case SortKey::Pid:
      return "    Pid:Command";
    case SortKey::Tid:
      return "    Tid:Command";
    case SortKey::Cpu:
      return "CPU";
    case SortKey::Dso:
      return "Shared Object";
    case SortKey::Srcline:
      return "Source:Line";
    case SortKey::Srcfile:
      return "Source File";
    case SortKey::Parent:
      return "Parent symbol";
    case SortKey::DsoSize:
      return "DSO size";
    case SortKey::SymbolSize:
      return "Symbol size";
    default:
      return "Symbol";
  }
}

bool RowCells::is_right(SortKey key) const {
  if (key == SortKey::DsoSize || key == SortKey::SymbolSize) return true;
  const auto field = field_of(key);
  if (!field) return false;
  const std::string_view name = bare(options_.fields[*field]);
  return name != kWholeText && !own_column(name);
}

bool RowCells::is_padded(SortKey key) const {
  if (const auto field = field_of(key)) {
    const auto own = own_column(bare(options_.fields[*field]));
    return own && prof::is_padded(*own);
  }
  return key != SortKey::Symbol && key != SortKey::Srcline && key != SortKey::Srcfile;
}

size_t RowCells::least_width(SortKey key) const {
  const auto field = field_of(key);
  if (key == SortKey::Cpu) return 3;
  return std::max(title(key).size(), field ? event_.field_widths[*field] : 0);
}

size_t RowCells::width(const RowKey& row, SortKey key) const {
  switch (key) {
    case SortKey::Comm:
      return comm(row).size();
    case SortKey::Pid:
    case SortKey::Tid:
      return comm(row).size() + kPidWidth;
    case SortKey::Dso:
      return resolved(row) ? dso(row).size() : std::max(dso(row).size(), kAddressDigits);
    case SortKey::Srcline:
      return line(row).size();
    case SortKey::Srcfile:
      return file(row).size();
    case SortKey::Parent:
      return parent(row).size();
    case SortKey::DsoSize:
    case SortKey::SymbolSize:
      return size_text(row, key).size();
    case SortKey::Symbol:
      return resolved(row) ? symbol(row).size() + mark(row).size() + 4 : kUnresolvedWidth;
    default:
      return 0;  // of fields, the event knows
  }
}

std::string RowCells::text(const RowKey& row, SortKey key, uint64_t samples, size_t width) const {
  if (const auto field = field_of(key)) {
    const std::string_view text = this->field(row, *field);
    const auto own = own_column(bare(options_.fields[*field]));
    uint64_t number = 0;
    if (own && is_sum(*own) &&
        std::from_chars(text.data(), text.data() + text.size(), number).ec == std::errc{}) {
      return std::to_string(number * samples);
    }
    return std::string(text);
  }
  switch (key) {
    case SortKey::Comm:
      return std::string(comm(row));
    case SortKey::Pid:
    case SortKey::Tid:
      return fmt::format("{:>7}:{:<{}}", key == SortKey::Pid ? row.pid : row.tid, comm(row),
                         std::max(width, kPidWidth) - kPidWidth);
    case SortKey::Cpu:
      return row.cpu < 0 ? "-001" : fmt::format("{:03}", row.cpu);
    case SortKey::Dso:
      return std::string(dso(row));
    case SortKey::Srcline:
      return std::string(line(row));
    case SortKey::Srcfile:
      return std::string(file(row));
    case SortKey::Parent:
      return std::string(parent(row));
    case SortKey::DsoSize:
    case SortKey::SymbolSize:
      return size_text(row, key);
    default:
      return symbol_text(row);
  }
}

uint64_t RowCells::size(const RowKey& row, SortKey key) const {
  const Frame& frame = profile_.frame(row.frame);
  return key == SortKey::DsoSize ? frame.dso_size : frame.symbol_size;
}

std::string RowCells::size_text(const RowKey& row, SortKey key) const {
  const Frame& frame = profile_.frame(row.frame);
  const bool known = key == SortKey::DsoSize ? frame.dso.valid() : frame.symbol.valid();
  return known ? std::to_string(size(row, key)) : "unknown";
}

std::string RowCells::symbol_text(const RowKey& row) const {
  const Frame& frame = profile_.frame(row.frame);
  if (resolved(row)) return fmt::format("[{}] {}{}", frame.level, symbol(row), mark(row));
  if (frame.address == 0) return fmt::format("[{}] {:016}", frame.level, 0);  // C's %#.16x
  return fmt::format("[{}] {:#018x}", frame.level, frame.address);
}

std::string_view RowCells::dso(const RowKey& row) const {
  const Frame& frame = profile_.frame(row.frame);
  return frame.dso_short.valid() ? profile_.strings[frame.dso_short] : "[unknown]";
}

/// perf's text for what has no line at all, as in folded stacks.
std::string_view RowCells::line(const RowKey& row) const {
  const Frame& frame = profile_.frame(row.frame);
  return frame.line.valid() ? profile_.strings[frame.line] : kNoLine;
}

std::string_view RowCells::file(const RowKey& row) const {
  return source_file(line(row));
}

std::string_view RowCells::parent(const RowKey& row) const {
  return row.parent.valid() ? profile_.strings[row.parent] : kNoParent;
}

std::string_view RowCells::mark(const RowKey& row) const {
  const bool inlined = profile_.frame(row.frame).kind == FrameKind::Inlined;
  return inlined ? kInlinedMark : std::string_view{};
}

const FieldValue& RowCells::value(const RowKey& row, size_t field) const {
  static constexpr FieldValue kNone;
  return row.fields < 0 ? kNone : profile_.field_values[static_cast<size_t>(row.fields)][field];
}

/// Numbers of tracepoints, and weights, come greatest first, as in perf.
int RowCells::compare_fields(const RowKey& a, const RowKey& b, size_t field) const {
  const int order = string_of(value(a, field).bytes).compare(string_of(value(b, field).bytes));
  const std::string_view name = bare(options_.fields[field]);
  const auto own = own_column(name);
  const bool rising = name == kWholeText || (own && !is_greatest_first(*own));
  return rising ? order : -order;
}

int RowCells::compare_symbols(const RowKey& a, const RowKey& b) const {
  if (resolved(a) != resolved(b)) return resolved(a) ? -1 : 1;
  if (resolved(a)) return symbol(a).compare(symbol(b));
  const uint64_t left = profile_.frame(a.frame).address;
  const uint64_t right = profile_.frame(b.frame).address;
  return left < right ? -1 : right < left ? 1 : 0;
}

int RowCells::compare(const RowKey& a, const RowKey& b, SortKey key) const {
  if (const auto field = field_of(key)) return compare_fields(a, b, *field);
  const auto three_way = [](const auto& x, const auto& y) { return x < y ? -1 : y < x ? 1 : 0; };
  switch (key) {
    case SortKey::Comm:
      return comm(a).compare(comm(b));
    case SortKey::Pid:
      return three_way(a.pid, b.pid);
    case SortKey::Tid:
      return three_way(a.tid, b.tid);
    case SortKey::Cpu:
      return three_way(a.cpu, b.cpu);
    case SortKey::Dso:
      return dso(a).compare(dso(b));
    case SortKey::Srcline:
      return line(a).compare(line(b));
    case SortKey::Srcfile:
      return file(a).compare(file(b));
    case SortKey::Parent:
      if (a.parent.valid() != b.parent.valid()) return a.parent.valid() ? -1 : 1;
      return parent(a).compare(parent(b));
    case SortKey::DsoSize:
    case SortKey::SymbolSize:
      return three_way(size(a, key), size(b, key));
    default:
      return compare_symbols(a, b);
  }
}

std::string_view source_file(std::string_view line) {
  const size_t colon = line.rfind(':');
  if (colon == line.npos || colon + 1 == line.size() || line == kNoLine) return {};
  const std::string_view number = line.substr(colon + 1);
  const bool is_line = std::ranges::all_of(number, [](char c) { return c >= '0' && c <= '9'; });
  return is_line ? line.substr(0, colon) : std::string_view{};
}

}  // namespace prof
