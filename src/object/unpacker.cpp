#include "object/unpacker.h"

#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <string_view>

namespace prof {

namespace {

using Bytes = std::span<const std::byte>;

// A dictionary of more than 64 MiB would be refused by xz itself at its common presets.
constexpr uint64_t kMostXzMemory = uint64_t{128} << 20;
constexpr int kMostZstdWindowLog = 27;  // 128 MiB

constexpr std::string_view kXzMagic(
    "\xfd"
    "7zXZ\0",
    6);
constexpr std::string_view kGzipMagic("\x1f\x8b");
constexpr std::string_view kZstdMagic("\x28\xb5\x2f\xfd");

bool begins_with(Bytes bytes, std::string_view magic) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return text.starts_with(magic);
}

class XzUnpacker : public Unpacker {
 public:
  explicit XzUnpacker(Bytes packed) {
    ready_ = ::lzma_stream_decoder(&stream_, kMostXzMemory, LZMA_CONCATENATED) == LZMA_OK;
    stream_.next_in = reinterpret_cast<const uint8_t*>(packed.data());
    stream_.avail_in = packed.size();
  }
  XzUnpacker(const XzUnpacker&) = delete;
  XzUnpacker& operator=(const XzUnpacker&) = delete;
  ~XzUnpacker() override { ::lzma_end(&stream_); }

  size_t next(std::span<std::byte> out, Status& status) override {
    if (!ready_) status = Status::Bad;
    if (status != Status::More) return 0;
    stream_.next_out = reinterpret_cast<uint8_t*>(out.data());
    stream_.avail_out = out.size();
    const lzma_ret result = ::lzma_code(&stream_, LZMA_FINISH);
    if (result != LZMA_OK) status = result == LZMA_STREAM_END ? Status::Done : Status::Bad;
    return out.size() - stream_.avail_out;
  }

 private:
  lzma_stream stream_ = LZMA_STREAM_INIT;
  bool ready_ = false;
};

class GzipUnpacker : public Unpacker {
 public:
  explicit GzipUnpacker(Bytes packed) : rest_(packed) {
    constexpr int kGzipWindow = 15 + 16;  // "add 16 to decode only the gzip format"
    ready_ = ::inflateInit2(&stream_, kGzipWindow) == Z_OK;
  }
  GzipUnpacker(const GzipUnpacker&) = delete;
  GzipUnpacker& operator=(const GzipUnpacker&) = delete;
  ~GzipUnpacker() override { ::inflateEnd(&stream_); }

  size_t next(std::span<std::byte> out, Status& status) override {
    if (!ready_) status = Status::Bad;
    size_t made = 0;
    while (made < out.size() && status == Status::More) {
      // zlib counts in 32 bits.
      const size_t piece = std::min<size_t>(rest_.size(), size_t{1} << 30);
      const size_t room = std::min<size_t>(out.size() - made, size_t{1} << 30);
      // It takes a pointer that is not const, and does not write there.
      stream_.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(rest_.data()));
      stream_.avail_in = static_cast<uInt>(piece);
      stream_.next_out = reinterpret_cast<Bytef*>(out.data() + made);
      stream_.avail_out = static_cast<uInt>(room);
      const int result = ::inflate(&stream_, Z_NO_FLUSH);
      const size_t added = room - stream_.avail_out;
      rest_ = rest_.subspan(piece - stream_.avail_in);
      made += added;
      if (result == Z_STREAM_END) {
        const bool another = begins_with(rest_, kGzipMagic) && ::inflateReset(&stream_) == Z_OK;
        if (!another) status = Status::Done;
      } else if (result != Z_OK || (added == 0 && rest_.empty())) {
        status = Status::Bad;
      }
    }
    return made;
  }

 private:
  z_stream stream_{};
  Bytes rest_;
  bool ready_ = false;
};

class ZstdUnpacker : public Unpacker {
 public:
  explicit ZstdUnpacker(Bytes packed)
      : stream_(::ZSTD_createDStream()), in_{packed.data(), packed.size(), 0} {
    if (stream_) ::ZSTD_DCtx_setParameter(stream_.get(), ZSTD_d_windowLogMax, kMostZstdWindowLog);
  }

  size_t next(std::span<std::byte> out, Status& status) override {
    if (!stream_) status = Status::Bad;
    ZSTD_outBuffer room{out.data(), out.size(), 0};
    while (room.pos < room.size && status == Status::More) {
      const size_t before = room.pos;
      const size_t left = ::ZSTD_decompressStream(stream_.get(), &room, &in_);
      if (::ZSTD_isError(left)) {
        status = Status::Bad;
      } else if (left == 0) {  // a frame ends
        if (in_.pos == in_.size) status = Status::Done;
      } else if (in_.pos == in_.size && room.pos == before) {
        status = Status::Bad;  // cut off
      }
    }
    return room.pos;
  }

 private:
  struct Free {
    void operator()(ZSTD_DStream* stream) const { ::ZSTD_freeDStream(stream); }
  };
  std::unique_ptr<ZSTD_DStream, Free> stream_;
  ZSTD_inBuffer in_;
};

}  // namespace

std::unique_ptr<Unpacker> Unpacker::of(Bytes packed) {
  if (begins_with(packed, kXzMagic)) return std::make_unique<XzUnpacker>(packed);
  if (begins_with(packed, kGzipMagic)) return std::make_unique<GzipUnpacker>(packed);
  if (begins_with(packed, kZstdMagic)) return std::make_unique<ZstdUnpacker>(packed);
  return nullptr;
}

}  // namespace prof
