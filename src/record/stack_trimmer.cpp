#include "record/stack_trimmer.h"

#include <algorithm>
#include <cstring>

#include "perfdata/record_walk.h"

namespace prof {

namespace {

constexpr uint64_t align8(uint64_t size) {
  return (size + 7) & ~uint64_t{7};
}

void put(std::byte* at, uint64_t value) {
  std::memcpy(at, &value, sizeof value);
}

}  // namespace

StackTrimmer::StackTrimmer(std::span<const EventAttr> events) {
  for (const EventAttr& event : events) {
    needed_ = needed_ || event.has(PERF_SAMPLE_STACK_USER);
    events_.add(event);
  }
}

// Records move towards the beginning of the buffer as those before them shrink.
void StackTrimmer::trim(std::vector<std::byte>& records, uint64_t limit) {
  if (!needed_) return;
  std::byte* to = records.data();
  std::span<std::byte> left(records);
  const auto keep = [&to](std::span<const std::byte> bytes) {
    if (!bytes.empty()) std::memmove(to, bytes.data(), bytes.size());
    to += bytes.size();
  };
  for (auto header = record_header(left); header.size != 0; header = record_header(left)) {
    const auto record = left.first(header.size);
    left = left.subspan(header.size);
    RecordView view;
    view.header = header;
    view.payload = record.subspan(kRecordHeaderSize);
    SampleRecord sample;
    const bool copied = header.type == kRecordSample && decoder_.sample(view, sample) &&
                        sample.user_stack.data() != nullptr;
    if (!copied) {
      keep(record);
      continue;
    }
    // {size, bytes, dyn_size}, and what follows them in the record.
    const auto begin = static_cast<size_t>(sample.user_stack.data() - record.data());
    uint64_t reserved = 0;
    std::memcpy(&reserved, record.data() + begin - 8, sizeof reserved);
    const uint64_t filled = sample.user_stack.size();
    const uint64_t wanted = std::min(filled, limit);
    const auto room =
        static_cast<size_t>(std::min(reserved, std::max<uint64_t>(align8(wanted), 8)));
    if (wanted < filled) ++shortened_;
    const auto tail = record.subspan(begin + static_cast<size_t>(reserved) + 8);
    const auto size = static_cast<uint16_t>(begin + room + 8 + tail.size());
    std::byte* const out = to;
    keep(record.first(begin + room));
    std::byte* const filled_at = to;
    to += 8;
    keep(tail);
    put(out + begin - 8, room);
    put(filled_at, std::min<uint64_t>(wanted, room));
    std::memcpy(out + offsetof(perf_event_header, size), &size, sizeof size);
  }
  keep(left);
  records.resize(static_cast<size_t>(to - records.data()));
}

}  // namespace prof
