// The payload of a header feature, by the first byte which one, and in which byte order: what is
// decoded can be encoded again, and must stay in bounds.
#include <cstddef>
#include <cstdint>
#include <span>

#include "perfdata/features.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const auto bytes = std::as_bytes(std::span(data + 2, size - 2));
  prof::Features features;
  features.nr_cpus = {4, 4};
  const bool swapped = (data[1] & 1) != 0;
  const auto done = prof::decode_feature(data[0], prof::ByteReader(bytes, swapped), features);
  if (!done && done.error().message.empty()) __builtin_trap();
  for (uint32_t bit = 0; bit < prof::kFeatureBits; ++bit) {
    (void)prof::encode_feature(bit, features);
  }
  return 0;
}
