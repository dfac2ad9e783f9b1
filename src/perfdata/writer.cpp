#include "perfdata/writer.h"

#include <fmt/core.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "common/unique_fd.h"
#include "perfdata/data_stream.h"
#include "perfdata/encode.h"

namespace prof {

namespace {

// An entry of the attrs section: the attr, then where its ids are.
constexpr uint64_t kAttrEntrySize = kWrittenAttrSize + 16;

uint64_t ids_size(std::span<const EventAttr> events) {
  uint64_t count = 0;
  for (const EventAttr& event : events) count += event.ids.size();
  return count * sizeof(uint64_t);
}

/// What is the same for files and pipes.
class StreamWriter : public Writer {
 public:
  StreamWriter(UniqueFd fd, const WriterOptions& options, DataStream stream)
      : fd_(std::move(fd)), options_(options), stream_(std::move(stream)) {}

  Result<void> write_plain(std::span<const std::byte> records) override {
    return stream_.plain(records);
  }
  Result<void> write_data(std::span<const std::byte> records) override {
    return stream_.data(records);
  }
  Result<void> flush() override { return stream_.flush(); }
  WriterStats stats() const override {
    const uint64_t out = stream_.failed() ? stream_.whole_size() : stream_.size();
    return {stream_.bytes_in(), out + prologue_size_};
  }
  bool reached_max_size() const override {
    return options_.max_size != 0 && stream_.size() + prologue_size_ >= options_.max_size;
  }

 protected:
  Result<void> write_prologue(std::span<const std::byte> bytes) {
    size_t done = 0;
    prologue_size_ = bytes.size();
    return write_fully(fd_.get(), bytes, options_.path, done);
  }

  UniqueFd fd_;
  WriterOptions options_;
  DataStream stream_;
  uint64_t prologue_size_ = 0;  // bytes before the data section
};

/// The seekable format: header, ids, attrs, data, feature sections.
class FileWriter final : public StreamWriter {
 public:
  using StreamWriter::StreamWriter;

  Result<void> start(std::span<const EventAttr> events) {
    attr_count_ = events.size();
    attrs_offset_ = kFileHeaderSize + ids_size(events);
    data_offset_ = attrs_offset_ + attr_count_ * kAttrEntrySize;
    ByteWriter out;
    out.bytes(header(0, {}));
    for (const EventAttr& event : events) out.bytes(std::as_bytes(std::span(event.ids)));
    uint64_t ids_offset = kFileHeaderSize;
    for (const EventAttr& event : events) {
      const uint64_t size = event.ids.size() * sizeof(uint64_t);
      encode_attr(out, event.attr);
      out.u64(ids_offset).u64(size);
      ids_offset += size;
    }
    return write_prologue(out.view());
  }

  Result<void> finish(const Features& features) override {
    Result<void> result = stream_.flush();  // a full disk is told, but the file is finished
    FeatureBits bits{};
    uint64_t data_size = stream_.whole_size();
    auto written = write_features(features, data_size, bits);
    if (!written && stream_.earlier_boundary() != 0) {
      data_size = stream_.earlier_boundary();  // the last records make room for the features
      written = write_features(features, data_size, bits);
    }
    if (!written) {
      bits = {};
      ::ftruncate(fd_.get(), static_cast<off_t>(data_offset_ + data_size));
      if (result) result = written;
    }
    auto head = write_at(header(data_size, bits), 0);
    fd_.reset();
    return head ? result : head;
  }

 private:
  using FeatureBits = std::array<uint64_t, kFeatureBits / 64>;

  std::vector<std::byte> header(uint64_t data_size, const FeatureBits& bits) const {
    ByteWriter out;
    out.u64(kMagic).u64(kFileHeaderSize).u64(kAttrEntrySize);
    out.u64(attrs_offset_).u64(attr_count_ * kAttrEntrySize);
    out.u64(data_offset_).u64(data_size);
    out.u64(0).u64(0);  // event types: long obsolete
    for (uint64_t word : bits) out.u64(word);
    return out.take();
  }

