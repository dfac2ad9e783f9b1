#include "perfdata/simpleperf.h"

#include <algorithm>
#include <charconv>

#include "perfdata/protobuf_reader.h"

namespace prof {

namespace {

SimpleperfFile::Kind kind_of(uint64_t type) {
  constexpr auto kLast = static_cast<uint64_t>(SimpleperfFile::Kind::Unknown);
  return static_cast<SimpleperfFile::Kind>(std::min(type, kLast));
}

/// An entry of FILE: path, u32 type, u64 min_vaddr, u32 count of {u64 start, u32 length, name};
/// then, of a dex file, u32 count of u64 offsets, and, since 2020, of others a u64 offset.
std::optional<SimpleperfFile> read_file(ByteReader in) {
  constexpr size_t kLeastSymbol = 13;  // with an empty name
  SimpleperfFile file;
  file.path = in.c_string();
  file.kind = kind_of(in.u32());
  file.min_vaddr = in.u64();
  const uint32_t count = in.u32();
  if (!in.ok() || count > in.remaining() / kLeastSymbol) return std::nullopt;
  file.symbols.resize(count);
  for (auto& symbol : file.symbols) {
    symbol.start = in.u64();
    symbol.length = in.u32();
    symbol.name = in.c_string();
  }
  const bool has_offset =
      file.kind == SimpleperfFile::Kind::Elf || file.kind == SimpleperfFile::Kind::KernelModule;
  if (has_offset && in.remaining() >= sizeof(uint64_t)) {
    const uint64_t offset = in.u64();
    if (offset != UINT64_MAX) file.min_vaddr_offset = offset;
  }
  if (!in.ok()) return std::nullopt;
  return file;
}

std::optional<SimpleperfFile::Symbol> read_symbol(std::span<const std::byte> message) {
  SimpleperfFile::Symbol symbol;
  ProtobufReader in(message);
  for (ProtobufReader::Field field; in.next(field);) {
    if (field.number == 1) symbol.start = field.value;
    if (field.number == 2) symbol.length = field.value;
    if (field.number == 3) symbol.name = field.text();
  }
  return in.ok() ? std::optional(std::move(symbol)) : std::nullopt;
}

/// The only field of ElfFile and of KernelModule; absent fields are 0.
std::optional<uint64_t> read_offset(std::span<const std::byte> message) {
  uint64_t offset = 0;
  ProtobufReader in(message);
  for (ProtobufReader::Field field; in.next(field);) {
    if (field.number == 1) offset = field.value;
  }
  if (!in.ok() || offset == UINT64_MAX) return std::nullopt;
  return offset;
}

/// An entry of FILE2: message FileFeature of record_file.proto.
std::optional<SimpleperfFile> read_message(std::span<const std::byte> message) {
  enum : uint32_t { kPath = 1, kType, kMinVaddr, kSymbol, kDexFile, kElfFile, kModule };
  SimpleperfFile file;
  uint64_t type = 0;
  ProtobufReader in(message);
  for (ProtobufReader::Field field; in.next(field);) {
    if (field.number == kPath) file.path = field.text();
    if (field.number == kType) type = field.value;
    if (field.number == kMinVaddr) file.min_vaddr = field.value;
    if (field.number == kElfFile || field.number == kModule) {
      file.min_vaddr_offset = read_offset(field.bytes);
    }
    if (field.number != kSymbol) continue;
    auto symbol = read_symbol(field.bytes);
    if (!symbol) return std::nullopt;
    file.symbols.push_back(std::move(*symbol));
  }
  file.kind = kind_of(type);
  return in.ok() ? std::optional(std::move(file)) : std::nullopt;
}

template <class T>
bool parse(std::string_view text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size();
}

/// As simpleperf says which levels an event was restricted to.
std::string_view level_of(const perf_event_attr& attr) {
  if (attr.exclude_user && !attr.exclude_kernel) return ":k";
  if (attr.exclude_kernel && !attr.exclude_user) return ":u";
  return {};
}

}  // namespace

SimpleperfFiles decode_simpleperf_files(std::span<const std::byte> payload, bool protobuf,
                                        bool swap) {
  SimpleperfFiles out;
  ByteReader in(payload, swap);
  while (!in.at_end()) {
    const auto entry = in.bytes(in.u32());
    auto file = !in.ok()   ? std::nullopt
                : protobuf ? read_message(entry)
                           : read_file(ByteReader(entry, swap));
    if (!file) {
      out.damaged = true;
      break;
    }
    out.files.push_back(std::move(*file));
  }
  return out;
}

void SimpleperfFileRecords::add(const RecordView& view, bool swap) {
  ByteReader in(view.payload, swap);
  if (view.header.type == kRecordDso) {
    SimpleperfFile file;
    file.kind = kind_of(in.u64());
    const uint64_t id = in.u64();
    file.min_vaddr = in.u64();
    file.path = in.c_string();
    if (!in.ok()) return;
    by_id_[id] = files_.size();
    files_.push_back(std::move(file));
  } else if (view.header.type == kRecordSymbol) {
    SimpleperfFile::Symbol symbol;
    symbol.start = in.u64();
    symbol.length = in.u64();
    const auto file = by_id_.find(in.u64());
    symbol.name = in.c_string();
    if (in.ok() && file != by_id_.end()) {
      files_[file->second].symbols.push_back(std::move(symbol));
    }
  }
}

std::optional<std::span<const std::byte>> simpleperf_blob(const RecordView& view, bool swap) {
  ByteReader in(view.payload, swap);
  const auto bytes = in.bytes(in.u32());
  return in.ok() ? std::optional(bytes) : std::nullopt;
}

std::string simpleperf_event_name(std::span<const std::pair<std::string, std::string>> meta_info,
                                  const perf_event_attr& attr) {
  const auto info =
      std::ranges::find(meta_info, std::string_view("event_type_info"),
                        [](const auto& pair) { return std::string_view(pair.first); });
  if (info == meta_info.end()) return {};
  std::string_view rest = info->second;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    const auto last = line.rfind(',');
    if (last == line.npos || last == 0) continue;
    const auto middle = line.rfind(',', last - 1);  // names may have commas
    if (middle == line.npos) continue;
    uint32_t type = 0;
    uint64_t config = 0;
    if (!parse(line.substr(middle + 1, last - middle - 1), type) ||
        !parse(line.substr(last + 1), config) || type != attr.type || config != attr.config) {
      continue;
    }
    return std::string(line.substr(0, middle)).append(level_of(attr));
  }
  return {};
}

}  // namespace prof
