// check_print_format: whether the text of a tracepoint's "print fmt" may be given to libtraceevent,
// which takes it, and the numbers in samples, as the kernel's: it divides by what it is told to,
// recurses as deep as the text and reads as far as a length says. Asked by trace_text.
#pragma once

#include <string_view>
#include <vector>

#include "perfdata/event_format.h"

namespace prof {

struct PrintFormatCheck {
  bool safe = false;
  /// Fields that say how long something in the sample is: to be compared with kMaxRawSize first.
  std::vector<const EventField*> lengths;
};

PrintFormatCheck check_print_format(const EventFormat& format);

/// The largest index of an array in a text that is safe; of elements up to kMaxRawSize.
inline constexpr uint32_t kMaxPrintIndex = 255;

}  // namespace prof
