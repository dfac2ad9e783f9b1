// Payloads of the header's feature sections, as tools/perf/util/header.c lays them out.
#include "common/byte_writer.h"
#include "perfdata/encode.h"
#include "perfdata/features.h"

namespace prof {

namespace {

using Payload = std::optional<std::vector<std::byte>>;

/// u32 length, text, zeros: perf rounds the length up to 64, with at least one zero.
void put_string(ByteWriter& out, std::string_view text) {
  constexpr size_t kAlignment = 64;
  const size_t length = (text.size() + 1 + kAlignment - 1) / kAlignment * kAlignment;
  out.u32(static_cast<uint32_t>(length)).text(text).zeros(length - text.size());
}

void put_strings(ByteWriter& out, const std::vector<std::string>& list) {
  out.u32(static_cast<uint32_t>(list.size()));
  for (const std::string& text : list) put_string(out, text);
}

Payload encode_string(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  ByteWriter out;
  put_string(out, *text);
  return out.take();
}

Payload encode_build_ids(const std::vector<BuildIdEntry>& entries) {
  if (entries.empty()) return std::nullopt;
  ByteWriter out;
  for (const BuildIdEntry& entry : entries) {
    ByteWriter name;
    name.text(entry.filename).u8(0).align(64);
    const size_t size = kRecordHeaderSize + 4 + 24 + name.size();
    if (size > kMaxRecordSize) continue;  // no path is that long
    out.u32(0).u16(static_cast<uint16_t>(entry.misc | kMiscBuildIdSize));
    out.u16(static_cast<uint16_t>(size)).put(entry.pid);
    out.bytes(std::as_bytes(std::span(entry.build_id.bytes))).u8(entry.build_id.size).zeros(3);
    out.bytes(name.view());
  }
  return out.take();
}

Payload encode_event_desc(const std::vector<EventAttr>& events) {
  if (events.empty()) return std::nullopt;
  ByteWriter out;
  out.u32(static_cast<uint32_t>(events.size())).u32(kWrittenAttrSize);
  for (const EventAttr& event : events) {
    encode_attr(out, event.attr);
    out.u32(static_cast<uint32_t>(event.ids.size()));
    put_string(out, event.name);
    out.bytes(std::as_bytes(std::span(event.ids)));
  }
  return out.take();
}

Payload encode_cpu_topology(const std::optional<CpuTopology>& topology) {
  if (!topology) return std::nullopt;
  ByteWriter out;
  put_strings(out, topology->cores);
  put_strings(out, topology->threads);
  for (const auto& cpu : topology->cpus) out.u32(cpu.core).u32(cpu.socket);
  if (!topology->dies.empty()) {
    put_strings(out, topology->dies);
    for (const auto& cpu : topology->cpus) out.u32(cpu.die);
  }
  return out.take();
}

Payload encode_numa(const std::vector<NumaNode>& nodes) {
  if (nodes.empty()) return std::nullopt;
  ByteWriter out;
  out.u32(static_cast<uint32_t>(nodes.size()));
  for (const NumaNode& node : nodes) {
    out.u32(node.node).u64(node.total_kb).u64(node.free_kb);
    put_string(out, node.cpus);
  }
  return out.take();
}

Payload encode_pmu_mappings(const Features& features) {
  if (features.pmu_mappings.empty()) return std::nullopt;
  ByteWriter out;
  out.u32(static_cast<uint32_t>(features.pmu_mappings.size()));
  for (const auto& [type, name] : features.pmu_mappings) {
    out.u32(type);
    put_string(out, name);
  }
  return out.take();
}

Payload encode_groups(const std::vector<EventGroup>& groups) {
  if (groups.empty()) return std::nullopt;
  ByteWriter out;
  out.u32(static_cast<uint32_t>(groups.size()));
  for (const EventGroup& group : groups) {
    put_string(out, group.name);
    out.u32(group.leader).u32(group.members);
  }
  return out.take();
}

Payload encode_cmdline(const std::vector<std::string>& words) {
  if (words.empty()) return std::nullopt;
  ByteWriter out;
  put_strings(out, words);
  return out.take();
}

Payload encode_numbers(uint32_t bit, const Features& features) {
  ByteWriter out;
  switch (bit) {
    case kFeatureNrCpus:
      if (features.nr_cpus) out.u32(features.nr_cpus->first).u32(features.nr_cpus->second);
      break;
    case kFeatureTotalMem:
      if (features.total_mem_kb) out.u64(*features.total_mem_kb);
      break;
    case kFeatureSampleTime:
      if (features.sample_time)
        out.u64(features.sample_time->first).u64(features.sample_time->second);
      break;
    case kFeatureClockId:
      if (features.clock_resolution_ns) out.u64(*features.clock_resolution_ns);
      break;
    case kFeatureClockData:
      if (const auto& clock = features.clock_data) {
        out.u32(1).u32(clock->clock_id).u64(clock->wall_ns).u64(clock->clock_ns);
      }
      break;
    case kFeatureCompressed:
      if (const auto& c = features.compression) {
        out.u32(c->version).u32(c->type).u32(c->level).u32(c->ratio).u32(c->mmap_length);
      }
      break;
    case kFeatureTracingData:
      out.bytes(features.tracing_data);
      break;
    default:
      break;
  }
  if (out.size() == 0) return std::nullopt;
  return out.take();
}

}  // namespace

std::optional<std::vector<std::byte>> encode_feature(uint32_t bit, const Features& features) {
  switch (bit) {
    case kFeatureBuildId:
      return encode_build_ids(features.build_ids);
    case kFeatureHostname:
      return encode_string(features.hostname);
    case kFeatureOsRelease:
      return encode_string(features.os_release);
    case kFeatureVersion:
      return encode_string(features.version);
    case kFeatureArch:
      return encode_string(features.arch);
    case kFeatureCpuDesc:
      return encode_string(features.cpu_desc);
    case kFeatureCpuId:
      return encode_string(features.cpu_id);
    case kFeatureCmdline:
      return encode_cmdline(features.cmdline);
    case kFeatureEventDesc:
      return encode_event_desc(features.event_desc);
    case kFeatureCpuTopology:
      return encode_cpu_topology(features.cpu_topology);
    case kFeatureNumaTopology:
      return encode_numa(features.numa);
    case kFeaturePmuMappings:
      return encode_pmu_mappings(features);
    case kFeatureGroupDesc:
      return encode_groups(features.groups);
    case kFeatureBranchStack:  // says so by being there
      if (!features.has_branch_stack) return std::nullopt;
      return std::vector<std::byte>();
    default:
      return encode_numbers(bit, features);
  }
}

}  // namespace prof
