#include "perfdata/tracing_data.h"

#include <bit>
#include <charconv>
#include <map>

#include "common/byte_reader.h"
#include "common/byte_writer.h"

namespace prof {

namespace {

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string_view text_of_size(ByteReader& in, uint64_t size) {
  return as_text(in.bytes(size));
}

constexpr std::string_view kMagic("\x17\x08\x44tracing", 10);
constexpr std::string_view kPage("header_page\0", 12);
constexpr std::string_view kEvent("header_event\0", 13);

tl::unexpected<Error> damaged() {
  return fail("the description of the tracepoints is damaged");
}

void take_formats(ByteReader& in, std::string_view system, TracingData& out) {
  const uint32_t count = in.u32();
  for (uint32_t i = 0; i < count && in.ok(); ++i) {
    const std::string_view format = text_of_size(in, in.u64());
    if (in.ok()) out.events.push_back({system, format});
  }
}

}  // namespace

/// The form is that of tools/perf/util/trace-event-info.c: texts of tracefs, each after its size.
Result<TracingData> decode_tracing_data(std::span<const std::byte> data) {
  ByteReader start(data);
  if (text_of_size(start, kMagic.size()) != kMagic) return damaged();
  start.c_string();  // the version: what 0.6 has more comes last
  TracingData out;
  out.swapped = (start.u8() != 0) != (std::endian::native == std::endian::big);
  out.long_size = start.u8();
  ByteReader in(start.rest(), out.swapped);
  out.page_size = in.u32();
  if (!start.ok() || (out.long_size != 4 && out.long_size != 8)) return damaged();
  if (text_of_size(in, kPage.size()) != kPage) return damaged();
  out.header_page = text_of_size(in, in.u64());
  if (text_of_size(in, kEvent.size()) != kEvent) return damaged();
  out.header_event = text_of_size(in, in.u64());
  take_formats(in, "ftrace", out);
  const uint32_t systems = in.u32();
  for (uint32_t i = 0; i < systems && in.ok(); ++i) {
    const std::string_view system = in.c_string();
    take_formats(in, system, out);
  }
  if (!in.ok()) return damaged();
  in.skip(in.u32());  // kallsyms
  const std::string_view formats = text_of_size(in, in.u32());
  if (in.ok()) out.printk_formats = formats;
  return out;
}

std::vector<std::byte> encode_tracing_data(const TracingData& data) {
  ByteWriter out;
  const auto u32 = [&](size_t value) {
    const auto word = static_cast<uint32_t>(value);
    out.u32(data.swapped ? byte_swapped(word) : word);
  };
  const auto u64 = [&](uint64_t value) { out.u64(data.swapped ? byte_swapped(value) : value); };
  const auto text = [&](std::string_view content) {
    u64(content.size());
    out.text(content);
  };
  out.text(kMagic).text(std::string_view("0.6\0", 4));
  out.u8((std::endian::native == std::endian::big) != data.swapped).u8(data.long_size);
  u32(data.page_size);
  out.text(kPage);
  text(data.header_page);
  out.text(kEvent);
  text(data.header_event);
  std::map<std::string_view, std::vector<std::string_view>> by_system;
  for (const TracingData::Event& event : data.events) {
    by_system[event.system].push_back(event.format);
  }
  u32(0);  // formats of the function tracer's own events: none of them is recorded
  u32(by_system.size());
  for (const auto& [system, formats] : by_system) {
    out.text(system).u8(0);
    u32(formats.size());
    for (const std::string_view format : formats) text(format);
  }
  u32(0);  // kallsyms: left out, as by perf
  u32(data.printk_formats.size());
  out.text(data.printk_formats);
  u64(0);  // names of processes: the recording's own records tell
  return out.take();
}

std::vector<std::pair<uint64_t, std::string_view>> decode_printk_formats(std::string_view text) {
  std::vector<std::pair<uint64_t, std::string_view>> out;
  while (!text.empty()) {
    const size_t newline = text.find('\n');
    std::string_view line = text.substr(0, newline);
    text = newline == text.npos ? std::string_view{} : text.substr(newline + 1);
    constexpr std::string_view kBetween = " : ";
    const size_t between = line.find(kBetween);
    if (!line.starts_with("0x") || between == line.npos) continue;
    const std::string_view digits = line.substr(2, between - 2);
    uint64_t address = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), address, 16);
    if (error != std::errc{} || end != digits.data() + digits.size()) continue;
    out.emplace_back(address, line.substr(between + kBetween.size()));
  }
  return out;
}

}  // namespace prof
