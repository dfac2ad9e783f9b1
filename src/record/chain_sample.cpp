#include "record/chain_sample.h"

#include <concepts>
#include <cstring>

#include "perfdata/format.h"

namespace prof {

namespace {

/// A kernel address has its highest bit set.
bool is_kernel(uint64_t address) {
  return address >> 63 != 0;
}

void put_bytes(std::vector<std::byte>& out, std::span<const std::byte> bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

template <std::integral T>
void put(std::vector<std::byte>& out, T value) {
  put_bytes(out, std::as_bytes(std::span(&value, 1)));
}

void put_chain(std::vector<std::byte>& out, const ChainSample& sample) {
  const uint64_t kernel = sample.kernel.size() / 8;
  const uint64_t user = sample.user.size() / 8;
  const uint64_t ends = user != 0 ? sample.ends : 0;
  put(out, kernel + (kernel != 0) + user + (user != 0) + ends);
  if (kernel != 0) put(out, uint64_t{PERF_CONTEXT_KERNEL});
  put_bytes(out, sample.kernel.first(kernel * 8));
  if (user != 0) put(out, uint64_t{PERF_CONTEXT_USER});
  put_bytes(out, sample.user.first(user * 8));
  for (uint64_t i = 0; i < ends; ++i) put(out, uint64_t{PERF_CONTEXT_USER});
}

}  // namespace

void put_sample(std::vector<std::byte>& out, const EventAttr& event, const ChainSample& sample) {
  const size_t begin = out.size();
  perf_event_header header{};
  header.type = kRecordSample;
  header.misc = is_kernel(sample.ip) ? PERF_RECORD_MISC_KERNEL : PERF_RECORD_MISC_USER;
  put_bytes(out, std::as_bytes(std::span(&header, 1)));
  if (event.has(PERF_SAMPLE_IDENTIFIER)) put(out, event.ids.empty() ? 0 : event.ids.front());
  put(out, sample.ip);
  put(out, sample.pid);
  put(out, sample.tid);
  put(out, sample.time);
  if (event.has(PERF_SAMPLE_CPU)) put(out, uint64_t{sample.cpu});
  if (event.has(PERF_SAMPLE_PERIOD)) put(out, sample.period);
  if (event.has(PERF_SAMPLE_CALLCHAIN)) put_chain(out, sample);
  if (event.has(PERF_SAMPLE_RAW)) {
    put(out, static_cast<uint32_t>(sample.raw.size()));
    put_bytes(out, sample.raw);
    while ((out.size() - begin) % 8 != 0) out.push_back(std::byte{0});
  }
  if (event.has(PERF_SAMPLE_WEIGHT)) put(out, sample.weight);
  header.size = static_cast<uint16_t>(out.size() - begin);
  std::memcpy(out.data() + begin, &header, sizeof header);
}

}  // namespace prof
