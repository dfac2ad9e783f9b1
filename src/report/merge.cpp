#include "report/merge.h"

#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <set>
#include <unordered_map>

#include "perfdata/encode.h"
#include "perfdata/event_format.h"
#include "report/merge_embedded.h"
#include "report/merge_input.h"

namespace prof {

namespace {

constexpr uint32_t kPidsOfHost = 1 << 22;  // PID_MAX_LIMIT of 64-bit kernels
constexpr size_t kMostHosts = 500;         // of whose pids an int has room
constexpr uint64_t kKernelsApart = uint64_t{1} << 40;
constexpr uint64_t kCgroupsOfHost = uint64_t{1} << 40;
constexpr uint64_t kRecordsOfRound = 1 << 12;  // what readers hold until they know the order

// Of perf_event_attr (include/uapi/linux/perf_event.h).
constexpr size_t kConfigField = 8, kSampleTypeField = 24, kFlagsField = 40;
constexpr uint64_t kSampleIdAll = uint64_t{1} << 18;  // of a little-endian machine's bit field

class Merge {
 public:
  Result<void> open(const std::vector<std::string>& paths);
  Result<MergeResult> write(const std::string& path);

 private:
  void join_events();
  size_t event_of(const RawEvent& event);
  std::unordered_map<uint64_t, uint16_t> join_formats(const MergeInput& input);
  void join_build_ids();
  Result<void> join_hosts();
  Result<void> place_kernel(const MergeInput& input, size_t number, Rebase& rebase);
  Result<void> write_records(FileRewriter& file);
  std::map<uint32_t, std::vector<std::byte>> features();

