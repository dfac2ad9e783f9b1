// ChainSample: sample records whose chains were found by prof. Written by StackCounts and
// LiveSource.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "perfdata/attr.h"

namespace prof {

/// What a record says; fields that the event does not have are left out.
struct ChainSample {
  uint64_t ip = 0;
  uint32_t pid = 0, tid = 0;
  uint64_t time = 0;
  uint32_t cpu = 0;
  uint64_t period = 0;
  std::span<const std::byte> kernel;  // addresses of 8 bytes, leaf first, without markers
  std::span<const std::byte> user;
  uint64_t ends = 0;  // markers behind the user's part: see kMarkUnwound
  std::span<const std::byte> raw;
  uint64_t weight = 0;
};

/// Appends it as the kernel would have written it (perf_event_open(2)), with markers between the
/// parts of the chain, and at its end where it was unwound. The id is the event's first.
void put_sample(std::vector<std::byte>& out, const EventAttr& event, const ChainSample& sample);

}  // namespace prof
