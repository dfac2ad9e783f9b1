#include <catch2/catch.hpp>

#include "perfdata/features.h"
#include "support/perf_data_builder.h"

using namespace prof;
using prof::test::AttrSpec;
using prof::test::EndianWriter;

namespace {

/// Decodes the payload, and every shorter one for the sake of bounds: those may fail, or be an
/// older and shorter form, but never give more than the whole.
Features decoded(uint32_t bit, EndianWriter& payload, Features features = {}) {
  const auto bytes = payload.take();
  for (size_t size = 0; size < bytes.size(); ++size) {
    const std::vector<std::byte> cut(bytes.begin(), bytes.begin() + static_cast<long>(size));
    Features partial = features;
    (void)decode_feature(bit, ByteReader(cut, payload.swapped()), partial);
  }
  REQUIRE(decode_feature(bit, ByteReader(bytes, payload.swapped()), features));
  return features;
}

}  // namespace

TEST_CASE("string features come back without their padding") {
  EndianWriter out(GENERATE(false, true));
  out.string("6.1.0-18-amd64");
  const uint32_t bit =
      GENERATE(uint32_t{kFeatureHostname}, uint32_t{kFeatureOsRelease}, uint32_t{kFeatureVersion},
               uint32_t{kFeatureArch}, uint32_t{kFeatureCpuDesc}, uint32_t{kFeatureCpuId});
  const Features f = decoded(bit, out);
  for (const auto* text :
       {&f.hostname, &f.os_release, &f.version, &f.arch, &f.cpu_desc, &f.cpu_id}) {
    if (*text) CHECK(**text == "6.1.0-18-amd64");
  }
  const int set = f.hostname.has_value() + f.os_release.has_value() + f.version.has_value() +
                  f.arch.has_value() + f.cpu_desc.has_value() + f.cpu_id.has_value();
  CHECK(set == 1);
}

TEST_CASE("numbers of the machine and the run come back") {
  const bool swap = GENERATE(false, true);
  EndianWriter out(swap);
  SECTION("available CPUs come before those online") {
    out.u32(8).u32(4);
    CHECK(decoded(kFeatureNrCpus, out).nr_cpus == std::pair<uint32_t, uint32_t>(8, 4));
  }
  SECTION("memory") {
    out.u64(16'000'000);
    CHECK(decoded(kFeatureTotalMem, out).total_mem_kb == 16'000'000);
  }
  SECTION("first and last sample") {
    out.u64(100).u64(200);
    CHECK(decoded(kFeatureSampleTime, out).sample_time == std::pair<uint64_t, uint64_t>(100, 200));
  }
  SECTION("clock resolution") {
    out.u64(1);
    CHECK(decoded(kFeatureClockId, out).clock_resolution_ns == 1);
  }
  SECTION("clock data") {
    out.u32(1).u32(4).u64(1'700'000'000'000'000'000).u64(5);
    const auto clock = decoded(kFeatureClockData, out).clock_data;
    REQUIRE(clock);
    CHECK(clock->clock_id == 4);
    CHECK(clock->wall_ns == 1'700'000'000'000'000'000);
    CHECK(clock->clock_ns == 5);
  }
  SECTION("compression") {
    out.u32(1).u32(1).u32(3).u32(9).u32(528384);
    const auto info = decoded(kFeatureCompressed, out).compression;
    REQUIRE(info);
    CHECK(info->level == 3);
    CHECK(info->ratio == 9);
    CHECK(info->mmap_length == 528384);
  }
  SECTION("flags") {
    CHECK(decoded(kFeatureBranchStack, out).has_branch_stack);
    CHECK(decoded(kFeatureStat, out).is_stat);
    CHECK(decoded(kFeatureDirFormat, out).is_directory);
  }
}

TEST_CASE("the command line is a list of strings") {
  EndianWriter out(GENERATE(false, true));
  out.u32(3).string("/usr/bin/perf").string("record").string("-ag");
  CHECK(decoded(kFeatureCmdline, out).cmdline ==
        std::vector<std::string>{"/usr/bin/perf", "record", "-ag"});
}

TEST_CASE("the event description carries names and ids") {
  EndianWriter out(GENERATE(false, true));
  AttrSpec spec;
  out.u32(2).u32(136);
  out.attr(spec.attr, 136).u32(2).string("cpu-clock").u64(1).u64(2);
  spec.attr.config = PERF_COUNT_SW_PAGE_FAULTS;
  out.attr(spec.attr, 136).u32(1).string("page-faults:u").u64(3);
  const auto events = decoded(kFeatureEventDesc, out).event_desc;
  REQUIRE(events.size() == 2);
  CHECK(events[0].name == "cpu-clock");
  CHECK(events[0].ids == std::vector<uint64_t>{1, 2});
  CHECK(events[1].name == "page-faults:u");
  CHECK(events[1].attr.config == PERF_COUNT_SW_PAGE_FAULTS);
  CHECK(events[1].recorded_size == 136);
}

