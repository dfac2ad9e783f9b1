#include "symbolize/kept_calls.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "common/byte_reader.h"
#include "common/byte_writer.h"
#include "common/hash.h"

namespace prof {

namespace {

// An entry: u64 addresses, u64 frames, then each address {u64 address, u32 first frame, u32
// frames}, each frame {u32 name, u32 file, u32 line, u32 inlined}, and NUL-ended strings. 0 is the
// string that is not there.
constexpr std::string_view kVersion = "calls1";
constexpr size_t kAddressSize = 16;
constexpr size_t kFrameSize = 16;

/// Tells one state of a file from another.
std::string identity(const FoundFile& file) {
  struct stat status {};
  if (!file || ::stat(file.path.c_str(), &status) != 0) return "-";
  return fmt::format("{}:{}:{}.{}", file.path, status.st_size, status.st_mtim.tv_sec,
                     status.st_mtim.tv_nsec);
}

std::string key_of(const BuildId& build_id, const DebugFiles& files) {
  if (build_id.empty()) return {};
  return fmt::format("{}-{}-{:016x}", kVersion, build_id.hex(),
                     hash_string(identity(files.dwarf) + "\n" + identity(files.alt)));
}

/// Strings of an entry being written, each once.
class Strings {
 public:
  Strings() { text_.u8(0); }
  uint32_t put(std::string_view text) {
    if (text.empty()) return 0;
    const auto [it, added] = places_.try_emplace(text, static_cast<uint32_t>(text_.size()));
    if (added) text_.text(text).u8(0);
    return it->second;
  }
  std::span<const std::byte> bytes() const { return text_.view(); }

 private:
  ByteWriter text_;
  std::unordered_map<std::string_view, uint32_t> places_;
};

/// The string at an offset; nothing if that leads outside.
std::optional<std::string_view> string_at(std::span<const std::byte> strings, uint32_t offset) {
  if (offset >= strings.size()) return std::nullopt;
  const std::string_view rest(reinterpret_cast<const char*>(strings.data()) + offset,
                              strings.size() - offset);
  const size_t end = rest.find('\0');
  if (end == std::string_view::npos) return std::nullopt;
  return rest.substr(0, end);
}

}  // namespace

KeptCalls::KeptCalls(const DiskCache& cache, const BuildId& build_id, const DebugFiles& files)
    : cache_(cache) {
  if (!cache_.enabled()) return;
  key_ = key_of(build_id, files);
  if (!key_.empty()) load();
}

/// Takes over what is sound; the rest is looked up again.
void KeptCalls::load() {
  entry_ = cache_.get(key_);
  if (!entry_) return;
  const auto bytes = entry_->bytes();
  ByteReader in(bytes);
  const uint64_t addresses = in.u64();
  const uint64_t frames = in.u64();
  if (!in.ok() || addresses > in.remaining() / kAddressSize) return;
  if (frames > (in.remaining() - addresses * kAddressSize) / kFrameSize) return;
  const size_t frames_at = in.position() + addresses * kAddressSize;
  const auto strings = bytes.subspan(frames_at + frames * kFrameSize);
  places_.reserve(addresses);
  std::vector<SourceFrame> found;
  for (uint64_t i = 0; i < addresses; ++i) {
    const uint64_t address = in.u64();
    const uint64_t first = in.u32();
    const uint64_t count = in.u32();
    if (first > frames || count > frames - first) continue;
    ByteReader at(bytes.subspan(frames_at + first * kFrameSize, count * kFrameSize));
    found.clear();
    for (uint64_t k = 0; k < count; ++k) {
      const auto name = string_at(strings, at.u32());
      const auto file = string_at(strings, at.u32());
      SourceFrame frame;
      frame.line = at.u32();
      frame.inlined = at.u32() != 0;
      if (!name || !file) break;
      frame.name = *name;
      frame.file = *file;
      found.push_back(frame);
    }
    if (found.size() == count && !places_.contains(address)) insert(address, found);
  }
  loaded_ = addresses_.size();
}

void KeptCalls::insert(uint64_t address, std::span<const SourceFrame> frames) {
  places_[address] = {static_cast<uint32_t>(frames_.size()), static_cast<uint32_t>(frames.size())};
  addresses_.push_back(address);
  frames_.insert(frames_.end(), frames.begin(), frames.end());
}

std::optional<std::span<const SourceFrame>> KeptCalls::find(ElfAddr address) const {
  const auto place = places_.find(raw(address));
  if (place == places_.end()) return std::nullopt;
  return std::span(frames_).subspan(place->second.begin, place->second.count);
}

std::string_view KeptCalls::own(std::string_view text) {
  if (text.empty()) return {};
  const auto known = owned_.find(text);
  if (known != owned_.end()) return known->second;
  const std::string_view copy = strings_.emplace_back(text);
  owned_.emplace(copy, copy);
  return copy;
}

void KeptCalls::add(ElfAddr address, std::span<const SourceFrame> frames) {
  if (key_.empty() || places_.contains(raw(address))) return;
  std::vector<SourceFrame> copies(frames.begin(), frames.end());
  for (SourceFrame& frame : copies) {
    frame.name = own(frame.name);
    frame.file = own(frame.file);
  }
  insert(raw(address), copies);
}

void KeptCalls::save() const {
  if (key_.empty() || addresses_.size() == loaded_) return;
  const size_t first = addresses_.size() > kMostAddresses ? loaded_ : 0;
  const auto kept = std::span(addresses_).subspan(first);
  Strings strings;
  ByteWriter table;
  ByteWriter frames;
  uint32_t written = 0;
  for (const uint64_t address : kept) {
    const Place& place = places_.at(address);
    table.u64(address).u32(written).u32(place.count);
    for (const SourceFrame& frame : std::span(frames_).subspan(place.begin, place.count)) {
      const uint32_t name = strings.put(frame.name);
      const uint32_t file = strings.put(frame.file);
      frames.u32(name).u32(file).u32(frame.line).u32(frame.inlined);
    }
    written += place.count;
  }
  ByteWriter entry;
  entry.u64(kept.size()).u64(written);
  entry.bytes(table.view()).bytes(frames.view()).bytes(strings.bytes());
  cache_.put(key_, entry.view());
}

}  // namespace prof
