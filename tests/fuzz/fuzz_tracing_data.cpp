// What a recording says of its tracepoints: any bytes are taken apart or refused, each format is
// read, and what was taken apart can be put together again.
#include <cstddef>
#include <cstdint>
#include <span>

#include "perfdata/event_format.h"
#include "perfdata/tracing_data.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto description = prof::decode_tracing_data(std::as_bytes(std::span(data, size)));
  if (!description) return 0;
  for (const auto& event : description->events) {
    const auto format = prof::parse_event_format(event.format);
    if (!format) continue;
    for (const prof::EventField& field : format->fields) {
      (void)prof::read_bytes(field, std::as_bytes(std::span(data, size)), description->swapped);
      (void)prof::read_number(field, std::as_bytes(std::span(data, size)), description->swapped);
    }
  }
  (void)prof::decode_printk_formats(description->printk_formats);
  const auto again = prof::encode_tracing_data(*description);
  const auto same = prof::decode_tracing_data(again);
  if (!same || same->events.size() != description->events.size()) __builtin_trap();
  return 0;
}
