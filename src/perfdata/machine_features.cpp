#include "perfdata/machine_features.h"

#include <fmt/format.h>

#include <iterator>

namespace prof {

namespace {

std::vector<NumaNode> read_numa(ByteReader& in) {
  std::vector<NumaNode> out(read_count(in, 24));
  for (NumaNode& node : out) {
    node.node = in.u32();
    node.total_kb = in.u64();
    node.free_kb = in.u64();
    node.cpus = read_string(in);
  }
  return out;
}

std::vector<CacheLevel> read_caches(ByteReader& in) {
  in.skip(sizeof(uint32_t));  // version, 1 so far
  std::vector<CacheLevel> out(read_count(in, 28));
  for (CacheLevel& cache : out) {
    cache.level = in.u32();
    cache.line_size = in.u32();
    cache.sets = in.u32();
    cache.ways = in.u32();
    cache.type = read_string(in);
    cache.size = read_string(in);
    cache.cpus = read_string(in);
  }
  return out;
}

/// A bitmap is {u64 bits, u64 for each 64 of them}.
MemoryTopology read_memory(ByteReader& in) {
  MemoryTopology out;
  in.skip(sizeof(uint64_t));  // version, 1 so far
  out.block_size = in.u64();
  const uint64_t count = in.u64();
  for (uint64_t i = 0; i < count && in.ok(); ++i) {
    MemoryTopology::Node node;
    node.node = in.u64();
    in.skip(sizeof(uint64_t));  // how many bits, again
    node.bits = in.u64();
    const uint64_t words = node.bits / 64 + (node.bits % 64 != 0);
    const U64View blocks(in.bytes(words > in.remaining() / 8 ? UINT64_MAX : words * 8),
                         in.swapped());
    for (size_t word = 0; word < blocks.size(); ++word) node.blocks.push_back(blocks[word]);
    out.nodes.push_back(std::move(node));
  }
  return out;
}

std::vector<std::pair<std::string, std::string>> read_hybrid(ByteReader& in) {
  std::vector<std::pair<std::string, std::string>> out(read_count(in, 8));
  for (auto& [pmu, cpus] : out) {
    pmu = read_string(in);
    cpus = read_string(in);
  }
  return out;
}

// Where the kernel's struct bpf_prog_info (include/uapi/linux/bpf.h) has what is wanted of it.
// Pointers in it are offsets in the data behind it.
enum InfoOffset : size_t {
  kInfoId = 4,
  kInfoTag = 8,
  kInfoName = 64,
  kInfoFunctions = 104,  // u32, and the same again for their sizes
  kInfoAddresses = 112,  // u64 each
  kInfoSizes = 120,      // u32 each
  kInfoTags = 184,       // 8 bytes each
};
constexpr size_t kTagSize = 8;
constexpr size_t kNameSize = 16;

ByteReader at(const ByteReader& in, uint64_t offset) {
  ByteReader out = in;
  out.skip(offset);
  return out;
}

std::string hex(std::span<const std::byte> bytes) {
  std::string out;
  for (const std::byte byte : bytes) out += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
  return out;
}

BpfProgram read_bpf_program(const ByteReader& info, const ByteReader& data) {
  BpfProgram out;
  out.id = at(info, kInfoId).u32();
  const std::string tag = hex(at(info, kInfoTag).bytes(kTagSize));
  out.name = at(info, kInfoName).fixed_string(kNameSize);
  const uint32_t count = at(info, kInfoFunctions).u32();
  const uint64_t tags_at = at(info, kInfoTags).u64();
  ByteReader addresses = at(data, at(info, kInfoAddresses).u64());
  ByteReader sizes = at(data, at(info, kInfoSizes).u64());
  ByteReader tags = at(data, tags_at);
  for (uint32_t i = 0; i < count; ++i) {
    BpfProgram::Function function{tag, addresses.u64(), sizes.u32()};
    if (tags_at != 0) function.tag = hex(tags.bytes(kTagSize));
    if (!addresses.ok() || !sizes.ok()) break;
    out.functions.push_back(std::move(function));
  }
  return out;
}

/// Each is {u32 size of the info, u32 size of the data, u64 which arrays there are, info, data}
/// (tools/perf/util/bpf-utils.h, struct perf_bpil).
std::vector<BpfProgram> read_bpf_programs(ByteReader& in) {
  std::vector<BpfProgram> out;
  const uint32_t count = in.u32();
  for (uint32_t i = 0; i < count && in.ok(); ++i) {
    const uint32_t info_size = in.u32();
    const uint32_t data_size = in.u32();
    in.skip(sizeof(uint64_t));
    const ByteReader info(in.bytes(info_size), in.swapped());
    const ByteReader data(in.bytes(data_size), in.swapped());
    if (in.ok()) out.push_back(read_bpf_program(info, data));
  }
  return out;
}

std::vector<uint32_t> read_btf_ids(ByteReader& in) {
  std::vector<uint32_t> out;
  const uint32_t count = in.u32();
  for (uint32_t i = 0; i < count && in.ok(); ++i) {
    out.push_back(in.u32());
    in.skip(in.u32());
  }
  return out;
}

}  // namespace

bool read_machine_feature(uint32_t bit, ByteReader& in, Features& out) {
  const auto keep = [&in](auto& field, auto value) {
    if (in.ok()) field = std::move(value);
    return true;
  };
  switch (bit) {
    case kFeatureNumaTopology:
      return keep(out.numa, read_numa(in));
    case kFeatureCache:
      return keep(out.caches, read_caches(in));
    case kFeatureMemTopology:
      return keep(out.memory, read_memory(in));
    case kFeatureHybridTopology:
      return keep(out.hybrid, read_hybrid(in));
    case kFeatureBpfProgInfo:
      return keep(out.bpf_programs, read_bpf_programs(in));
    case kFeatureBpfBtf:
      return keep(out.btf_ids, read_btf_ids(in));
    case kFeatureEMachine: {
      const uint32_t machine = in.u32();
      return keep(out.e_machine, std::pair(machine, in.u32()));
    }
    case kFeatureClnSize:
      return keep(out.cache_line_size, in.u32());
    case kFeatureAuxtrace:  // where the trace lies, which is skipped
    case kFeatureCpuDomainInfo:
    case kFeatureDebugUnwind:
    case kFeatureDebugUnwindFile:
    case kFeatureEtmBranchList:
      return true;
    default:
      return false;
  }
}

}  // namespace prof
