// TracingData: what a recording says of its tracepoints (feature TRACING_DATA). Written by record,
// and by repair where it is missing; read by report, for the fields of tracepoint samples.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "common/result.h"

namespace prof {

/// The parts that readers need of what perf takes over from the kernel's tracefs.
struct TracingData {
  struct Event {
    std::string_view system;
    std::string_view format;  // the text of events/SYSTEM/NAME/format
  };
  bool swapped = false;  // raw data are of the other byte order
  uint8_t long_size = 8;
  uint32_t page_size = 4096;
  std::string_view header_page, header_event;  // texts of tracefs
  std::vector<Event> events;
  std::string_view printk_formats;  // "0xADDRESS : "text"", a line each
};

/// Takes `data` apart; what is returned points into it. Data that are cut or not of this form are
/// an error.
Result<TracingData> decode_tracing_data(std::span<const std::byte> data);

/// The form that perf writes (tools/perf/util/trace-event-info.c, version 0.6), in the byte order
/// that `data` says. Events of one system come together.
std::vector<std::byte> encode_tracing_data(const TracingData& data);

/// The strings that print formats refer to by their address in the kernel.
std::vector<std::pair<uint64_t, std::string_view>> decode_printk_formats(std::string_view text);

}  // namespace prof
