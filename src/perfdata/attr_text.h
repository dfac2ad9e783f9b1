// attr_text: an event attribute as perf prints it in a header, every field that is not zero. Used
// by header_text.
#pragma once

#include <linux/perf_event.h>

#include <string>

namespace prof {

/// ", type = 1, size = 128, { sample_period, sample_freq } = 99, sample_type = IP|TID": each field
/// with a comma before it.
std::string attr_text(const perf_event_attr& attr);

}  // namespace prof