TEST_CASE("the build-id table has ids of their true length or of twenty bytes") {
  EndianWriter out(GENERATE(false, true));
  const auto entry = [&out](uint16_t misc, std::string_view name) {
    const size_t padded = (name.size() + 1 + 63) / 64 * 64;
    out.u32(kRecordHeaderBuildId).u16(misc).u16(static_cast<uint16_t>(8 + 4 + 24 + padded));
    out.u32(static_cast<uint32_t>(-1)).text("ABCDEFGHIJKLMNOPQRST").u8(16).zeros(3);
    out.text(name).zeros(padded - name.size());
  };
  entry(1, "[kernel.kallsyms]");
  entry(2 | kMiscBuildIdSize, "/usr/bin/true");
  const auto ids = decoded(kFeatureBuildId, out).build_ids;
  REQUIRE(ids.size() == 2);
  CHECK(ids[0].misc == 1);
  CHECK(ids[0].pid == -1);
  CHECK(ids[0].build_id.size == 20);
  CHECK(ids[0].filename == "[kernel.kallsyms]");
  CHECK(ids[1].build_id.size == 16);
  CHECK(ids[1].filename == "/usr/bin/true");
}

TEST_CASE("topology grew by dies: older files just end before") {
  Features features;
  features.nr_cpus = {2, 2};
  EndianWriter out(GENERATE(false, true));
  out.u32(1).string("0-1").u32(2).string("0").string("1");
  const bool dies = GENERATE(false, true);
  out.u32(0).u32(0).u32(1).u32(0);
  if (dies) out.u32(1).string("0-1").u32(5).u32(6);
  const auto topology = decoded(kFeatureCpuTopology, out, features).cpu_topology;
  REQUIRE(topology);
  CHECK(topology->cores == std::vector<std::string>{"0-1"});
  CHECK(topology->threads.size() == 2);
  REQUIRE(topology->cpus.size() == 2);
  CHECK(topology->cpus[1].core == 1);
  CHECK(topology->dies.size() == (dies ? 1 : 0));
  CHECK(topology->cpus[1].die == (dies ? 6 : 0));
}

TEST_CASE("lists of nodes, PMUs and groups come back") {
  EndianWriter out(GENERATE(false, true));
  SECTION("NUMA") {
    out.u32(1).u32(0).u64(16'000'000).u64(8'000'000).string("0-3");
    const auto nodes = decoded(kFeatureNumaTopology, out).numa;
    REQUIRE(nodes.size() == 1);
    CHECK(nodes[0].free_kb == 8'000'000);
    CHECK(nodes[0].cpus == "0-3");
  }
  SECTION("PMUs") {
    out.u32(2).u32(1).string("software").u32(4).string("cpu");
    CHECK(decoded(kFeaturePmuMappings, out).pmu_mappings ==
          std::vector<std::pair<uint32_t, std::string>>{{1, "software"}, {4, "cpu"}});
  }
  SECTION("groups") {
    out.u32(1).string("{anon group}").u32(0).u32(2);
    const auto groups = decoded(kFeatureGroupDesc, out).groups;
    REQUIRE(groups.size() == 1);
    CHECK(groups[0].name == "{anon group}");
    CHECK(groups[0].members == 2);
  }
  SECTION("tracing data is kept as it is") {
    out.text("\x17\x08\x44tracing");
    CHECK(decoded(kFeatureTracingData, out).tracing_data.size() == 10);
  }
}

TEST_CASE("a feature's payload may be longer than known") {
  EndianWriter out;
  out.u32(8).u32(4).u64(0xffff);
  CHECK(decoded(kFeatureNrCpus, out).nr_cpus.has_value());
}

