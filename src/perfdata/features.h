// Features: what the header of a recording says about the machine and the run. Filled by the reader
// and by record; printed by `report --header`.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "common/build_id.h"
#include "common/result.h"
#include "perfdata/attr.h"
#include "perfdata/format.h"

namespace prof {

struct BuildIdEntry {
  uint16_t misc = 0;  // cpumode: 1 kernel, 2 user
  int32_t pid = -1;
  BuildId build_id;
  std::string filename;
};

struct CpuTopology {
  std::vector<std::string> cores, threads, dies;  // sibling lists, "0-1"
  struct Cpu {
    uint32_t core = 0, socket = 0, die = 0;
  };
  std::vector<Cpu> cpus;
};

struct NumaNode {
  uint32_t node = 0;
  uint64_t total_kb = 0, free_kb = 0;
  std::string cpus;
};

/// A cache of some CPUs: `type` is "Data", `size` "32K", `cpus` "0-1".
struct CacheLevel {
  uint32_t level = 0, line_size = 0, sets = 0, ways = 0;
  std::string type, size, cpus;
};

/// Which blocks of physical memory a NUMA node has: a bit for each.
struct MemoryTopology {
  struct Node {
    uint64_t node = 0, bits = 0;
    std::vector<uint64_t> blocks;  // 64 bits each, the lowest first
  };
  uint64_t block_size = 0;
  std::vector<Node> nodes;
};

/// A BPF program that was loaded, with its functions as the kernel had compiled them.
struct BpfProgram {
  struct Function {
    std::string tag;  // 16 hexadecimal digits
    uint64_t address = 0;
    uint32_t size = 0;
  };
  uint32_t id = 0;
  std::string name;  // up to 15 characters
  std::vector<Function> functions;
};

struct EventGroup {
  std::string name;
  uint32_t leader = 0, members = 0;
};

struct CompressionInfo {
  uint32_t version = 1, type = 1, level = 0, ratio = 0, mmap_length = 0;
};

struct ClockData {
  uint32_t clock_id = 0;
  uint64_t wall_ns = 0, clock_ns = 0;  // the same instant on both clocks
};

/// What a PMU can do, as the kernel lists it in sysfs: "max_precise" = "3".
struct PmuCapabilities {
  std::string pmu;
  bool from_cpu_feature = false;  // CPU_PMU_CAPS, which tells of the PMU "cpu" only
  std::vector<std::pair<std::string, std::string>> values;
};

/// Every field is absent when the file does not carry the feature.
struct Features {
  std::optional<std::string> hostname, os_release, version, arch, cpu_desc, cpu_id;
  std::optional<std::pair<uint32_t, uint32_t>> nr_cpus;  // available, online
  std::optional<uint64_t> total_mem_kb;
  std::vector<std::string> cmdline;
  std::vector<BuildIdEntry> build_ids;
  std::vector<EventAttr> event_desc;
  std::optional<CpuTopology> cpu_topology;
  std::vector<NumaNode> numa;
  std::vector<CacheLevel> caches;
  std::optional<MemoryTopology> memory;
  std::vector<std::pair<std::string, std::string>> hybrid;  // PMU, its CPUs
  std::vector<BpfProgram> bpf_programs;
  std::vector<uint32_t> btf_ids;
  std::optional<std::pair<uint32_t, uint32_t>> e_machine;  // of ELF, and e_flags
  std::optional<uint32_t> cache_line_size;
  std::vector<std::pair<uint32_t, std::string>> pmu_mappings;  // type, name
  std::vector<EventGroup> groups;
  std::vector<PmuCapabilities> pmu_capabilities;
  std::optional<std::pair<uint64_t, uint64_t>> sample_time;  // first, last, ns
  std::optional<uint64_t> clock_resolution_ns;               // CLOCKID
  std::optional<ClockData> clock_data;
  std::optional<CompressionInfo> compression;
  std::vector<std::byte> tracing_data;
  std::vector<std::byte> embedded;          // as report/embedded.h takes it
  std::vector<std::byte> simpleperf_files;  // FILE or FILE2, as simpleperf.h takes them
  bool simpleperf_files2 = false;           // they are those of FILE2
  std::vector<std::pair<std::string, std::string>> meta_info;  // of simpleperf: key, value
  bool is_stat = false;                                        // written by `perf stat record`
  bool is_directory = false;                                   // DIR_FORMAT
  uint64_t directory_version = 1;
  bool has_branch_stack = false;
  std::vector<uint32_t> present;    // every bit set in the file, ascending
  std::vector<uint32_t> undecoded;  // present, but unknown to prof: skipped by size
};

/// Decodes one feature's payload into `features`. A payload that is longer than known is fine; one
/// that is too short is an error, which a reader turns into a warning.
Result<void> decode_feature(uint32_t bit, ByteReader payload, Features& features);

/// The payload of `bit` for a file; nothing if `features` does not carry it.
std::optional<std::vector<std::byte>> encode_feature(uint32_t bit, const Features& features);

}  // namespace prof
