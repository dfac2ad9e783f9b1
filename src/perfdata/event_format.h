// EventFormat: a tracepoint's fields and how the kernel prints them, read from the text of its
// "format" file. Used by report for the fields of samples, and by record to list events.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace prof {

struct EventField {
  std::string type, name;  // "unsigned long", "bytes_alloc"
  uint32_t offset = 0, size = 0;
  bool is_signed = false;
  bool is_array = false;
  bool is_string = false;    // of characters
  bool is_dynamic = false;   // the field says where its array is: __data_loc
  bool is_relative = false;  // … counted from behind the field: __rel_loc
  bool is_pointer = false;
  bool is_long = false;    // or long long
  bool is_common = false;  // of all events
  uint32_t array_length = 0;

  bool is_number() const { return !is_array; }
};

/// A record is no longer than the 16 bits of its size, so no field lies further.
inline constexpr uint32_t kMaxRawSize = 1 << 16;

struct EventFormat {
  std::string name;
  uint32_t id = 0;
  std::vector<EventField> fields;  // the common ones first
  std::string_view print;          // what follows "print fmt: ", in the text that was read

  /// nullptr if there is none.
  const EventField* field(std::string_view name) const;
};

/// Nothing, if the text is not of the form that the kernel writes (kernel/trace/trace_events.c,
/// f_show), or has fields that can lie in no record.
std::optional<EventFormat> parse_event_format(std::string_view text);

/// A field of up to 8 bytes; nothing if it is no number, or `raw` is too short.
struct FieldNumber {
  uint64_t bits = 0;  // sign-extended if negative
  bool is_signed = false;
  bool negative() const { return is_signed && static_cast<int64_t>(bits) < 0; }
};
std::optional<FieldNumber> read_number(const EventField& field, std::span<const std::byte> raw,
                                       bool swapped);

/// The bytes of a field; of an array that lies elsewhere, those. Empty if they are not in `raw`.
std::span<const std::byte> read_bytes(const EventField& field, std::span<const std::byte> raw,
                                      bool swapped);

}  // namespace prof
