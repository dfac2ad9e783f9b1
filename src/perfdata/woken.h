// WokenThread: what a sample of who woke a thread says of the woken one, in its raw data. Written
// by record/stack_counts, read by the pipeline.
#pragma once

#include <linux/perf_event.h>

#include <algorithm>
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
  std::vector<std::byte> raw(sizeof pid + sizeof tid + sizeof words + size_t{words} * 8);
  std::byte* at = raw.data();
  const auto put = [&at](std::span<const std::byte> bytes) {
    at = std::copy(bytes.begin(), bytes.end(), at);
  };
  const auto put_chain = [&put](uint64_t context, std::span<const std::byte> frames) {
    if (frames.empty()) return;
    put(std::as_bytes(std::span(&context, 1)));
    put(frames);
  };
  const uint32_t head[] = {pid, tid, words};
  put(std::as_bytes(std::span(head)));
  put_chain(PERF_CONTEXT_KERNEL, kernel);
  put_chain(PERF_CONTEXT_USER, user);
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
