// Single fields of tracepoint samples, as perf shows them in a table. Used by the pipeline for
// `report --sort prev_comm`.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "perfdata/event_format.h"

namespace prof {

/// What a sample's text says of a field: the word behind "name=" or "name:". As perf looks for it,
/// which takes the first word that begins with the name.
std::optional<std::string_view> field_in_text(std::string_view text, std::string_view name);

/// Appends a field that the text says nothing of.
void append_field(const EventField& field, std::span<const std::byte> raw, bool swapped,
                  std::string& out);

/// Appends all fields but the common ones, each as " name=value".
void append_fields(const EventFormat& format, std::span<const std::byte> raw, bool swapped,
                   std::string& out);

/// The least width of its column: numbers have room for all their hexadecimal digits.
size_t least_width(const EventField& field);

}  // namespace prof