TEST_CASE("a feature that is too short is an error and leaves its field absent") {
  const auto short_of = [](uint32_t bit, EndianWriter& out) {
    const auto bytes = out.take();
    Features features;
    const auto done = decode_feature(bit, ByteReader(bytes), features);
    REQUIRE_FALSE(done);
    CHECK(done.error().message.find("too short or damaged") != std::string::npos);
    return features;
  };
  EndianWriter out;
  CHECK_FALSE(short_of(kFeatureNrCpus, out.u32(1)).nr_cpus);
  CHECK_FALSE(short_of(kFeatureHostname, out.u32(9).u32(1)).hostname);
  CHECK(short_of(kFeatureCmdline, out.u32(UINT32_MAX).string("a")).cmdline.empty());
  CHECK(short_of(kFeatureEventDesc, out.u32(UINT32_MAX).u32(128).zeros(64)).event_desc.empty());
  CHECK(short_of(kFeatureEventDesc, out.u32(1).u32(UINT32_MAX).zeros(64)).event_desc.empty());
  CHECK(short_of(kFeatureBuildId, out.u32(67).u16(0).u16(7).zeros(64)).build_ids.empty());
  CHECK(short_of(kFeatureBuildId, out.u32(67).u16(0).u16(100).zeros(64)).build_ids.empty());
  CHECK(short_of(kFeatureNumaTopology, out.u32(UINT32_MAX).zeros(64)).numa.empty());
  CHECK(short_of(kFeaturePmuMappings, out.u32(100).zeros(64)).pmu_mappings.empty());
}

TEST_CASE("features prof does not know are noted and skipped") {
  Features features;
  const auto bytes = EndianWriter().u64(1).take();
  REQUIRE(decode_feature(201, ByteReader(bytes), features));
  REQUIRE(decode_feature(36, ByteReader(bytes), features));
  CHECK(features.undecoded == std::vector<uint32_t>{201, 36});
}

TEST_CASE("a machine's caches, memory and hybrid PMUs come back in either byte order") {
  const bool swap = GENERATE(false, true);
  Features features;
  const auto decode = [&](uint32_t bit, const EndianWriter& out) {
    REQUIRE(decode_feature(bit, ByteReader(out.view(), swap), features));
  };
  EndianWriter cache(swap), memory(swap), hybrid(swap), machine(swap), line(swap);
  cache.u32(1).u32(1).u32(2).u32(64).u32(512).u32(8);
  decode(kFeatureCache, cache.string("Unified").string("256K").string("0-1"));
  REQUIRE(features.caches.size() == 1);
  CHECK(features.caches[0].level == 2);
  CHECK(features.caches[0].ways == 8);
  CHECK(features.caches[0].cpus == "0-1");
  decode(kFeatureMemTopology, memory.words({1, 0x8000000, 1, 3, 70, 70, 0xff, 0x3f}));
  REQUIRE(features.memory);
  CHECK(features.memory->block_size == 0x8000000);
  REQUIRE(features.memory->nodes.size() == 1);
  CHECK(features.memory->nodes[0].node == 3);
  CHECK(features.memory->nodes[0].blocks == std::vector<uint64_t>{0xff, 0x3f});
  decode(kFeatureHybridTopology, hybrid.u32(1).string("cpu_core").string("0-7"));
  REQUIRE(features.hybrid.size() == 1);
  CHECK(features.hybrid[0].first == "cpu_core");
  decode(kFeatureEMachine, machine.u32(62).u32(0));
  CHECK(features.e_machine == std::pair(62u, 0u));
  decode(kFeatureClnSize, line.u32(64));
  CHECK(features.cache_line_size == 64u);
}

TEST_CASE("BPF programs come back with their functions") {
  EndianWriter info, all;
  info.u32(6).u32(42).text("TAGTAGTA").zeros(48).text("prog").zeros(12).zeros(24);
  info.u32(2).u32(2).u64(0).u64(16).zeros(56).u64(24);
  CHECK(info.size() == 192);
  all.u32(1).u32(192).u32(40).u64(0).bytes(info.view());
  all.words({0xffffffffc0000000, 0xffffffffc0001000}).u32(61).u32(99).text("AAAAAAAABBBBBBBB");
  Features features;
  REQUIRE(decode_feature(kFeatureBpfProgInfo, ByteReader(all.view()), features));
  REQUIRE(features.bpf_programs.size() == 1);
  const BpfProgram& program = features.bpf_programs[0];
  CHECK(program.id == 42);
  CHECK(program.name == "prog");
  REQUIRE(program.functions.size() == 2);
  CHECK(program.functions[1].address == 0xffffffffc0001000);
  CHECK(program.functions[1].size == 99);
  CHECK(program.functions[1].tag == "4242424242424242");
}

TEST_CASE("what the machine's features count cannot be more than there is") {
  Features features;
  for (const uint32_t bit :
       {uint32_t{kFeatureCache}, uint32_t{kFeatureMemTopology}, uint32_t{kFeatureHybridTopology},
        uint32_t{kFeatureBpfProgInfo}, uint32_t{kFeatureBpfBtf}}) {
    const auto bytes = std::vector<std::byte>(40, std::byte{0xff});
    CHECK_FALSE(decode_feature(bit, ByteReader(bytes), features));
  }
  CHECK(features.caches.empty());
  CHECK_FALSE(features.memory);
}
