#include "perfdata/reader.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <filesystem>
#include <system_error>

#include "common/input.h"
#include "perfdata/build_id_record.h"
#include "perfdata/simpleperf.h"

namespace prof {

namespace {

/// [offset, offset + size) of `bytes`; nothing if it does not lie inside.
std::optional<std::span<const std::byte>> part(std::span<const std::byte> bytes, uint64_t offset,
                                               uint64_t size) {
  if (offset > bytes.size() || size > bytes.size() - offset) return std::nullopt;
  return bytes.subspan(static_cast<size_t>(offset), static_cast<size_t>(size));
}

}  // namespace

bool Reader::has_magic(std::span<const std::byte> bytes) {
  const uint64_t magic = ByteReader(bytes).u64();
  return magic == kMagic || magic == kMagicSwapped || magic == kMagicV1;
}

Result<std::unique_ptr<Reader>> Reader::open(const std::string& path) {
  auto file = open_input(path);
  if (!file) return tl::unexpected(file.error());
  return from_file(std::move(*file), path == "-" ? "standard input" : path);
}

Result<std::unique_ptr<Reader>> Reader::from_file(MappedFile file, const std::string& path) {
  std::unique_ptr<Reader> reader(new Reader);
  reader->path_ = path;
  reader->file_ = std::move(file);
  if (auto done = reader->read_header(); !done) {
    return tl::unexpected(std::move(done.error()).in("cannot read '" + path + "'"));
  }
  return reader;
}

Result<void> Reader::read_header() {
  if (bytes().empty()) return fail("the file is empty (offset 0)");
  ByteReader header(bytes());
  const uint64_t magic = header.u64();
  if (magic != kMagic && magic != kMagicSwapped && magic != kMagicV1) {
    return fail("not a perf.data file (no PERFILE2 magic at offset 0)");
  }
  // The magic of version 1 is text; by which end the size of the header begins tells the order.
  if (magic == kMagicV1) version_ = 1;
  const uint64_t first_size = header.u64();
  swap_ = magic == kMagicSwapped ||
          (version_ == 1 && byte_swapped(first_size) <= kFileHeaderSize && first_size != 0);
  header = ByteReader(bytes(), swap_);
  header.skip(8);
  const uint64_t size = header.u64();
  if (!header.ok()) return fail(fmt::format("cut in the header (at offset {})", bytes().size()));
  if (size == kPipeHeaderSize) {
    pipe_ = true;
    data_ = {kPipeHeaderSize, bytes().size() - kPipeHeaderSize};
    return {};
  }
  if (size != kFileHeaderSize) {
    return fail(fmt::format("header of {} bytes where perf.data has 104 or 16 (offset 8)", size));
  }
  return read_file_header(header);
}

Result<void> Reader::read_file_header(ByteReader header) {
  const uint64_t attr_size = header.u64();
  FileSection attrs{header.u64(), 0};
  attrs.size = header.u64();
  data_.offset = header.u64();
  data_.size = header.u64();
  header.skip(16);  // event_types, unused since Linux 3.2
  auto bitmap = header.bytes(kFeatureBits / 8);
  if (!header.ok()) return fail(fmt::format("cut in the header (at offset {})", bytes().size()));
  if (auto done = read_attrs(attrs, attr_size); !done) return done;
  if (data_.offset > bytes().size()) {
    return fail(fmt::format("cut before the data section (offset {})", data_.offset));
  }
  const uint64_t available = bytes().size() - data_.offset;
  // The recorder was killed before it could say how much it wrote, or there is nothing to say.
  if (data_.size == 0 && !has_feature_table(data_.offset, bitmap)) {
    data_.size = available;
    if (available > 0) warn("was not finished by its recorder: reading what is there");
    return {};
  }
  if (data_.size > available) {
    warn(fmt::format("is cut at offset {}: {} of {} bytes of data are missing", bytes().size(),
                     data_.size - available, data_.size));
    data_.size = available;
    return {};
  }
  read_features(data_.offset + data_.size, bitmap);
  apply_event_desc();
  return {};
}

Result<void> Reader::read_attrs(FileSection attrs, uint64_t entry_size) {
  if (entry_size < 16 + PERF_ATTR_SIZE_VER0 || entry_size > 4096) {
    return fail(fmt::format("event attributes of {} bytes (offset 16)", entry_size));
  }
  if (!part(bytes(), attrs.offset, attrs.size)) {
    return fail(fmt::format("event attributes outside of the file (offset {})", attrs.offset));
  }
  if (attrs.size < entry_size) {
    return fail(fmt::format("no event attributes (offset {})", attrs.offset));
  }
  for (uint64_t at = 0; attrs.size - at >= entry_size; at += entry_size) {
    auto event = read_attr(attrs.offset + at, entry_size);
    if (!event) return tl::unexpected(event.error());
    events_.add(std::move(*event));
  }
  return {};
}

Result<EventAttr> Reader::read_attr(uint64_t offset, uint64_t entry_size) {
  const auto entry = bytes().subspan(offset, entry_size);
  ByteReader attr(entry.first(entry_size - 16), swap_);
  auto event = decode_attr(attr, entry_size - 16);
  if (!event) {
    return tl::unexpected(std::move(event.error()).in(fmt::format("at offset {}", offset)));
  }
  ByteReader section(entry.last(16), swap_);
  const uint64_t ids_offset = section.u64();
  const uint64_t ids_size = section.u64();
  auto ids = part(bytes(), ids_offset, ids_size);
  if (!ids) return fail(fmt::format("event ids outside of the file (offset {})", ids_offset));
  const U64View view(*ids, swap_);
  event->ids.reserve(view.size());
  for (size_t i = 0; i < view.size(); ++i) event->ids.push_back(view[i]);
  return event;
}

/// Whether the bytes at `table_offset` are {offset, size} of each feature, all inside of the file
/// and behind the table, rather than records.
bool Reader::has_feature_table(uint64_t table_offset, std::span<const std::byte> bitmap) const {
  size_t features = 0;
  for (const std::byte b : bitmap)
    features += static_cast<size_t>(std::popcount(std::to_integer<uint8_t>(b)));
  const auto table = part(bytes(), table_offset, features * 16);
  if (features == 0 || !table) return false;
  const U64View words(*table, swap_);
  for (size_t i = 0; i < features; ++i) {
    const uint64_t offset = words[i * 2];
    if (offset < table_offset + features * 16 || !part(bytes(), offset, words[i * 2 + 1]))
      return false;
  }
  return true;
}

void Reader::read_features(uint64_t table_offset, std::span<const std::byte> bitmap) {
  // One {offset, size} for each bit that is set, in the order of the bits. The bitmap is an array
  // of u64 in the file's byte order.
  const U64View words(bitmap, swap_);
  uint64_t entry = table_offset;
  for (uint32_t bit = 0; bit < kFeatureBits; ++bit) {
    if ((words[bit / 64] >> (bit % 64) & 1) == 0) continue;
    auto section_bytes = part(bytes(), entry, 16);
    if (!section_bytes) {
      warn(fmt::format("is cut in the table of header features (offset {})", entry));
      return;
    }
    ByteReader section(*section_bytes, swap_);
    const uint64_t offset = section.u64();
    const uint64_t size = section.u64();
    entry += 16;
    auto payload = part(bytes(), offset, size);
    if (!payload) {
      warn(fmt::format("header feature {} lies outside of the file (offset {})", bit, offset));
      continue;
    }
    if (bit == kFeatureInitMap) init_map_ = {offset, size};
    read_feature(bit, *payload, offset);
  }
}

std::vector<DataSegment> Reader::segments() const {
  std::vector<DataSegment> all;
  if (init_map_.size != 0) all.push_back({&file_, init_map_, path_});
  all.push_back({&file_, data_, path_});
  all.insert(all.end(), parts_.begin(), parts_.end());
  return all;
}

Result<void> Reader::add_parts(const std::string& directory) {
  std::vector<uint64_t> numbers;
  std::error_code error;
  for (std::filesystem::directory_iterator it(directory, error), end; !error && it != end;
       it.increment(error)) {
    const std::string name = it->path().filename();
    constexpr std::string_view kPrefix = "data.";
    if (!name.starts_with(kPrefix)) continue;
    uint64_t number = 0;
    const char* last = name.data() + name.size();
    const auto [rest, bad] = std::from_chars(name.data() + kPrefix.size(), last, number);
    if (bad == std::errc{} && rest == last) numbers.push_back(number);
  }
  if (error) return fail("cannot read '" + directory + "': " + error.message());
  std::ranges::sort(numbers);
  for (const uint64_t number : numbers) {
    const std::string path = fmt::format("{}/data.{}", directory, number);
    auto file = MappedFile::open(path);
    if (!file) return tl::unexpected(std::move(file.error()).in("cannot read '" + directory + "'"));
    part_files_.push_back(std::make_unique<MappedFile>(std::move(*file)));
    const MappedFile& kept = *part_files_.back();
    if (!kept.bytes().empty()) parts_.push_back({&kept, {0, kept.bytes().size()}, path});
  }
  return {};
}

void Reader::read_feature(uint32_t bit, std::span<const std::byte> payload, uint64_t offset) {
  features_.present.push_back(bit);
  if (auto done = decode_feature(bit, ByteReader(payload, swap_), features_); !done) {
    warn(fmt::format("header feature {} at offset {}: {}", bit, offset, done.error().message));
  }
}

void Reader::apply_event_desc() {
  for (size_t i = 0; i < features_.event_desc.size(); ++i) {
    const EventAttr& described = features_.event_desc[i];
    // Matched by id; without ids (one event), the order is the same.
    size_t index = described.ids.empty() ? i : events_.index_of(described.ids.front());
    if (index >= events_.size()) index = i;
    if (index >= events_.size()) continue;
    if (events_[index].name.empty()) events_.at(index).name = described.name;
    for (uint64_t id : described.ids) events_.map_id(id, index);
  }
}

void Reader::apply_header_record(const RecordView& view) {
  switch (view.header.type) {
    case kRecordHeaderAttr:
      apply_attr_record(view);
      break;
    case kRecordEventUpdate:
      apply_event_update(view);
      break;
    case kRecordHeaderFeature:
      apply_feature_record(view);
      break;
    case kRecordHeaderTracingData:
      apply_tracing_data_record(view);
      break;
    case kRecordHeaderBuildId:
      apply_build_id_record(view);
      break;
    case kRecordEventId:
      apply_event_id_record(view);
      break;
    case kRecordTracingData:
      if (const auto data = simpleperf_blob(view, swap_)) {
        features_.tracing_data.assign(data->begin(), data->end());
      }
      break;
    default:
      break;
  }
}

void Reader::apply_build_id_record(const RecordView& view) {
  ByteReader reader(view.payload, swap_);
  const BuildIdRecord record = read_build_id_record(reader, view.header.misc);
  if (!reader.ok()) return;
  features_.build_ids.push_back(
      {record.misc, record.pid, record.build_id, std::string(record.filename)});
}

void Reader::apply_attr_record(const RecordView& view) {
  ByteReader reader(view.payload, swap_);
  auto event = decode_attr(reader, view.payload.size());
  if (!event) {
    warn(fmt::format("event at offset {}: {}", view.offset, event.error().message));
    return;
  }
  const U64View ids(reader.rest(), swap_);  // they start at attr.size, whatever we know of it
  for (size_t i = 0; i < ids.size(); ++i) event->ids.push_back(ids[i]);
  events_.add(std::move(*event));
}

/// perf has the description behind {u32 size, u32 pad}; simpleperf of old behind the size.
void Reader::apply_tracing_data_record(const RecordView& view) {
  constexpr std::array kBegin = {std::byte{0x17}, std::byte{0x08}, std::byte{0x44}};
  for (const size_t head : {sizeof(uint32_t), 2 * sizeof(uint32_t)}) {
    if (view.payload.size() < head + kBegin.size()) return;
    const auto data = view.payload.subspan(head);
    if (head == sizeof(uint32_t) && !std::ranges::equal(data.first(kBegin.size()), kBegin))
      continue;
    features_.tracing_data.assign(data.begin(), data.end());
    return;
  }
}

/// simpleperf: {u64 count; {u64 number of the event, u64 id}}, for ids that came with the threads.
void Reader::apply_event_id_record(const RecordView& view) {
  ByteReader reader(view.payload, swap_);
  const uint64_t count = reader.u64();
  const U64View words(reader.rest(), swap_);
  for (size_t i = 0; i + 1 < words.size() && i / 2 < count; i += 2) {
    if (words[i] >= events_.size()) continue;
    const auto index = static_cast<size_t>(words[i]);
    if (events_.size() > 1 && events_.index_of(words[i + 1]) == index) continue;  // a second pass
    events_.at(index).ids.push_back(words[i + 1]);
    events_.map_id(words[i + 1], index);
  }
}

void Reader::apply_event_update(const RecordView& view) {
  constexpr uint64_t kUpdateName = 2;
  ByteReader reader(view.payload, swap_);
  const uint64_t type = reader.u64();
  const size_t index = events_.index_of(reader.u64());
  if (type == kUpdateName && reader.ok() && index < events_.size()) {
    events_.at(index).name = reader.fixed_string(reader.remaining());
  }
}

void Reader::apply_feature_record(const RecordView& view) {
  ByteReader reader(view.payload, swap_);
  const uint64_t bit = reader.u64();
  // perf ends the features of a pipe with an empty one numbered as its own first unknown feature.
  if (!reader.ok() || bit >= kFeatureBits || reader.at_end()) return;
  read_feature(static_cast<uint32_t>(bit), reader.rest(), view.offset);
  if (bit == kFeatureEventDesc) apply_event_desc();
}

Result<void> Reader::finish_events() {
  if (features_.is_stat) {
    return fail("'" + path_ + "' holds counts of 'perf stat record', not samples",
                "read it with 'perf stat report'");
  }
  if (events_.empty()) {
    return fail(fmt::format("cannot read '{}': no event attributes before offset {}", path_,
                            data_.offset + data_.size));
  }
  for (size_t i = 0; i < events_.size(); ++i) {
    if (events_[i].has_unknown) {
      warn(
          fmt::format("event {} was set up by a newer perf in ways that are not known here "
                      "(its attribute has {} bytes)",
                      i, events_[i].recorded_size));
    }
    if (!events_[i].name.empty()) continue;
    std::string name = simpleperf_event_name(features_.meta_info, events_[i].attr);
    events_.at(i).name = name.empty() ? event_name_from(events_[i].attr) : std::move(name);
  }
  return {};
}

}  // namespace prof
