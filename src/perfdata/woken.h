// WokenThread: what a sample of who woke a thread says of the woken one, in its raw data. Written
// by record/stack_counts, read by the pipeline.
#pragma once

#include <linux/perf_event.h>

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "common/byte_reader.h"

namespace prof {

/// In the file: pid, tid and the number of words, 32 bits each, then the words of the call chain,
/// as in PERF_SAMPLE_CALLCHAIN: leaf first, with context markers.
struct WokenThread {
  uint32_t pid = 0;
  uint32_t tid = 0;
  U64View chain;
};

/// The raw data of a thread whose frames are these, addresses of 8 bytes each, leaf first. With the
/// size of raw data before them they are a multiple of 8 bytes.
inline std::vector<std::byte> encode_woken(uint32_t pid, uint32_t tid,
                                           std::span<const std::byte> kernel,
                                           std::span<const std::byte> user) {
  const auto words =
      static_cast<uint32_t>(kernel.size() / 8 + !kernel.empty() + user.size() / 8 + !user.empty());
  std::vector<std::byte> raw;
  raw.reserve(sizeof pid + sizeof tid + sizeof words + size_t{words} * 8);
  const auto put = [&raw](const auto& value) {
    const auto bytes = std::as_bytes(std::span(&value, 1));
    raw.insert(raw.end(), bytes.begin(), bytes.end());
  };
  put(pid);
  put(tid);
  put(words);
  if (!kernel.empty()) put(uint64_t{PERF_CONTEXT_KERNEL});
  raw.insert(raw.end(), kernel.begin(), kernel.end());
  if (!user.empty()) put(uint64_t{PERF_CONTEXT_USER});
  raw.insert(raw.end(), user.begin(), user.end());
  return raw;
}

/// The raw data of a sample; nothing if they are none of these.
inline std::optional<WokenThread> decode_woken(std::span<const std::byte> raw, bool swap) {
  ByteReader reader(raw, swap);
  WokenThread woken;
  woken.pid = reader.u32();
  woken.tid = reader.u32();
  const uint32_t words = reader.u32();
  if (!reader.ok() || words > reader.remaining() / 8) return std::nullopt;
  woken.chain = {reader.bytes(size_t{words} * 8), swap};
  return woken;
}

}  // namespace prof
