#include "perfdata/file_rewriter.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "common/byte_writer.h"
#include "perfdata/encode.h"

namespace prof {

namespace {

// struct perf_file_header (tools/perf/util/header.h).
constexpr size_t kBitmapOffset = 72;
constexpr size_t kBitmapSize = kFeatureBits / 8;
constexpr size_t kBuffer = size_t{1} << 20;
constexpr size_t kAttrSizeField = 4;  // of perf_event_attr: behind its type

/// Words of a file of either byte order.
class OrderedWriter {
 public:
  explicit OrderedWriter(bool swapped) : swapped_(swapped) {}
  template <std::integral T>
  OrderedWriter& put(T value) {
    out_.put(swapped_ ? byte_swapped(value) : value);
    return *this;
  }
  OrderedWriter& bytes(std::span<const std::byte> data) {
    out_.bytes(data);
    return *this;
  }
  /// As perf writes strings into features: with their length, padded to 64.
  OrderedWriter& string(std::string_view text) {
    constexpr size_t kAlign = 64;
    const size_t size = (text.size() + kAlign) / kAlign * kAlign;
    put(static_cast<uint32_t>(size));
    out_.text(text).zeros(size - text.size());
    return *this;
  }
  std::span<const std::byte> view() const { return out_.view(); }
  std::vector<std::byte> take() { return out_.take(); }

