#include "report/machine_text.h"

#include <fmt/format.h>

#include <bit>

namespace prof {

namespace {

std::string topology_text(const CpuTopology& topology) {
  std::string out;
  const bool dies = !topology.dies.empty();
  for (const std::string& list : topology.cores) {
    out += fmt::format("# sibling sockets : {}\n", list);
  }
  for (const std::string& list : topology.dies)
    out += fmt::format("# sibling dies    : {}\n", list);
  for (const std::string& list : topology.threads) {
    out += fmt::format("# sibling threads : {}\n", list);
  }
  if (topology.cpus.empty()) {
    out += dies ? "# Core ID, Die ID and Socket ID information is not available\n"
                : "# Core ID and Socket ID information is not available\n";
  }
  for (size_t i = 0; i < topology.cpus.size(); ++i) {
    const auto& cpu = topology.cpus[i];
    const std::string die = dies ? fmt::format(" Die ID {},", cpu.die) : "";
    out += fmt::format("# CPU {}: Core ID {},{} Socket ID {}\n", i, cpu.core, die, cpu.socket);
  }
  return out;
}

std::string numa_text(const std::vector<NumaNode>& nodes) {
  std::string out;
  for (const NumaNode& node : nodes) {
    out += fmt::format("# node{} meminfo  : total = {} kB, free = {} kB\n", node.node,
                       node.total_kb, node.free_kb);
    out += fmt::format("# node{} cpu list : {}\n", node.node, node.cpus);
  }
  return out;
}

std::string cache_text(const std::vector<CacheLevel>& caches) {
  std::string out = "# CPU cache info:\n";
  for (const CacheLevel& cache : caches) {
    out +=
        fmt::format("#  L{} {:<15} {:>8} [{}]\n", cache.level, cache.type, cache.size, cache.cpus);
  }
  return out;
}

/// "24G": as long as more than one of the next unit would be left.
std::string rounded_size(uint64_t bytes) {
  constexpr std::string_view kUnits = "BKMG";
  size_t unit = 0;
  for (; unit + 1 < kUnits.size() && bytes / 1024 > 1; ++unit) bytes /= 1024;
  return fmt::format("{}{}", bytes, kUnits[unit]);
}

/// "0-23,32-199".
std::string ranges_of(const MemoryTopology::Node& node) {
  const auto is_set = [&](uint64_t bit) {
    return bit < node.bits && (node.blocks[bit / 64] >> (bit % 64) & 1) != 0;
  };
  std::string out;
  for (uint64_t bit = 0; bit < node.bits; ++bit) {
    if (!is_set(bit)) continue;
    const uint64_t first = bit;
    while (is_set(bit + 1)) ++bit;
    out += fmt::format("{}{}", out.empty() ? "" : ",", first);
    if (bit != first) out += fmt::format("-{}", bit);
  }
  return out;
}

std::string memory_text(const MemoryTopology& memory) {
  std::string out = fmt::format("# memory nodes (nr {}, block size 0x{:x}):\n", memory.nodes.size(),
                                memory.block_size);
  for (const auto& node : memory.nodes) {
    uint64_t blocks = 0;
    for (const uint64_t word : node.blocks) blocks += static_cast<uint64_t>(std::popcount(word));
    out += fmt::format("#  {:3} [{}]: {}\n", node.node, rounded_size(blocks * memory.block_size),
                       ranges_of(node));
  }
  return out;
}

std::string hybrid_text(const Features& features) {
  std::string out = "# hybrid cpu system:\n";
  for (const auto& [pmu, cpus] : features.hybrid) {
    out += fmt::format("# {} cpu list : {}\n", pmu, cpus);
  }
  return out;
}

std::string function_text(const BpfProgram& program, const BpfProgram::Function& function) {
  const std::string name = program.functions.size() > 1 ? "F" : program.name;
  return fmt::format("bpf_prog_{}{}{} addr 0x{:x} size {}\n", function.tag, name.empty() ? "" : "_",
                     name, function.address, function.size);
}

}  // namespace

std::string machine_text(uint32_t bit, const Features& features) {
  switch (bit) {
    case kFeatureCpuTopology:
      return features.cpu_topology ? topology_text(*features.cpu_topology) : "";
    case kFeatureNumaTopology:
      return numa_text(features.numa);
    case kFeatureCache:
      return cache_text(features.caches);
    case kFeatureMemTopology:
      return features.memory ? memory_text(*features.memory) : "";
    case kFeatureHybridTopology:
      return hybrid_text(features);
    default:
      return {};
  }
}

std::string bpf_text(const Features& features) {
  std::string out;
  for (const BpfProgram& program : features.bpf_programs) {
    if (program.functions.empty()) continue;
    out += fmt::format("# bpf_prog_info {}:", program.id);
    if (program.functions.size() == 1) {
      out += " " + function_text(program, program.functions[0]);
      continue;
    }
    out += "\n";
    for (size_t i = 0; i < program.functions.size(); ++i) {
      out += fmt::format("# \tsub_prog {}: ", i) + function_text(program, program.functions[i]);
    }
  }
  return out;
}

}  // namespace prof
