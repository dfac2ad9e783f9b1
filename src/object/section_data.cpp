#include "object/section_data.h"

#include <zstd.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "common/byte_reader.h"

namespace prof {

namespace {

// In elf.h of glibc 2.37 and later.
constexpr uint32_t kCompressZlib = 1;
constexpr uint32_t kCompressZstd = 2;

// What the formats can reach at most: deflate's longest match is 258 bytes in 2 bits; a zstd block
// of 128 KiB takes at least 4 bytes.
constexpr uint64_t kZlibRatio = 1032;
constexpr uint64_t kZstdRatio = 32768;

constexpr size_t kDropStep = size_t{4} << 20;

}  // namespace

std::span<std::byte> ByteBuffer::resize(size_t size, size_t keep) {
  if (size > capacity_) {
    auto larger = std::make_unique_for_overwrite<std::byte[]>(size);
    if (keep > 0) std::memcpy(larger.get(), data_.get(), std::min(keep, size_));
    data_ = std::move(larger);
    capacity_ = size;
  }
  size_ = size;
  return bytes();
}

SectionData SectionData::of(const ElfFile& file, std::string_view name, uint64_t whole_up_to) {
  SectionData data;
  data.file_ = &file;
  data.whole_up_to_ = whole_up_to;
  if (const ElfSection* section = file.section(name)) {
    data.use_section(*section);
  } else if (name.starts_with(".debug")) {
    const std::string old_name = ".z" + std::string(name.substr(1));
    if (const ElfSection* old = file.section(old_name)) data.use_old_section(*old);
  }
  if (!data.is_plausible()) data.size_ = 0;
  return data;
}

void SectionData::use_section(const ElfSection& section) {
  stored_ = file_->contents(section);
  size_ = stored_.size();
  if (!(section.flags & SHF_COMPRESSED)) return;
  ByteReader header(stored_, file_->swapped());  // Elf32_Chdr, Elf64_Chdr
  const uint32_t type = header.u32();
  if (file_->is_64()) header.u32();  // ch_reserved
  size_ = file_->is_64() ? header.u64() : header.u32();
  header.skip(file_->is_64() ? 8 : 4);  // ch_addralign
  if (!header.ok() || (type != kCompressZlib && type != kCompressZstd)) size_ = 0;
  kind_ = type == kCompressZlib ? Kind::Zlib : Kind::Zstd;
  if (kind_ == Kind::Zstd) whole_up_to_ = kLargestWhole;
  stored_ = header.rest();
}

/// "ZLIB", the size as 8 bytes big-endian, the compressed bytes.
void SectionData::use_old_section(const ElfSection& section) {
  ByteReader header(file_->contents(section), std::endian::native == std::endian::little);
  if (header.fixed_string(4) != "ZLIB") return;
  size_ = header.u64();
  if (!header.ok()) size_ = 0;
  kind_ = Kind::Zlib;
  stored_ = header.rest();
}

bool SectionData::is_plausible() const {
  if (kind_ == Kind::Plain) return true;
  if (kind_ == Kind::Zstd && size_ > kLargestWhole) return false;
  return size_ / (kind_ == Kind::Zlib ? kZlibRatio : kZstdRatio) <= stored_.size();
}

bool SectionData::inflate(std::span<std::byte> out) {
  if (kind_ == Kind::Zlib) return ZlibStream(stored_, size_).read(0, out);
  const size_t made = ::ZSTD_decompress(out.data(), out.size(), stored_.data(), stored_.size());
  return !::ZSTD_isError(made) && made == out.size();
}

std::span<const std::byte> SectionData::bytes() {
  if (kind_ == Kind::Plain) return stored_;
  if (!is_whole() || failed_ || size_ == 0) return {};
  if (inflated_.bytes().empty()) {
    failed_ = !inflate(inflated_.resize(static_cast<size_t>(size_)));
    file_->drop(stored_);
    if (failed_) {
      inflated_ = {};
      size_ = 0;
    }
  }
  return inflated_.bytes();
}

std::span<const std::byte> SectionData::read(uint64_t offset, uint64_t size, ByteBuffer& buffer,
                                             size_t kept) {
  if (offset > size_ || size > size_ - offset || failed_) return {};
  if (is_whole()) {
    const auto all = bytes();
    if (all.size() < offset + size) return {};
    return all.subspan(static_cast<size_t>(offset), static_cast<size_t>(size));
  }
  if (!stream_) stream_ = std::make_unique<ZlibStream>(stored_, size_);
  kept = static_cast<size_t>(std::min<uint64_t>(kept, size));
  const auto out = buffer.resize(static_cast<size_t>(size), kept);
  if (!stream_->read(offset + kept, out.subspan(kept))) return {};
  drop_compressed();
  return out;
}

void SectionData::drop_compressed() {
  const size_t consumed = stream_->consumed();
  if (consumed < dropped_) dropped_ = consumed;  // it went back
  if (consumed - dropped_ < kDropStep) return;
  file_->drop(stored_.subspan(dropped_, consumed - dropped_));
  dropped_ = consumed;
}

void SectionData::drop_before(uint64_t offset) {
  if (kind_ != Kind::Plain) return;
  const auto end = static_cast<size_t>(std::min<uint64_t>(offset, stored_.size()));
  if (end < dropped_) dropped_ = end;
  if (end - dropped_ < kDropStep) return;
  file_->drop(stored_.subspan(dropped_, end - dropped_));
  dropped_ = end;
}

void SectionData::release() {
  inflated_ = {};
  stream_.reset();
  dropped_ = 0;
  if (file_) file_->drop(stored_);
}

}  // namespace prof
