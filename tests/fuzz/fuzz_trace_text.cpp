// A tracepoint's format, as a recording may bring it along, and a sample of it: what libtraceevent
// makes of both must stay in bounds. An input is the format's text, a NUL, and the raw data; or the
// whole description of a recording.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "common/byte_writer.h"
#include "perfdata/tracing_data.h"
#include "report/trace_fields.h"
#include "report/trace_text.h"

namespace {

/// A description with this one format.
std::vector<std::byte> describe(std::string_view format) {
  prof::ByteWriter out;
  out.text(std::string_view("\x17\x08\x44tracing", 10)).text(std::string_view("0.6\0", 4));
  out.u8(0).u8(8).u32(4096);
  out.text(std::string_view("header_page\0", 12)).u64(0);
  out.text(std::string_view("header_event\0", 13)).u64(0);
  out.u32(0).u32(1).text(std::string_view("fuzz\0", 5)).u32(1);
  out.u64(format.size()).text(format);
  const std::string_view strings = "0xffffffff81000000 : \"a string\"\n";
  out.u32(0).u32(static_cast<uint32_t>(strings.size())).text(strings).u64(0);
  return out.take();
}

void print_all(const std::vector<std::byte>& description, std::span<const std::byte> raw) {
  const auto data = prof::decode_tracing_data(description);
  if (!data) return;
  std::vector<prof::EventAttr> events;
  for (const auto& source : data->events) {
    const auto format = prof::parse_event_format(source.format);
    if (!format) continue;
    prof::EventAttr event;
    event.attr.type = PERF_TYPE_TRACEPOINT;
    event.attr.config = format->id;
    events.push_back(event);
    std::string text;
    for (const prof::EventField& field : format->fields) {
      prof::append_field(field, raw, false, text);
    }
    if (events.size() == 16) break;
  }
  const prof::TracePoints points(description, events);
  prof::TraceText printer(nullptr, points);
  for (const prof::EventAttr& event : events) {
    std::vector<std::byte> own(raw.begin(), raw.end());
    if (own.size() < 2) own.resize(2);
    own[0] = static_cast<std::byte>(event.attr.config & 0xff);
    own[1] = static_cast<std::byte>(event.attr.config >> 8 & 0xff);
    std::string text;
    printer.append(0, own, text);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(data), size);
  if (prof::decode_tracing_data(bytes)) print_all({bytes.begin(), bytes.end()}, {});
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t end = text.find('\0');
  const auto raw = end == text.npos ? std::span<const std::byte>{} : bytes.subspan(end + 1);
  if (raw.size() > prof::kMaxRawSize) return 0;
  print_all(describe(text.substr(0, end)), raw);
  return 0;
}