 private:
  bool swapped_;
  ByteWriter out_;
};

}  // namespace

std::map<uint32_t, std::span<const std::byte>> raw_features(const Reader& reader) {
  std::map<uint32_t, std::span<const std::byte>> payloads;
  if (reader.is_pipe() || reader.features().present.empty()) return payloads;
  const auto bytes = reader.bytes();
  const U64View words(bytes.subspan(kBitmapOffset, kBitmapSize), reader.swapped());
  uint64_t entry = reader.data().offset + reader.data().size;
  for (uint32_t bit = 0; bit < kFeatureBits; ++bit) {
    if ((words[bit / 64] >> (bit % 64) & 1) == 0) continue;
    if (entry > bytes.size() || bytes.size() - entry < 16) break;
    ByteReader section(bytes.subspan(entry, 16), reader.swapped());
    const uint64_t offset = section.u64();
    const uint64_t size = section.u64();
    entry += 16;
    if (offset > bytes.size() || size > bytes.size() - offset) continue;
    payloads[bit] = bytes.subspan(offset, size);
  }
  return payloads;
}

std::vector<RawEvent> raw_events(const Reader& reader) {
  std::vector<RawEvent> events;
  if (reader.is_pipe()) return events;
  // The reader has checked all of these.
  ByteReader header(reader.bytes(), reader.swapped());
  header.skip(16);
  const uint64_t entry = header.u64();
  const uint64_t offset = header.u64();
  for (size_t i = 0; i < reader.events().size(); ++i) {
    const EventAttr& event = reader.events()[i];
    const auto bytes = reader.bytes().subspan(offset + i * entry, entry - 16);
    events.push_back({{bytes.begin(), bytes.end()}, event.ids, event.name});
  }
  return events;
}

Result<std::unique_ptr<FileRewriter>> FileRewriter::create(const std::string& path, bool swapped,
                                                           std::vector<RawEvent> events,
                                                           bool& cut) {
  std::unique_ptr<FileRewriter> file(new FileRewriter);
  file->path_ = path;
  file->unfinished_ = path + fmt::format(".{}.tmp", ::getpid());
  file->swapped_ = swapped;
  cut = false;
  for (RawEvent& event : events) {
    const auto beyond =
        std::span(event.attr).subspan(std::min<size_t>(event.attr.size(), kWrittenAttrSize));
    cut = cut || std::ranges::any_of(beyond, [](std::byte b) { return b != std::byte{0}; });
    // Shorter ones, of older kernels, have zeros there.
    event.attr.resize(kWrittenAttrSize);
    const uint32_t size = swapped ? byte_swapped(kWrittenAttrSize) : kWrittenAttrSize;
    std::memcpy(event.attr.data() + kAttrSizeField, &size, sizeof size);
  }
  file->events_ = std::move(events);
  file->fd_ = UniqueFd(::open(file->unfinished_.c_str(),
                              O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file->fd_) return fail_errno("cannot create '" + file->unfinished_ + "'");
  if (auto done = file->write_start(); !done) return tl::unexpected(std::move(done.error()));
  return file;
}

FileRewriter::~FileRewriter() {
  if (fd_) ::unlink(unfinished_.c_str());  // finish() did not get to its end
}

Result<void> FileRewriter::put(std::span<const std::byte> bytes) {
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
  written_ += bytes.size();
  return buffer_.size() < kBuffer ? Result<void>{} : flush();
}

Result<void> FileRewriter::flush() {
  std::span<const std::byte> left(buffer_);
  while (!left.empty()) {
    const ssize_t done = ::write(fd_.get(), left.data(), left.size());
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return fail_errno("cannot write '" + unfinished_ + "'");
    left = left.subspan(static_cast<size_t>(done));
  }
  buffer_.clear();
  return {};
}

/// The header, of which finish() fills in what is not known yet; the ids; the attributes.
Result<void> FileRewriter::write_start() {
  OrderedWriter out(swapped_);
  const std::vector<std::byte> header(kFileHeaderSize);
  out.bytes(header);
  uint64_t ids_offset = kFileHeaderSize;
  for (const RawEvent& event : events_) {
    for (const uint64_t id : event.ids) out.put(id);
  }
  attrs_offset_ = out.view().size();
  for (const RawEvent& event : events_) {
    out.bytes(event.attr).put(ids_offset).put(uint64_t{event.ids.size() * 8});
    ids_offset += event.ids.size() * 8;
  }
  data_offset_ = out.view().size();
  return put(out.view());
}

Result<void> FileRewriter::write(const RecordView& record, size_t tail) {
  const size_t payload = record.payload.size();
  const size_t padding = (8 - (kRecordHeaderSize + payload) % 8) % 8;
  const size_t size = kRecordHeaderSize + payload + padding;
  if (size > kMaxRecordSize) {
    return fail(fmt::format("a record of {} bytes at offset {}", size, record.offset));
  }
  OrderedWriter header(swapped_);
  header.put(record.header.type).put(record.header.misc).put(static_cast<uint16_t>(size));
  if (auto done = put(header.view()); !done) return done;
  const size_t body = payload - std::min(tail, payload);
  if (auto done = put(record.payload.first(body)); !done) return done;
  constexpr std::array<std::byte, 8> kZeros{};
  if (auto done = put(std::span(kZeros).first(padding)); !done) return done;
  return put(record.payload.subspan(body));
}

/// {u32 nr, u32 attr_size, {attr, u32 nr_ids, string name, u64 ids[]}…}.
std::vector<std::byte> FileRewriter::event_desc() const {
  OrderedWriter out(swapped_);
  out.put(static_cast<uint32_t>(events_.size())).put(kWrittenAttrSize);
  for (const RawEvent& event : events_) {
    out.bytes(event.attr).put(static_cast<uint32_t>(event.ids.size())).string(event.name);
    for (const uint64_t id : event.ids) out.put(id);
  }
  return out.take();
}

Result<void> FileRewriter::finish(std::map<uint32_t, std::vector<std::byte>> features) {
  features[kFeatureEventDesc] = event_desc();
  const uint64_t data_size = written_ - data_offset_;
  OrderedWriter table(swapped_);
  uint64_t at = written_ + 16 * features.size();
  for (const auto& [bit, payload] : features) {
    table.put(at).put(uint64_t{payload.size()});
    at += payload.size();
  }
  if (auto done = put(table.view()); !done) return done;
  for (const auto& [bit, payload] : features) {
    if (auto done = put(payload); !done) return done;
  }
  if (auto done = flush(); !done) return done;

  OrderedWriter header(swapped_);
  header.put(kMagic).put(uint64_t{kFileHeaderSize}).put(uint64_t{kWrittenAttrSize + 16});
  header.put(attrs_offset_).put(data_offset_ - attrs_offset_);
  header.put(data_offset_).put(data_size).put(uint64_t{0}).put(uint64_t{0});
  for (size_t word = 0; word < kBitmapSize / 8; ++word) {
    uint64_t bits = 0;
    for (const auto& [bit, payload] : features) {
      if (bit / 64 == word) bits |= uint64_t{1} << (bit % 64);
    }
    header.put(bits);
  }
  const auto bytes = header.view();
  if (::pwrite(fd_.get(), bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    return fail_errno("cannot write '" + unfinished_ + "'");
  }
  if (::rename(unfinished_.c_str(), path_.c_str()) != 0) {
    return fail_errno("cannot write '" + path_ + "'");
  }
  fd_ = UniqueFd();
  return {};
}

}  // namespace prof
