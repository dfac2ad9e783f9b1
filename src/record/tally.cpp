#include "record/tally.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "common/byte_reader.h"
#include "common/unique_fd.h"
#include "object/build_id_reader.h"
#include "perfdata/record_walk.h"
#include "record/file_keeper.h"

namespace prof {

Tally::Tally(const perf_event_attr& attr, FileKeeper* keeper) : keeper_(keeper) {
  // TIME follows these, in this order (perf_event_open(2)).
  constexpr uint64_t kBefore = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID;
  time_offset_ = static_cast<size_t>(std::popcount(attr.sample_type & kBefore)) * 8;
}

void Tally::observe(std::span<const std::byte> records) {
  for_each_record(records,
                  [this](const perf_event_header& header, std::span<const std::byte> payload) {
                    switch (header.type) {
                      case kRecordSample: {
                        ++samples_;
                        uint64_t time = 0;
                        if (payload.size() < time_offset_ + sizeof time) break;
                        std::memcpy(&time, payload.data() + time_offset_, sizeof time);
                        first_time_ = std::min(first_time_, time);
                        last_time_ = std::max(last_time_, time);
                        break;
                      }
                      case kRecordLost: {
                        ByteReader reader(payload);
                        reader.skip(8);  // id
                        lost_ += reader.u64();
                        break;
                      }
                      case kRecordThrottle:
                        ++throttled_;
                        break;
                      case kRecordMmap2:
                        observe_mapping(header, payload);
                        break;
                      default:
                        break;
                    }
                  });
}

void Tally::observe_mapping(const perf_event_header& header, std::span<const std::byte> payload) {
  if (header.misc & kMiscMmapData) return;
  ByteReader reader(payload);
  const uint32_t pid = reader.u32();
  reader.skip(4);  // tid
  const uint64_t start = reader.u64();
  const uint64_t length = reader.u64();
  reader.skip(8);  // pgoff
  const bool identified = (header.misc & kMiscMmapBuildId) != 0;
  const uint8_t size = reader.u8();
  reader.skip(3);
  const auto bytes = reader.bytes(BuildId::kMaxSize);
  reader.skip(8);  // prot, flags
  std::string_view name = reader.c_string();
  if (!reader.ok() || name.empty()) return;
  if (!identified) {
    if (name.front() == '/' && !name.starts_with("//") && !unidentified_.contains(name)) {
      unidentified_.emplace(name);
    }
    return;
  }
  const auto id = BuildId::from(bytes.first(std::min<size_t>(size, BuildId::kMaxSize)));
  const auto misc = static_cast<uint16_t>(header.misc & kMiscCpumodeMask);
  if (keeper_ && misc == PERF_RECORD_MISC_USER) {
    keeper_->note(pid, start, start + length, name, id);
  }
  // The kernel's mapping names the symbol it starts at, its build id goes without.
  constexpr std::string_view kKernel = "[kernel.kallsyms]";
  if (name.starts_with(kKernel)) name = kKernel;
  if (build_ids_.contains(name)) return;
  build_ids_.emplace(name, NamedBuildId{id, misc});
}

std::pair<uint64_t, uint64_t> Tally::sample_time() const {
  if (first_time_ > last_time_) return {0, 0};
  return {first_time_, last_time_};
}

std::vector<BuildIdEntry> Tally::build_ids() const {
  std::vector<BuildIdEntry> entries;
  entries.reserve(build_ids_.size());
  for (const auto& [name, known] : build_ids_) {
    BuildIdEntry entry;
    entry.misc = known.misc;
    entry.build_id = known.id;
    entry.filename = name;
    entries.push_back(std::move(entry));
  }
  return entries;
}

void Tally::read_missing_build_ids() {
  for (const std::string& name : unidentified_) {
    if (build_ids_.contains(name) || name.starts_with("/dev/")) continue;
    UniqueFd fd(::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    struct stat status {};
    if (!fd || ::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
    const auto id = build_id_of_file(fd.get());
    if (!id.empty()) build_ids_.emplace(name, NamedBuildId{id, PERF_RECORD_MISC_USER});
  }
}

}  // namespace prof
