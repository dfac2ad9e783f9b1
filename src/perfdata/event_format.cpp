#include "perfdata/event_format.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "common/byte_reader.h"

namespace prof {

namespace {

constexpr size_t kMaxFields = 1024;

std::string_view take_line(std::string_view& text) {
  const size_t newline = text.find('\n');
  const std::string_view line = text.substr(0, newline);
  text = newline == text.npos ? std::string_view{} : text.substr(newline + 1);
  return line;
}

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::optional<uint32_t> take_number(std::string_view& text) {
  uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return value;
}

/// "offset:8;" and the like, with the tabulator before.
std::optional<uint32_t> take_property(std::string_view& text, std::string_view name) {
  if (!take(text, "\t") || !take(text, name) || !take(text, ":")) return std::nullopt;
  const auto value = take_number(text);
  if (!value || !take(text, ";")) return std::nullopt;
  return value;
}

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// Words, "*" and "[6]": more than that a reader of declarations would have to understand.
bool is_type(std::string_view text) {
  return !text.empty() && is_word(text.front()) && std::ranges::all_of(text, [](char c) {
    return is_word(c) || c == ' ' || c == '*' || c == '[' || c == ']';
  });
}

std::string_view trimmed(std::string_view text) {
  while (text.ends_with(' ')) text.remove_suffix(1);
  while (text.starts_with(' ')) text.remove_prefix(1);
  return text;
}

/// "__data_loc char[] name", "unsigned long args[6]", "struct file * file" and the like.
bool take_declaration(std::string_view text, EventField& field) {
  if (text.ends_with(']')) {
    const size_t open = text.rfind('[');
    if (open == text.npos) return false;
    std::string_view length = text.substr(open + 1, text.size() - open - 2);
    field.is_array = true;
    field.array_length = take_number(length).value_or(0);
    text = trimmed(text.substr(0, open));
  }
  size_t begin = text.size();
  while (begin > 0 && is_word(text[begin - 1])) --begin;
  field.name = text.substr(begin);
  std::string_view type = trimmed(text.substr(0, begin));
  if (field.name.empty() || !is_type(type)) return false;
  field.type = type;
  field.is_relative = type.starts_with("__rel_loc ");
  field.is_dynamic = field.is_relative || type.starts_with("__data_loc ");
  field.is_pointer = type.find('*') != type.npos;
  field.is_array |= field.is_dynamic || type.ends_with("[]");
  field.is_long = type.find("long") != type.npos;
  constexpr std::array<std::string_view, 3> kCharacters = {"char", "u8", "s8"};
  field.is_string = field.is_array && std::ranges::any_of(kCharacters, [&](std::string_view each) {
                      return type.find(each) != type.npos;
                    });
  return true;
}

/// "\tfield:TYPE NAME;\toffset:0;\tsize:2;\tsigned:0;"; old kernels have no "signed".
bool take_field(std::string_view line, EventField& field) {
  if (!take(line, "\tfield:") && !take(line, "\tfield special:")) return false;
  const size_t semicolon = line.find(';');
  if (semicolon == line.npos || !take_declaration(line.substr(0, semicolon), field)) return false;
  line.remove_prefix(semicolon + 1);
  const auto offset = take_property(line, "offset");
  const auto size = offset ? take_property(line, "size") : std::nullopt;
  if (!size) return false;
  const auto is_signed = take_property(line, "signed");
  if (!line.empty() && !is_signed) return false;
  if (*offset > kMaxRawSize || *size > kMaxRawSize - *offset) return false;
  if (field.is_dynamic && *size != 4) return false;
  field.offset = *offset;
  field.size = *size;
  field.is_signed = is_signed.value_or(0) != 0;
  field.is_common = field.name.starts_with("common_");
  return true;
}

}  // namespace

const EventField* EventFormat::field(std::string_view wanted) const {
  const auto found = std::ranges::find(fields, wanted, &EventField::name);
  return found == fields.end() ? nullptr : &*found;
}

std::optional<EventFormat> parse_event_format(std::string_view text) {
  EventFormat out;
  std::string_view line = take_line(text);
  if (!take(line, "name: ") || line.empty() || !std::ranges::all_of(line, is_word)) {
    return std::nullopt;
  }
  out.name = line;
  line = take_line(text);
  if (!take(line, "ID: ")) return std::nullopt;
  const auto id = take_number(line);
  if (!id || !line.empty() || take_line(text) != "format:") return std::nullopt;
  out.id = *id;
  while (!text.empty()) {
    if (text.starts_with("print fmt: ")) {
      out.print = text.substr(std::string_view("print fmt: ").size());
      return out;
    }
    line = take_line(text);
    if (line.empty()) continue;
    EventField field;
    if (out.fields.size() == kMaxFields || !take_field(line, field)) return std::nullopt;
    out.fields.push_back(std::move(field));
  }
  return std::nullopt;
}

std::optional<FieldNumber> read_number(const EventField& field, std::span<const std::byte> raw,
                                       bool swapped) {
  if (!field.is_number()) return std::nullopt;
  ByteReader in(raw, swapped);
  in.skip(field.offset);
  uint64_t bits = 0;
  switch (field.size) {
    case 1:
      bits = in.u8();
      break;
    case 2:
      bits = in.u16();
      break;
    case 4:
      bits = in.u32();
      break;
    case 8:
      bits = in.u64();
      break;
    default:
      return std::nullopt;
  }
  if (!in.ok()) return std::nullopt;
  if (field.is_signed && field.size < 8) {
    const uint64_t sign = uint64_t{1} << (field.size * 8 - 1);
    bits = (bits ^ sign) - sign;
  }
  return FieldNumber{bits, field.is_signed};
}

std::span<const std::byte> read_bytes(const EventField& field, std::span<const std::byte> raw,
                                      bool swapped) {
  ByteReader in(raw, swapped);
  in.skip(field.offset);
  uint64_t begin = field.offset;
  uint64_t size = field.size;
  if (field.is_dynamic) {  // include/trace/stages/: length << 16 | offset
    const uint32_t place = in.u32();
    begin = place & 0xffff;
    size = place >> 16;
    if (field.is_relative) begin += field.offset + field.size;
  }
  if (!in.ok() || begin > raw.size() || size > raw.size() - begin) return {};
  return raw.subspan(static_cast<size_t>(begin), static_cast<size_t>(size));
}

}  // namespace prof