  std::vector<std::unique_ptr<MergeInput>> inputs_;
  std::vector<Rebase> rebases_;
  std::vector<RawEvent> events_;
  std::map<std::pair<std::vector<std::byte>, std::string>, size_t> known_events_;
  uint64_t next_id_ = 1;
  TracingData tracing_;
  std::map<std::pair<std::string, std::string>, uint64_t> known_formats_;  // by system, text
  std::set<uint64_t> format_ids_;
  std::deque<std::string> texts_;  // that tracing_ has views of
  std::vector<BuildIdEntry> build_ids_;
  std::vector<std::pair<MergeInput::Kernel, size_t>> kernels_;  // and how far they are apart
  MergeResult result_;
};

Result<void> Merge::open(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    auto input = MergeInput::open(path);
    if (!input) return tl::unexpected(std::move(input.error()));
    inputs_.push_back(std::move(*input));
  }
  rebases_.resize(inputs_.size());
  for (const auto& input : inputs_) {
    if (std::ranges::find(result_.hosts, input->host()) == result_.hosts.end()) {
      result_.hosts.push_back(input->host());
    }
  }
  if (result_.hosts.size() > kMostHosts) {
    return fail(fmt::format("recordings of {} hosts cannot be told apart in one file",
                            result_.hosts.size()),
                "merge fewer of them");
  }
  join_events();
  join_build_ids();
  return join_hosts();
}

/// Events that are recorded alike are one; each has the ids of all, which are made anew, since
/// those of several recordings may be the same.
void Merge::join_events() {
  for (size_t i = 0; i < inputs_.size(); ++i) {
    MergeInput& input = *inputs_[i];
    Rebase& rebase = rebases_[i];
    rebase.formats = join_formats(input);
    constexpr unsigned kAboveCounters = 32;  // of what a boot's cookies have
    rebase.cookies = uint64_t{i} << kAboveCounters;
    for (RawEvent event : input.raw_events()) {
      event.attr.resize(std::max<size_t>(event.attr.size(), PERF_ATTR_SIZE_VER0));
      uint64_t type = 0, config = 0;
      std::memcpy(&type, event.attr.data() + kSampleTypeField, sizeof type);
      std::memcpy(&config, event.attr.data() + kConfigField, sizeof config);
      type |= PERF_SAMPLE_IDENTIFIER;
      std::memcpy(event.attr.data() + kSampleTypeField, &type, sizeof type);
      // Records of kernels before 3.0 do not end with whose they are; here all do.
      uint64_t flags = 0;
      std::memcpy(&flags, event.attr.data() + kFlagsField, sizeof flags);
      flags |= kSampleIdAll;
      std::memcpy(event.attr.data() + kFlagsField, &flags, sizeof flags);
      uint32_t kind = 0;
      std::memcpy(&kind, event.attr.data(), sizeof kind);
      const auto format = rebase.formats.find(config);
      if (kind == PERF_TYPE_TRACEPOINT && format != rebase.formats.end()) {
        const uint64_t renumbered = format->second;
        std::memcpy(event.attr.data() + kConfigField, &renumbered, sizeof renumbered);
      }
      const std::vector<uint64_t> ids = std::move(event.ids);
      event.ids.clear();
      RawEvent& joined = events_[event_of(event)];
      rebase.first_ids.push_back(next_id_);
      for (const uint64_t id : ids) {
        rebase.ids.try_emplace(id, next_id_);
        joined.ids.push_back(next_id_++);
      }
      if (ids.empty()) joined.ids.push_back(next_id_++);
    }
  }
}

size_t Merge::event_of(const RawEvent& event) {
  const auto [known, added] = known_events_.try_emplace({event.attr, event.name}, events_.size());
  if (added) events_.push_back(event);
  return known->second;
}

/// The numbers of tracepoints differ from kernel to kernel. Gives those that are others now.
std::unordered_map<uint64_t, uint16_t> Merge::join_formats(const MergeInput& input) {
  std::unordered_map<uint64_t, uint16_t> renumbered;
  const TracingData& tracing = input.tracing();
  if (tracing_.header_page.empty()) {
    tracing_.long_size = tracing.long_size;
    tracing_.page_size = tracing.page_size;
    tracing_.header_page = tracing.header_page;
    tracing_.header_event = tracing.header_event;
    tracing_.printk_formats = tracing.printk_formats;
  }
  for (const TracingData::Event& event : tracing.events) {
    const auto format = parse_event_format(event.format);
    if (!format) continue;
    // All but its number.
    std::string text(event.format);
    const std::string line = fmt::format("\nID: {}\n", format->id);
    const size_t at = text.find(line);
    if (at == text.npos) continue;
    text.replace(at, line.size(), "\nID: \n");
    const auto [known, added] =
        known_formats_.try_emplace({std::string(event.system), text}, format->id);
    if (added) {
      uint64_t id = format->id;
      while (!format_ids_.insert(id).second) ++id;
      if (id > UINT16_MAX) continue;
      known->second = id;
      text.replace(at, std::string_view("\nID: \n").size(), fmt::format("\nID: {}\n", id));
      tracing_.events.push_back({event.system, texts_.emplace_back(std::move(text))});
    }
    if (known->second != format->id) {
      renumbered[format->id] = static_cast<uint16_t>(known->second);
    }
  }
  return renumbered;
}

/// Of two files by one name the first is the one that the header tells the build id of; mappings of
/// others tell it themselves.
void Merge::join_build_ids() {
  std::map<std::string, BuildId> by_name;
  for (size_t i = 0; i < inputs_.size(); ++i) {
    for (const BuildIdEntry& entry : inputs_[i]->reader().features().build_ids) {
      const auto [known, added] = by_name.try_emplace(entry.filename, entry.build_id);
      if (added) {
        build_ids_.push_back(entry);
      } else if (!known->second.same_as(entry.build_id)) {
        rebases_[i].build_ids.try_emplace(entry.filename, entry.build_id);
      }
    }
  }
}

Result<void> Merge::join_hosts() {
  for (size_t i = 0; i < inputs_.size(); ++i) {
    const MergeInput& input = *inputs_[i];
    Rebase& rebase = rebases_[i];
    const auto host =
        static_cast<size_t>(std::ranges::find(result_.hosts, input.host()) - result_.hosts.begin());
    if (result_.hosts.size() > 1) {
      rebase.comm_suffix = "@" + input.host();
      rebase.pid_offset = static_cast<uint32_t>(host) * kPidsOfHost;
      rebase.cgroup_offset = host * kCgroupsOfHost;
    }
    if (auto done = place_kernel(input, i, rebase); !done) return done;
  }
  return {};
}

Result<void> Merge::place_kernel(const MergeInput& input, size_t number, Rebase& rebase) {
  const MergeInput::Kernel& kernel = input.kernel();
  rebase.text_start = kernel.start;
  rebase.text_end = kernel.end;
  // A recording whose samples are all in user space does not say which kernel it was.
  const auto known = std::ranges::find_if(kernels_, [&kernel](const auto& each) {
    const MergeInput::Kernel& other = each.first;
    return other.start == kernel.start && other.end == kernel.end &&
           other.release == kernel.release &&
           (other.build_id == kernel.build_id || other.build_id.empty() || kernel.build_id.empty());
  });
  if (known != kernels_.end()) {  // of the same boot, or as good as
    rebase.text_delta = rebase.rest_delta = 0 - known->second * kKernelsApart;
    if (known->second != 0) rebase.kernel_name = fmt::format("[kernel@{}]", input.host());
    return {};
  }
  const size_t apart = kernels_.size();
  kernels_.emplace_back(kernel, apart);
  if (apart == 0) return {};
  rebase.text_delta = rebase.rest_delta = 0 - apart * kKernelsApart;
  const MergeInput::Kernel& first = kernels_.front().first;
  // Kernels of 32 bits, and those of which an old perf says that they are everywhere from 0 on.
  const auto cannot_move = [](const MergeInput::Kernel& each) {
    return each.end != 0 && each.start >> 63 == 0;
  };
  if (cannot_move(kernel) || (cannot_move(first) && kernel.end != 0)) {
    return fail(fmt::format("'{}' and '{}' were made with different kernels, and one does not say "
                            "where in memory its kernel was",
                            inputs_.front()->reader().path(), inputs_[number]->reader().path()),
                "merge recordings of one kernel");
  }
  const bool same_text = !kernel.build_id.empty() && kernel.build_id == first.build_id &&
                         kernel.end - kernel.start == first.end - first.start;
  if (same_text) {  // only put elsewhere by the boot
    rebase.text_delta = first.start - kernel.start;
    return {};
  }
  rebase.kernel_name = fmt::format("[kernel@{}]", input.host());
  if (kernel.start != 0) {
    result_.warnings.push_back(fmt::format(
        "{}: made with another kernel than {}: its kernel's functions have no names here",
        inputs_[number]->reader().path(), inputs_.front()->reader().path()));
  }
  return {};
}

std::map<uint32_t, std::vector<std::byte>> Merge::features() {
  std::map<uint32_t, std::vector<std::byte>> out;
  Features joined = inputs_.front()->reader().features();
  std::string hosts;
  for (const std::string& host : result_.hosts) hosts += (hosts.empty() ? "" : ",") + host;
  joined.hostname = hosts;
  joined.sample_time.reset();
  joined.clock_data.reset();  // of one clock among several
  joined.compression.reset();
  joined.groups.clear();
  joined.embedded.clear();
  joined.tracing_data.clear();
  if (!tracing_.events.empty()) joined.tracing_data = encode_tracing_data(tracing_);
  joined.build_ids = build_ids_;
  constexpr std::array kKept = {
      kFeatureTracingData,  kFeatureBuildId,     kFeatureHostname,    kFeatureOsRelease,
      kFeatureVersion,      kFeatureArch,        kFeatureNrCpus,      kFeatureCpuDesc,
      kFeatureCpuId,        kFeatureTotalMem,    kFeatureCmdline,     kFeatureCpuTopology,
      kFeatureNumaTopology, kFeatureBranchStack, kFeaturePmuMappings, kFeatureClockId};
  for (const auto bit : kKept) {
    if (auto payload = encode_feature(bit, joined)) out[bit] = std::move(*payload);
  }
  std::vector<EmbeddedInput> embedded;
  for (size_t i = 0; i < inputs_.size(); ++i) {
    const Reader& reader = inputs_[i]->reader();
    embedded.push_back({reader.path(), reader.features(), inputs_[i]->files(), rebases_[i]});
  }
  auto names = join_embedded(embedded, joined.build_ids, result_.warnings);
  if (!names.empty()) out[kFeatureEmbedded] = std::move(names);
  return out;
}

Result<void> Merge::write_records(FileRewriter& file) {
  for (size_t i = 0; i < inputs_.size(); ++i) inputs_[i]->set_rebase(rebases_[i]);
  RecordView round;
  round.header.type = kRecordFinishedRound;
  uint64_t written = 0;
  for (;;) {
    MergeInput* first = nullptr;
    uint64_t first_time = 0;
    for (const auto& input : inputs_) {
      const auto time = input->next_time();
      if (!time || (first && *time >= first_time)) continue;
      first = input.get();
      first_time = *time;
    }
    if (!first) break;
    RecordView record;
    if (!first->next(record)) continue;
    // What is not longer than a record can be, by its new identifier may be.
    if (kRecordHeaderSize + record.payload.size() > kMaxRecordSize) {
      ++result_.left_out;
      continue;
    }
    constexpr size_t kNoPadding = 0;  // of whole words already
    if (auto done = file.write(record, kNoPadding); !done) return done;
    result_.samples += record.header.type == kRecordSample;
    if (++written % kRecordsOfRound == 0) {
      if (auto done = file.write(round, 0); !done) return done;
    }
  }
  return file.write(round, 0);
}

Result<MergeResult> Merge::write(const std::string& path) {
  bool cut = false;
  auto file = FileRewriter::create(path, false, events_, cut);
  if (!file) return tl::unexpected(std::move(file.error()));
  if (auto done = write_records(**file); !done) return tl::unexpected(std::move(done.error()));
  if (auto done = (*file)->finish(features()); !done) {
    return tl::unexpected(std::move(done.error()));
  }
  for (const auto& input : inputs_) {
    result_.left_out += input->left_out();
    const auto warnings = input->warnings();
    result_.warnings.insert(result_.warnings.begin(), warnings.begin(), warnings.end());
  }
  return std::move(result_);
}

}  // namespace

Result<MergeResult> run_merge(const MergeOptions& options) {
  struct stat out {};
  if (::stat(options.output.c_str(), &out) == 0) {
    for (const std::string& path : options.inputs) {
      struct stat in {};
      if (::stat(path.c_str(), &in) == 0 && in.st_dev == out.st_dev && in.st_ino == out.st_ino) {
        return fail("'" + options.output + "' is one of the recordings to merge",
                    "name another file with -o", 2);
      }
    }
    if (!options.force) {
      return fail("'" + options.output + "' is there already", "-f writes over it", 2);
    }
  }
  Merge merge;
  if (auto done = merge.open(options.inputs); !done) {
    return tl::unexpected(std::move(done.error()));
  }
  return merge.write(options.output);
}

}  // namespace prof
