#include "report/trace_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <iterator>

namespace prof {

std::optional<std::string_view> field_in_text(std::string_view text, std::string_view name) {
  while (!text.empty()) {
    const size_t space = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, space);
    if (word.starts_with(name)) return word.substr(std::min(name.size() + 1, word.size()));
    text.remove_prefix(std::min(space + 1, text.size()));
  }
  return std::nullopt;
}

namespace {

void append_array(std::span<const std::byte> bytes, bool is_string, std::string& out) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const std::string_view shown = text.substr(0, text.find('\0'));
  const auto printable = [](unsigned char c) { return std::isprint(c) || std::isspace(c); };
  if (is_string && std::ranges::all_of(shown, printable)) {
    out += shown;
    return;
  }
  out += "ARRAY[";
  for (size_t i = 0; i < bytes.size(); ++i) {
    fmt::format_to(std::back_inserter(out), "{}{:02x}", i == 0 ? "" : ", ",
                   static_cast<uint8_t>(bytes[i]));
  }
  out += ']';
}

}  // namespace

/// A long is taken for an address, as in libtraceevent's tep_print_field_content().
void append_field(const EventField& field, std::span<const std::byte> raw, bool swapped,
                  std::string& out) {
  if (!field.is_number())
    return append_array(read_bytes(field, raw, swapped), field.is_string, out);
  const auto number = read_number(field, raw, swapped);
  const uint64_t bits = number ? number->bits : 0;
  const auto to = std::back_inserter(out);
  if (field.is_pointer) {
    fmt::format_to(to, "0x{:x}", bits);
  } else if (!field.is_signed) {
    fmt::format_to(to, fmt::runtime(field.is_long ? "0x{:x}" : "{}"), bits);
  } else if (field.size == 4 && field.is_long) {
    fmt::format_to(to, "0x{:x}", static_cast<uint32_t>(bits));
  } else {
    fmt::format_to(to, "{:{}}", static_cast<int64_t>(bits), field.size == 2 ? 2 : 1);
  }
}

void append_fields(const EventFormat& format, std::span<const std::byte> raw, bool swapped,
                   std::string& out) {
  for (const EventField& field : format.fields) {
    if (field.is_common) continue;
    out += ' ';
    out += field.name;
    out += '=';
    append_field(field, raw, swapped, out);
  }
}

size_t least_width(const EventField& field) {
  const size_t digits = field.is_string ? field.size : field.size * 2 + 2;
  return std::max(digits, field.name.size());
}

}  // namespace prof
