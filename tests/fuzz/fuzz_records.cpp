// One record of one event: the input is an attribute's fields that shape records, then the record.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "perfdata/decode.h"

namespace {

volatile uint64_t sink;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  prof::ByteReader in(bytes);
  prof::EventAttr event;
  const uint8_t flags = in.u8();
  event.attr.size = sizeof event.attr;
  event.attr.sample_type = in.u64();
  event.attr.read_format = in.u64();
  event.attr.branch_sample_type = in.u64();
  event.attr.sample_regs_user = in.u64();
  event.attr.sample_regs_intr = in.u64();
  event.attr.sample_id_all = flags & 1;
  event.ids = {1};
  const bool swapped = (flags & 2) != 0;
  prof::RecordView view;
  view.header.type = in.u16();
  view.header.misc = in.u16();
  if (!in.ok()) return 0;
  view.payload = in.rest();
  view.header.size = static_cast<uint16_t>(view.payload.size() + prof::kRecordHeaderSize);
  const auto events = prof::EventTable::of(std::span(&event, 1));
  const prof::Decoder decoder(events, swapped);
  prof::SampleRecord sample;
  if (decoder.sample(view, sample)) {
    for (size_t i = 0; i < sample.callchain.size(); ++i) sink = sink + sample.callchain[i];
    for (size_t i = 0; i < sample.user_registers.size(); ++i)
      sink = sink + sample.user_registers[i];
    for (const std::byte b : sample.user_stack) sink = sink + std::to_integer<uint64_t>(b);
    for (const std::byte b : sample.raw) sink = sink + std::to_integer<uint64_t>(b);
  }
  sink = sink + decoder.time_of(view).value_or(0) + decoder.event_of(view);
  const auto record = decoder.decode(view);
  if (!record && record.error().message.empty()) __builtin_trap();
  return 0;
}
