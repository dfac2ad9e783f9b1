// ZlibStream: random access to zlib-compressed bytes without ever holding all of them.
// Used by SectionData for debug sections that are too large to be inflated whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>

namespace prof {

/// Inflates forward from where it stands; going back costs at most the distance between two of the
/// states that are remembered on the way. Reads in ascending order are as fast as inflating gets.
class ZlibStream {
 public:
  /// `compressed` outlives the stream; `size` is what it inflates to.
  ZlibStream(std::span<const std::byte> compressed, uint64_t size);
  ~ZlibStream();
  ZlibStream(const ZlibStream&) = delete;
  ZlibStream& operator=(const ZlibStream&) = delete;

  /// Fills `out` with the bytes at `offset`. False if they are not there, or not well compressed.
  bool read(uint64_t offset, std::span<std::byte> out);
  /// How much of the compressed bytes lies behind.
  size_t consumed() const;

 private:
  struct State;
  void remember();
  void go_back(uint64_t offset);
  bool inflate_some(std::span<std::byte> out);

  std::span<const std::byte> compressed_;
  uint64_t size_;
  uint64_t spacing_;  // of the remembered states, in inflated bytes
  std::unique_ptr<State> now_;
  std::deque<std::unique_ptr<State>> remembered_;  // by position
};

}  // namespace prof
