// Payloads of header features (perf.data-file-format.txt of the kernel's tools/perf; where that and
// perf's writer differ, as for NRCPUS and CMDLINE, the writer is followed).
#include <fmt/core.h>

#include "perfdata/build_id_record.h"
#include "perfdata/features.h"
#include "perfdata/machine_features.h"

namespace prof {

namespace {

std::vector<std::string> read_strings(ByteReader& in) {
  std::vector<std::string> out(read_count(in, 4));
  for (std::string& text : out) text = read_string(in);
  return out;
}

std::vector<BuildIdEntry> read_build_ids(ByteReader& in) {
  std::vector<BuildIdEntry> out;
  while (!in.at_end() && in.ok()) {
    in.skip(4);  // type: 0 or BUILD_ID, by the writer's age
    const uint16_t misc = in.u16();
    const uint16_t size = in.u16();
    if (size < kRecordHeaderSize) {
      in.skip(UINT64_MAX);
      break;
    }
    ByteReader body(in.bytes(size - kRecordHeaderSize), in.swapped());
    const BuildIdRecord record = read_build_id_record(body, misc);
    if (!body.ok()) in.skip(UINT64_MAX);
    out.push_back({misc, record.pid, record.build_id, std::string(record.filename)});
  }
  return out;
}

std::vector<EventAttr> read_event_desc(ByteReader& in) {
  std::vector<EventAttr> out;
  const uint32_t count = in.u32();
  const uint32_t attr_size = in.u32();
  for (uint32_t i = 0; i < count && in.ok(); ++i) {
    ByteReader attr_bytes(in.bytes(attr_size), in.swapped());
    auto event = decode_attr(attr_bytes, attr_size);
    if (!event) {
      in.skip(UINT64_MAX);
      break;
    }
    const uint32_t ids = in.u32();
    event->name = read_string(in);
    if (ids > in.remaining() / 8) {
      in.skip(UINT64_MAX);
      break;
    }
    event->ids.resize(ids);
    for (uint64_t& id : event->ids) id = in.u64();
    out.push_back(std::move(*event));
  }
  return out;
}

/// Sibling lists, then {core, socket} of each available CPU. Dies were added at the end in 5.3, the
/// CPUs in 4.0: older files just end before.
CpuTopology read_cpu_topology(ByteReader& in, uint32_t cpus) {
  CpuTopology out;
  out.cores = read_strings(in);
  out.threads = read_strings(in);
  if (!in.ok() || in.remaining() / 8 < cpus) return out;
  out.cpus.resize(cpus);
  for (auto& cpu : out.cpus) {
    cpu.core = in.u32();
    cpu.socket = in.u32();
  }
  if (in.at_end()) return out;
  out.dies = read_strings(in);
  for (auto& cpu : out.cpus) cpu.die = in.u32();
  return out;
}

std::vector<std::pair<uint32_t, std::string>> read_pmu_mappings(ByteReader& in) {
  std::vector<std::pair<uint32_t, std::string>> out(read_count(in, 8));
  for (auto& [type, name] : out) {
    type = in.u32();
    name = read_string(in);
  }
  return out;
}

std::vector<EventGroup> read_groups(ByteReader& in) {
  std::vector<EventGroup> out(read_count(in, 12));
  for (EventGroup& group : out) {
    group.name = read_string(in);
    group.leader = in.u32();
    group.members = in.u32();
  }
  return out;
}

PmuCapabilities read_pmu_capabilities(ByteReader& in, bool of_cpu) {
  PmuCapabilities out;
  out.from_cpu_feature = of_cpu;
  out.values.resize(read_count(in, 8));
  for (auto& [name, value] : out.values) {
    name = read_string(in);
    value = read_string(in);
  }
  out.pmu = of_cpu ? "cpu" : read_string(in);
  return out;
}

/// Adds to what is there: a recording may have both features.
void read_all_capabilities(ByteReader& in, bool of_cpu, std::vector<PmuCapabilities>& out) {
  const uint32_t count = of_cpu ? 1 : read_count(in, 8);
  for (uint32_t i = 0; i < count && in.ok(); ++i) {
    auto one = read_pmu_capabilities(in, of_cpu);
    if (in.ok()) out.push_back(std::move(one));
  }
}

CompressionInfo read_compression(ByteReader& in) {
  CompressionInfo out;
  out.version = in.u32();
  out.type = in.u32();
  out.level = in.u32();
  out.ratio = in.u32();
  out.mmap_length = in.u32();
  return out;
}

ClockData read_clock_data(ByteReader& in) {
  ClockData out;
  in.skip(4);  // version, 1 so far
  out.clock_id = in.u32();
  out.wall_ns = in.u64();
  out.clock_ns = in.u64();
  return out;
}

std::vector<std::byte> read_all(ByteReader& in) {
  const auto bytes = in.bytes(in.remaining());
  return {bytes.begin(), bytes.end()};
}

/// simpleperf's META_INFO: key, NUL, value, NUL, and so on.
std::vector<std::pair<std::string, std::string>> read_meta_info(ByteReader& in) {
  std::vector<std::pair<std::string, std::string>> out;
  while (!in.at_end()) {
    const std::string_view key = in.c_string();
    out.emplace_back(key, in.c_string());
  }
  return out;
}

template <class T>
std::pair<T, T> read_pair(ByteReader& in) {
  const T first = in.get<T>();
  return {first, in.get<T>()};
}

/// Puts what was read into its field only if all of it was there.
template <class Field, class Value>
void keep(const ByteReader& in, Field& field, Value value) {
  if (in.ok()) field = std::move(value);
}

/// False for a feature that prof has no use for or does not know.
bool read_feature(uint32_t bit, ByteReader& in, Features& out) {
  if (read_machine_feature(bit, in, out)) return true;
  switch (bit) {
    case kFeatureTracingData:
      keep(in, out.tracing_data, read_all(in));
      return true;
    case kFeatureBuildId:
      keep(in, out.build_ids, read_build_ids(in));
      return true;
    case kFeatureHostname:
      keep(in, out.hostname, read_string(in));
      return true;
    case kFeatureOsRelease:
      keep(in, out.os_release, read_string(in));
      return true;
    case kFeatureVersion:
      keep(in, out.version, read_string(in));
      return true;
    case kFeatureArch:
      keep(in, out.arch, read_string(in));
      return true;
    case kFeatureNrCpus:
      keep(in, out.nr_cpus, read_pair<uint32_t>(in));
      return true;
    case kFeatureCpuDesc:
      keep(in, out.cpu_desc, read_string(in));
      return true;
    case kFeatureCpuId:
      keep(in, out.cpu_id, read_string(in));
      return true;
    case kFeatureTotalMem:
      keep(in, out.total_mem_kb, in.u64());
      return true;
    case kFeatureCmdline:
      keep(in, out.cmdline, read_strings(in));
      return true;
    case kFeatureEventDesc:
      keep(in, out.event_desc, read_event_desc(in));
      return true;
    case kFeatureCpuTopology: {
      const uint32_t cpus = out.nr_cpus ? out.nr_cpus->first : 0;
      keep(in, out.cpu_topology, read_cpu_topology(in, cpus));
      return true;
    }
    case kFeatureBranchStack:
      out.has_branch_stack = true;
      return true;
    case kFeaturePmuMappings:
      keep(in, out.pmu_mappings, read_pmu_mappings(in));
      return true;
    case kFeatureGroupDesc:
      keep(in, out.groups, read_groups(in));
      return true;
    case kFeatureStat:
      out.is_stat = true;
      return true;
    case kFeatureSampleTime:
      keep(in, out.sample_time, read_pair<uint64_t>(in));
      return true;
    case kFeatureClockId:
      keep(in, out.clock_resolution_ns, in.u64());
      return true;
    case kFeatureDirFormat:
      out.is_directory = true;
      if (!in.at_end()) keep(in, out.directory_version, in.u64());
      return true;
    case kFeatureCompressed:
      keep(in, out.compression, read_compression(in));
      return true;
    case kFeatureClockData:
      keep(in, out.clock_data, read_clock_data(in));
      return true;
    case kFeatureCpuPmuCaps:
      read_all_capabilities(in, true, out.pmu_capabilities);
      return true;
    case kFeaturePmuCaps:
      read_all_capabilities(in, false, out.pmu_capabilities);
      return true;
    case kFeatureEmbedded:
      keep(in, out.embedded, read_all(in));
      return true;
    case kFeatureFile:
    case kFeatureFile2:
      keep(in, out.simpleperf_files, read_all(in));
      out.simpleperf_files2 = bit == kFeatureFile2;
      return true;
    case kFeatureMetaInfo:
      keep(in, out.meta_info, read_meta_info(in));
      return true;
    case kFeatureInitMap:  // records, which the reader walks before the others
      return true;
    default:
      return false;
  }
}

}  // namespace

Result<void> decode_feature(uint32_t bit, ByteReader payload, Features& features) {
  const size_t size = payload.remaining();
  if (!read_feature(bit, payload, features)) {
    features.undecoded.push_back(bit);
    return {};
  }
  if (!payload.ok()) {
    return fail(fmt::format("too short or damaged ({} bytes)", size));
  }
  return {};
}

}  // namespace prof
