// Compressed records: the input is cut into pieces by its first byte, as records cut the stream.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "perfdata/decompressor.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  constexpr size_t kMostOutput = size_t{8}
                                 << 20;  // a bomb goes on for ever; what is new comes soon
  const size_t piece = size_t{data[0]} + 1;
  auto left = std::as_bytes(std::span(data + 1, size - 1));
  prof::Decompressor stream;
  std::array<std::byte, 4096> out;
  size_t total = 0;
  while (!left.empty() && total < kMostOutput) {
    const size_t count = std::min(piece, left.size());
    stream.feed(left.first(count));
    left = left.subspan(count);
    for (;;) {
      const auto got = stream.read(out);
      if (!got) return 0;
      if (*got > out.size()) __builtin_trap();
      total += *got;
      if (*got == 0 || total >= kMostOutput) break;
    }
  }
  return 0;
}
