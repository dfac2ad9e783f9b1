// SectionData: the bytes of an ELF section, compressed or not, whole or in part.
// Used by the DWARF reader, whose sections may inflate to gigabytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "object/elf_file.h"
#include "object/zlib_stream.h"

namespace prof {

/// Bytes that grow without being cleared or copied, for what is read anew again and again.
class ByteBuffer {
 public:
  /// Room for `size` bytes, with the first `keep` of the old ones.
  std::span<std::byte> resize(size_t size, size_t keep = 0);
  std::span<std::byte> bytes() const { return {data_.get(), size_}; }

 private:
  std::unique_ptr<std::byte[]> data_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

/// Forms: plain; SHF_COMPRESSED by zlib or zstd (gABI, ch_type); the older .zdebug_NAME of GNU.
/// What is large and zlib-compressed is read through a stream; all else is had whole. zstd has no
/// states to go back to, so it is always inflated whole, up to kLargestWhole.
class SectionData {
 public:
  static constexpr uint64_t kLargestWhole = uint64_t{2} << 30;

  SectionData() = default;
  /// The section of that name (".debug_info"), or its .zdebug form; empty if there is none or it is
  /// malformed. More than `whole_up_to` bytes of zlib are not inflated at once. `file` outlives it.
  static SectionData of(const ElfFile& file, std::string_view name, uint64_t whole_up_to);

  /// As inflated. The claim of the file: the bytes may turn out to be fewer.
  uint64_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  /// Whether bytes() gives everything, so that read() is not needed.
  bool is_whole() const { return kind_ == Kind::Plain || size_ <= whole_up_to_; }

  /// All bytes, inflated by the first call; empty if that fails or is_whole() is false.
  std::span<const std::byte> bytes();
  /// The bytes at `offset`, in place where they are at hand, else in `buffer`, of which the first
  /// `kept` are taken to be right already; an empty span if they are not there.
  std::span<const std::byte> read(uint64_t offset, uint64_t size, ByteBuffer& buffer,
                                  size_t kept = 0);
  /// Says that bytes before `offset` are not needed for now.
  void drop_before(uint64_t offset);
  /// Gives back what was inflated.
  void release();

 private:
  enum class Kind : uint8_t { Plain, Zlib, Zstd };
  void use_section(const ElfSection& section);
  void use_old_section(const ElfSection& section);
  bool is_plausible() const;
  bool inflate(std::span<std::byte> out);
  void drop_compressed();

  const ElfFile* file_ = nullptr;
  Kind kind_ = Kind::Plain;
  std::span<const std::byte> stored_;  // without the header of its compression
  uint64_t size_ = 0;
  uint64_t whole_up_to_ = 0;
  size_t dropped_ = 0;  // of stored_
  bool failed_ = false;
  ByteBuffer inflated_;
  std::unique_ptr<ZlibStream> stream_;
};

}  // namespace prof