  /// Cuts the file after the data and appends the table of features and their payloads.
  Result<void> write_features(const Features& features, uint64_t data_size, FeatureBits& bits) {
    bits = {};
    std::vector<std::vector<std::byte>> payloads;
    for (uint32_t bit = 0; bit < kFeatureBits; ++bit) {
      auto payload = encode_feature(bit, features);
      if (!payload) continue;
      bits[bit / 64] |= uint64_t{1} << bit % 64;
      payloads.push_back(std::move(*payload));
    }
    const uint64_t table_offset = data_offset_ + data_size;
    uint64_t offset = table_offset + payloads.size() * 16;
    ByteWriter out;
    for (const auto& payload : payloads) {
      out.u64(offset).u64(payload.size());
      offset += payload.size();
    }
    for (const auto& payload : payloads) out.bytes(payload);
    // A device such as /dev/null cannot be cut, and need not be.
    ::ftruncate(fd_.get(), static_cast<off_t>(table_offset));
    return write_at(out.view(), table_offset);
  }

  Result<void> write_at(std::span<const std::byte> bytes, uint64_t offset) {
    if (::lseek(fd_.get(), static_cast<off_t>(offset), SEEK_SET) < 0) {
      return fail_errno("cannot seek in '" + options_.path + "'");
    }
    size_t done = 0;
    return write_fully(fd_.get(), bytes, options_.path, done);
  }

  uint64_t attr_count_ = 0;
  uint64_t attrs_offset_ = 0;
  uint64_t data_offset_ = 0;
};

/// The pipe format: attributes and features are records before the data. perf ends the features
/// with an empty one whose number depends on its version, which other versions take for a feature
/// they fail to read; the mark is not needed, and left out.
class PipeWriter final : public StreamWriter {
 public:
  using StreamWriter::StreamWriter;

  Result<void> start(std::span<const EventAttr> events, const Features& features) {
    RecordEncoder records(0);
    for (const EventAttr& event : events) {
      if (kRecordHeaderSize + kWrittenAttrSize + event.ids.size() * 8 > kMaxRecordSize) {
        return fail(fmt::format("'{}' was opened {} times, too often for the pipe format",
                                event.name, event.ids.size()),
                    "record to a file with -o FILE", 1);
      }
      records.header_attr(event.attr, event.ids);
    }
    for (uint32_t bit = 0; bit < kFeatureBits; ++bit) {
      auto payload = encode_feature(bit, features);
      if (payload && bit == kFeatureTracingData) {
        records.header_tracing_data(*payload);
        continue;
      }
      if (payload && payload->size() + 24 <= kMaxRecordSize) records.header_feature(bit, *payload);
    }
    ByteWriter out;
    out.u64(kMagic).u64(kPipeHeaderSize).bytes(records.view());
    return write_prologue(out.view());
  }

  Result<void> finish(const Features&) override {
    auto result = stream_.flush();
    fd_.reset();
    return result;
  }
};

}  // namespace

Result<std::unique_ptr<Writer>> Writer::create(int fd, const WriterOptions& options,
                                               std::span<const EventAttr> events,
                                               const Features& early) {
  UniqueFd owned(fd);
  auto stream = DataStream::create(fd, options.path, options.compression_level, options.repeats);
  if (!stream) return tl::unexpected(stream.error());
  if (options.pipe) {
    auto writer = std::make_unique<PipeWriter>(std::move(owned), options, std::move(*stream));
    if (auto done = writer->start(events, early); !done) return tl::unexpected(done.error());
    return writer;
  }
  auto writer = std::make_unique<FileWriter>(std::move(owned), options, std::move(*stream));
  if (auto done = writer->start(events); !done) return tl::unexpected(done.error());
  return writer;
}

}  // namespace prof
