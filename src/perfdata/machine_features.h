// Header features about the recorded machine's memory, caches and BPF programs, and what the
// payloads of features are made of. Used by decode_features alone.
#pragma once

#include <cstdint>
#include <string>

#include "perfdata/features.h"

namespace prof {

/// {u32 length, bytes}: the length counts the NUL and padding.
inline std::string read_string(ByteReader& in) {
  const uint32_t length = in.u32();
  return std::string(in.fixed_string(length));
}

/// A u32 count of things that take `least` bytes each or more. A count that the rest cannot hold
/// fails and gives 0, so that nothing is reserved for it.
inline uint32_t read_count(ByteReader& in, size_t least) {
  const uint32_t count = in.u32();
  if (count <= in.remaining() / least) return count;
  in.skip(UINT64_MAX);
  return 0;
}

/// False for a feature that is none of these.
bool read_machine_feature(uint32_t bit, ByteReader& in, Features& out);

}  // namespace prof
