// Unpacker: takes apart, piece by piece, what gzip, xz or zstd packed. Used by unpack, which wants
// all of it at once, and for recordings that are packed as a whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace prof {

class Unpacker {
 public:
  enum class Status : uint8_t {
    More,
    Done,  // the end, of all streams that were packed one behind the other
    Bad,   // malformed, cut off, or in need of more than 128 MiB to unpack
  };

  /// For what the magic number tells; null if it is none of the three. `packed` outlives it.
  static std::unique_ptr<Unpacker> of(std::span<const std::byte> packed);
  virtual ~Unpacker() = default;

  /// Fills `out`, which is not empty, as far as it can, and says how many bytes that is.
  virtual size_t next(std::span<std::byte> out, Status& status) = 0;
};

}  // namespace prof
