// Event filter: what --filter says of a tracepoint's fields, read before the kernel does, so that a
// mistake is told with its place. Asked by the recorder; the kernel's own word comes by Tracefs.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace prof {

/// Checks that `filter` is fields, operators and values, with parentheses, !, && and || between
/// (Documentation/trace/events.rst), and that `fields` has them all; values are the kernel's to
/// judge. `event` is for messages.
Result<void> check_filter(std::string_view filter, std::span<const std::string> fields,
                          std::string_view event);

/// Both at once.
std::string join_filters(std::string_view one, std::string_view other);

/// The filter with a line below that points at `column`, as the lines of a hint.
std::string mark_place(std::string_view filter, size_t column);

}  // namespace prof
