// Writes the seed recordings of fuzz_perf_data into a folder: small, and together they reach every
// record type and feature the decoders know.
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "support/perf_data_builder.h"

using namespace prof;
using namespace prof::test;

namespace {

void life_of_a_process(PerfDataBuilder& b) {
  MmapSpec kernel;
  kernel.pid = UINT32_MAX;
  kernel.start = 0xffffffff81000000;
  kernel.length = 0x1000000;
  kernel.page_offset = 0xffffffff81000000;
  kernel.filename = "[kernel.kallsyms]_text";
  kernel.misc = PERF_RECORD_MISC_KERNEL;
  MmapSpec code;
  code.pid = code.tid = 11;
  code.start = 0x400000;
  code.length = 0x2000;
  code.filename = "/bin/demo";
  code.when = {11, 11, 1002, 0, 0};
  b.mmap(kernel).comm(11, 11, "sh", false, {11, 11, 1000, 0, 0});
  b.comm(11, 11, "demo", true, {11, 11, 1001, 0, 0}).mmap2(code);
  code.build_id = std::vector<std::byte>(20, std::byte{0xbd});
  code.start = 0x7f0000000000;
  code.filename = "/lib/libdemo.so";
  b.mmap2(code);
}

SampleSpec sample_at(uint64_t time, size_t event = 0) {
  SampleSpec s;
  s.event = event;
  s.pid = s.tid = 11;
  s.time = time;
  s.ip = 0x400123;
  s.callchain = {kContextKernel, 0xffffffff81000010, kContextUser, 0x400123, 0x400456};
  return s;
}

std::vector<std::byte> plain(PerfDataBuilder b) {
  b.attr();
  life_of_a_process(b);
  b.sample(sample_at(1010)).round().sample(sample_at(1005)).sample(sample_at(1020)).round();
  b.exit(11, 11, {11, 11, 1030, 0, 0}).event_desc();
  return b.bytes();
}

std::vector<std::byte> compressed(int version) {
  PerfDataBuilder b;
  b.attr().compressed(3, 50, version);
  life_of_a_process(b);
  b.sample(sample_at(1010)).round().sample(sample_at(1020)).round();
  return b.bytes();
}

std::vector<std::byte> two_events() {
  AttrSpec first;
  first.ids = {1, 2};
  AttrSpec second;
  second.ids = {3};
  second.name = "page-faults:u";
  second.attr.config = PERF_COUNT_SW_PAGE_FAULTS;
  PerfDataBuilder b;
  b.attr(first).attr(second).sample(sample_at(5)).sample(sample_at(6, 1)).event_desc();
  return b.bytes();
}

std::vector<std::byte> every_sample_field(PerfDataBuilder b) {
  AttrSpec spec;
  spec.ids = {7};
  spec.attr.sample_type = ((1u << 25) - 1) & ~uint64_t{PERF_SAMPLE_WEIGHT_STRUCT};
  spec.attr.read_format = PERF_FORMAT_GROUP | PERF_FORMAT_ID | kReadFormatLost;
  spec.attr.branch_sample_type = PERF_SAMPLE_BRANCH_HW_INDEX | 1u << 19;
  spec.attr.sample_regs_user = 3;
  spec.attr.sample_regs_intr = 1;
  SampleSpec s = sample_at(9);
  s.read = {1, 5, 7, 0};
  s.raw = "rawr";
  s.branches = {{1, 2, 3}};
  s.branch_counters = {4};
  s.user_abi = s.interrupt_abi = 2;
  s.user_registers = {1, 2};
  s.interrupt_registers = {3};
  s.user_stack = "stackstackstacks";
  s.aux = "auxauxau";
  b.attr(spec).sample(s);
  return b.bytes();
}

std::vector<std::byte> rare_records(PerfDataBuilder b) {
  const When when{11, 11, 50, 1, 0};
  b.attr().fork(12, 11, 12, 11, when).lost(0, 3, when).lost_samples(4, true, when);
  b.throttle(true, when).throttle(false, when).ksymbol(0xffffffffc0000000, 64, "bpf_prog", when);
  b.record(kRecordSwitch, kMiscSwitchOut, {}, when);
  b.record(kRecordSwitchCpuWide, 0, b.body().u32(1).u32(2).view(), when);
  b.record(kRecordNamespaces, 0, b.body().u32(1).u32(2).u64(1).words({3, 4}).view(), when);
  b.record(kRecordBpfEvent, 0, b.body().u16(1).u16(0).u32(1).u64(5).view(), when);
  b.record(kRecordCgroup, 0, b.body().u64(1).name("/slice").view(), when);
  b.record(kRecordRead, 0, b.body().u32(1).u32(2).u64(5).view(), when);
  b.record(kRecordAux, 0, b.body().words({1, 2, 1}).view(), when);
  b.record(kRecordIdIndex, 0, b.body().words({1, 1, 2, 3, 4}).view());
  b.record(kRecordThreadMap, 0, b.body().words({1, 11}).name("fifteen letters").view());
  b.record(kRecordCpuMap, 0, b.body().u16(0).u16(2).u16(0).u16(1).view());
  b.record(kRecordTimeConv, 0, b.body().words({1, 2, 3}).view());
  // 71 is followed by as many bytes as it says, outside of its own size; 66 likewise.
  b.record(kRecordAuxtrace, 0, b.body().words({16, 0, 0}).u32(0).u32(0).u32(0).u32(0).view());
  b.record(kRecordFinishedInit, 0, b.body().u64(0).view());
  b.record(4711, 0, b.body().u64(0).view());
  return b.bytes();
}

std::vector<std::byte> features(PerfDataBuilder b) {
  b.attr()
      .sample(sample_at(1))
      .event_desc()
      .feature(kFeatureHostname, "host")
      .feature(kFeatureArch, "x86_64");
  b.feature(kFeatureNrCpus, b.body().u32(2).u32(2).take());
  b.feature(kFeatureTotalMem, b.body().u64(1000).take());
  b.feature(kFeatureCmdline, b.body().u32(2).string("perf").string("record").take());
  b.feature(kFeatureCpuTopology, b.body()
                                     .u32(1)
                                     .string("0-1")
                                     .u32(1)
                                     .string("0-1")
                                     .words({0, 1})
                                     .u32(1)
                                     .string("0-1")
                                     .u32(0)
                                     .u32(0)
                                     .take());
  b.feature(kFeatureNumaTopology, b.body().u32(1).u32(0).u64(1).u64(2).string("0-1").take());
  b.feature(kFeaturePmuMappings, b.body().u32(1).u32(1).string("software").take());
  b.feature(kFeatureGroupDesc, b.body().u32(1).string("g").u32(0).u32(1).take());
  b.feature(kFeatureSampleTime, b.body().words({1, 2}).take());
  b.feature(kFeatureClockId, b.body().u64(1).take());
  b.feature(kFeatureClockData, b.body().u32(1).u32(4).words({1, 2}).take());
  b.feature(kFeatureBuildId,
            b.body().u32(67).u16(2).u16(44).u32(11).zeros(24).name("/bin/x").take());
  b.feature(200, b.body().u64(1).take());
  return b.bytes();
}

std::vector<std::byte> simpleperf(PerfDataBuilder b) {
  AttrSpec first, second;
  first.ids = {1};
  second.ids = {2};
  second.name = "second";
  b.attr(first).attr(second);
  life_of_a_process(b);
  b.record(kRecordDso, 0, b.body().words({2, 7, 0x1000}).name("/bin/demo").view());
  b.record(kRecordSymbol, 0, b.body().words({0x1000, 16, 7}).name("main").view());
  EndianWriter kallsyms = b.body();
  const std::string text = "ffffffff81000000 T _text\n";
  kallsyms.u32(kRecordKernelSymbol).u16(0).u16(static_cast<uint16_t>(12 + text.size()));
  kallsyms.u32(static_cast<uint32_t>(text.size())).text(text);
  b.record(kRecordSplit, 0, kallsyms.view().first(20));
  b.record(kRecordSplit, 0, kallsyms.view().subspan(20));
  b.record(kRecordSplitEnd, 0, {});
  b.record(kRecordEventId, 0, b.body().words({1, 1, 9}).view());
  b.record(kRecordTracingData, 0, b.body().u32(4).u32(7).view());
  b.sample(sample_at(5)).sample(sample_at(6, 1));
  b.feature(kFeatureMetaInfo,
            b.body().text(std::string_view("event_type_info\0cpu-cycles,0,0\0", 31)).take());
  PerfDataBuilder early;
  if (b.is_swapped()) early.swapped();
  b.feature(kFeatureInitMap, early.attr(first).comm(11, 11, "early").data());
  EndianWriter file = b.body();
  file.text("/bin/demo").zeros(1).u32(2).u64(0x1000).u32(1).u64(0x1100).u32(16);
  file.text("main").zeros(1).u64(0);
  b.feature(kFeatureFile,
            b.body().u32(static_cast<uint32_t>(file.size())).bytes(file.view()).take());
  return b.bytes();
}

/// FILE2: {path, type 2, min_vaddr, {symbol: address, length, name}, {ELF: offset}}.
std::vector<std::byte> simpleperf_protobuf() {
  const std::string message(
      "\x0a\x09/bin/"
      "demo\x10\x02\x18\x80\x20\x22\x0b\x08\x80\x22\x10\x10\x1a\x04main\x32\x02\x08\x00",
      33);
  PerfDataBuilder b;
  b.attr().sample(sample_at(5));
  const auto size = static_cast<uint32_t>(message.size());
  b.feature(kFeatureFile2, b.body().u32(size).text(message).take());
  return b.bytes();
}

std::vector<std::byte> joined(PerfDataBuilder b) {
  AttrSpec spec;
  spec.attr.sample_type |= PERF_SAMPLE_BRANCH_STACK;
  spec.attr.branch_sample_type = PERF_SAMPLE_BRANCH_CALL_STACK;
  set_attr_flags(spec.attr, attr_flags(spec.attr) | kAttrDeferCallchain | kAttrDeferOutput);
  SampleSpec sample = sample_at(5);
  sample.branches = {{1, 2, 3}, {4, 5, 6}};
  b.attr(spec).sample(sample);
  sample.callchain = {kContextUserDeferred, 3};
  b.sample(sample);
  b.record(kRecordCallchainDeferred, 0, b.body().words({3, 2, kContextUser, 0x400123}).view(),
           When{11, 11, 60, 0, 0});
  b.record(kRecordIdIndex, 0, b.body().words({1, 1, 2, 3, 4, 5, 6}).view());
  return b.bytes();
}

std::vector<std::byte> machine_features(PerfDataBuilder b) {
  b.attr().sample(sample_at(1));
  EndianWriter cache = b.body();
  cache.u32(1).u32(1).u32(2).u32(64).u32(512).u32(8).string("Data").string("32K").string("0");
  b.feature(kFeatureCache, cache.take());
  b.feature(kFeatureMemTopology, b.body().words({1, 0x8000000, 1, 3, 70, 70, 0xff, 0x3f}).take());
  b.feature(kFeatureHybridTopology, b.body().u32(1).string("cpu_core").string("0").take());
  b.feature(kFeatureBpfProgInfo, b.body()
                                     .u32(1)
                                     .u32(192)
                                     .u32(12)
                                     .u64(0)
                                     .zeros(104)
                                     .u32(1)
                                     .u32(1)
                                     .words({0, 8})
                                     .zeros(64)
                                     .u64(1)
                                     .u32(2)
                                     .take());
  b.feature(kFeatureBpfBtf, b.body().u32(1).u32(7).u32(4).u32(0).take());
  b.feature(kFeatureDirFormat, b.body().u64(1).take());
  b.feature(kFeatureEMachine, b.body().u32(62).u32(0).take());
  b.feature(kFeatureClnSize, b.body().u32(64).take());
  return b.bytes();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  std::filesystem::create_directories(folder);
  const auto write = [&folder](const char* name, const std::vector<std::byte>& bytes) {
    std::ofstream file(folder / name, std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<long>(bytes.size()));
  };
  write("plain", plain({}));
  write("plain-swapped", plain(PerfDataBuilder().swapped()));
  write("pipe", plain(PerfDataBuilder().pipe()));
  write("pipe-swapped", plain(PerfDataBuilder().pipe().swapped()));
  write("compressed", compressed(1));
  write("compressed2", compressed(2));
  write("two-events", two_events());
  write("every-sample-field", every_sample_field({}));
  write("every-sample-field-swapped", every_sample_field(PerfDataBuilder().swapped()));
  write("rare-records", rare_records({}));
  write("rare-records-swapped", rare_records(PerfDataBuilder().swapped()));
  write("features", features({}));
  write("features-pipe", features(PerfDataBuilder().pipe()));
  write("simpleperf", simpleperf({}));
  write("simpleperf-swapped", simpleperf(PerfDataBuilder().swapped()));
  write("simpleperf-protobuf", simpleperf_protobuf());
  write("joined", joined({}));
  write("joined-swapped", joined(PerfDataBuilder().swapped()));
  write("machine-features", machine_features({}));
  return 0;
}
