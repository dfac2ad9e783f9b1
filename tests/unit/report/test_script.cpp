#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "common/unique_fd.h"
#include "report/script.h"
#include "support/perf_data_builder.h"

using namespace prof;
using namespace prof::test;

namespace {

/// A recording on disk for as long as it lives.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::vector<std::byte>& bytes) {
    const UniqueFd fd(mkstemp(path_.data()));
    std::ofstream(path_, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<long>(bytes.size()));
  }
  ~TemporaryFile() { unlink(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  std::string path_ = "/tmp/prof-script-XXXXXX";
};

std::string script(PerfDataBuilder& builder, ScriptOptions options = {}) {
  const TemporaryFile file(builder.bytes());
  options.input.path = file.path();
  options.input.symbols.kallsyms_path = "/dev/null";
  const UniqueFd fd(memfd_create("out", MFD_CLOEXEC));
  Output out(fd.get());
  REQUIRE(run_script(options, out));
  REQUIRE(out.flush());
  std::string text(static_cast<size_t>(lseek(fd.get(), 0, SEEK_END)), '\0');
  REQUIRE(pread(fd.get(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
  return text;
}

/// A process "demo" of pid 11 with one mapping, /no/demo at 0x400000 from offset 0x1000.
PerfDataBuilder demo(AttrSpec attr = {}) {
  PerfDataBuilder builder;
  MmapSpec code;
  code.pid = code.tid = 11;
  code.start = 0x400000;
  code.length = 0x2000;
  code.page_offset = 0x1000;
  code.filename = "/no/demo";
  return builder.attr(std::move(attr)).comm(11, 11, "demo").mmap2(code);
}

SampleSpec sample_at(uint64_t time) {
  SampleSpec s;
  s.pid = s.tid = 11;
  s.cpu = 3;
  s.time = time;
  s.ip = 0x400123;
  s.period = 250;
  s.callchain = {kContextUser, 0x400123, 0x500456};
  return s;
}

AttrSpec without_chains() {
  AttrSpec attr;
  attr.attr.sample_type &= ~uint64_t{PERF_SAMPLE_CALLCHAIN};
  return attr;
}

}  // namespace

TEST_CASE("script prints a sample's line, its chain relative to the files, and an empty line") {
  auto builder = demo().sample(sample_at(1'234'567'890));
  CHECK(script(builder) ==
        "demo    11 [003]     1.234567:        250 cpu-clock: \n"
        "\t            1123 [unknown] (/no/demo)\n"
        "\t          500456 [unknown] ([unknown])\n"
        "\n");
}

TEST_CASE("script --addr absolute prints addresses as they were found") {
  auto builder = demo().sample(sample_at(1));
  ScriptOptions options;
  options.fields = {"ip"};
  options.absolute_addresses = true;
  CHECK(script(builder, options) == "\n\t          400123\n\t          500456\n\n");
}

TEST_CASE("without a chain the address stands on the sample's line, and the name is aligned") {
  auto builder = demo(without_chains()).sample(sample_at(1'000));
  CHECK(script(builder) ==
        "            demo    11 [003]     0.000001:        250 cpu-clock:            400123 "
        "[unknown] (/no/demo)\n");
}

TEST_CASE("hidden call graphs give the same line as recordings without them") {
  auto builder = demo().sample(sample_at(1'000));
  auto plain = demo(without_chains()).sample(sample_at(1'000));
  ScriptOptions options;
  options.hide_call_graph = true;
  const auto line = script(builder, options);
  // perf keeps the command unaligned only where frames follow on their own lines.
  CHECK(line == script(plain));
}

TEST_CASE("pid and tid share a column, nanoseconds are whole, and fields follow perf's order") {
  auto builder = demo().sample(sample_at(1'234'567'890));
  ScriptOptions options;
  options.fields = {"time,tid,pid,comm"};
  options.writer.nanoseconds = true;
  CHECK(script(builder, options) == "            demo    11/11        1.234567890: \n");
}

TEST_CASE("samples come in the order of time, whatever the order of the file") {
  auto builder = demo();
  builder.sample(sample_at(3'000)).sample(sample_at(1'000)).round();
  builder.sample(sample_at(5'000)).sample(sample_at(2'000)).round().sample(sample_at(4'000));
  ScriptOptions options;
  options.fields = {"time"};
  CHECK(script(builder, options) ==
        "    0.000001: \n    0.000002: \n    0.000003: \n    0.000004: \n    0.000005: \n");
}

TEST_CASE("event names are aligned to the longest, each event has its own") {
  AttrSpec clock;
  clock.ids = {1};
  AttrSpec faults;
  faults.ids = {2};
  faults.name = "page-faults:u";
  PerfDataBuilder builder;
  SampleSpec second = sample_at(2);
  second.event = 1;
  builder.attr(clock).attr(faults).sample(sample_at(1)).sample(second).event_desc();
  ScriptOptions options;
  options.fields = {"event"};
  CHECK(script(builder, options) == "    cpu-clock: \npage-faults:u: \n");
  options.input.filter.event = "page-faults:u";
  CHECK(script(builder, options) == "page-faults:u: \n");
}

TEST_CASE("a chain with a marker that nobody knows is not printed, as in perf") {
  auto sample = sample_at(1);
  sample.callchain.push_back(UINT64_MAX);
  auto builder = demo().sample(sample);
  ScriptOptions options;
  options.fields = {"ip"};
  CHECK(script(builder, options) == "\n\n");
}

TEST_CASE("addresses equal in number are told apart by the mapping they lie in at their time") {
  MmapSpec later;
  later.pid = later.tid = 11;
  later.start = 0x400000;
  later.length = 0x2000;
  later.filename = "/no/other";
  later.when = {11, 11, 2'000, 0, 0};
  auto builder = demo().sample(sample_at(1'000)).mmap2(later).sample(sample_at(3'000));
  ScriptOptions options;
  options.fields = {"ip,dso"};
  options.hide_call_graph = true;
  CHECK(script(builder, options) ==
        "           400123 (/no/demo)\n           400123 (/no/other)\n");
}

TEST_CASE("side-band records are printed where asked for, with the thread's name at that point") {
  auto builder = demo();
  builder.fork(12, 11, 12, 11, {11, 11, 1'000, 1, 0});
  builder.comm(12, 12, "child", true, {12, 12, 2'000, 1, 0}).exit(12, 12, {12, 12, 3'000, 1, 0});
  ScriptOptions options;
  CHECK(script(builder, options).empty());
  options.sideband.task = true;
  CHECK(script(builder, options) ==
        "demo     0 [000]     0.000000: PERF_RECORD_COMM: demo:11/11\n"
        "demo    11 [001]     0.000001: PERF_RECORD_FORK(12:12):(11:11)\n"
        "child    12 [001]     0.000002: PERF_RECORD_COMM exec: child:12/12\n"
        "child    12 [001]     0.000003: PERF_RECORD_EXIT(12:12):(12:12)\n");
  options.sideband.task = false;
  options.sideband.mmap = true;
  CHECK(script(builder, options) ==
        "demo     0 [000]     0.000000: PERF_RECORD_MMAP2 11/11: [0x400000(0x2000) @ 0x1000 "
        "00:00 0 0]: r-xp /no/demo\n");
}

TEST_CASE("the columns of -F are perf's names, as a list or as changes") {
  auto builder = demo().sample(sample_at(1'000));
  ScriptOptions options;
  options.fields = {"-ip,-sym,-symoff,-dso,-comm,+pid"};
  CHECK(script(builder, options) == "   11/11    [003]     0.000001:        250 cpu-clock: \n");
}

TEST_CASE("what a sample has besides stands before its address and behind it") {
  AttrSpec attr = without_chains();
  attr.attr.type = PERF_TYPE_SOFTWARE;
  attr.attr.config = PERF_COUNT_SW_PAGE_FAULTS;
  attr.attr.sample_type |= PERF_SAMPLE_ADDR | PERF_SAMPLE_WEIGHT_STRUCT | PERF_SAMPLE_REGS_INTR |
                           PERF_SAMPLE_REGS_USER | PERF_SAMPLE_PHYS_ADDR |
                           PERF_SAMPLE_DATA_PAGE_SIZE | PERF_SAMPLE_CODE_PAGE_SIZE;
  attr.attr.sample_regs_intr = 0x101;
  attr.attr.sample_regs_user = 0x80;
  SampleSpec s = sample_at(1);
  s.addr = 0x401000;
  s.weight = uint64_t{7} << 32 | 5;
  s.interrupt_abi = s.user_abi = 2;
  s.interrupt_registers = {0x10, 0x20};
  s.user_registers = {0x7ffc};
  s.phys_addr = 0xabc;
  s.data_page_size = 0;
  s.code_page_size = 2 << 20;
  auto builder = demo(attr).feature(kFeatureArch, "x86_64").sample(s);
  ScriptOptions options;
  options.fields = {
      "addr,dso,weight,ins_lat,ip,iregs,uregs,phys_addr,data_page_size,code_page_size"};
  CHECK(script(builder, options) ==
        "          401000 (/no/demo)               5               7           400123 (/no/demo)"
        " ABI:2    AX:0x10    IP:0x20  ABI:2    SP:0x7ffc              abc N/A 2M\n");
}

TEST_CASE("branches are printed newest first, of either byte order") {
  const bool swapped = GENERATE(false, true);
  AttrSpec attr = without_chains();
  attr.attr.sample_type |= PERF_SAMPLE_BRANCH_STACK;
  attr.attr.branch_sample_type = PERF_SAMPLE_BRANCH_ANY | PERF_SAMPLE_BRANCH_HW_INDEX;
  SampleSpec s = sample_at(1);
  // Predicted, 12 cycles, a conditional branch; then mispredicted, and aborted.
  const uint64_t first = swapped ? 1ull << 62 | 12ull << 44 | 1ull << 40 : 2 | 12 << 4 | 1 << 20;
  const uint64_t second = swapped ? 1ull << 63 | 1ull << 60 : 1 | 8;
  s.branches = {{0x400100, 0x401200, first}, {0x500000, 0x400010, second}};
  const auto printed = [&](const char* fields) {
    PerfDataBuilder builder;
    if (swapped) builder.swapped();
    MmapSpec code;
    code.pid = code.tid = 11;
    code.start = 0x400000;
    code.length = 0x2000;
    code.page_offset = 0x1000;
    code.filename = "/no/demo";
    builder.attr(attr).comm(11, 11, "demo").mmap2(code).sample(s);
    ScriptOptions options;
    options.fields.assign(1, fields);
    return script(builder, options);
  };
  CHECK(printed("brstack") == " 0x400100/0x401200/P/-/-/12/COND  0x500000/0x400010/M/-/A/0/ \n");
  CHECK(printed("brstackoff,dso") ==
        " 0x1100(/no/demo)/0x2200(/no/demo)/P/-/-/12/COND "
        " 0x500000([unknown])/0x1010(/no/demo)/M/-/A/0/ \n");
  CHECK(printed("brstacksym") ==
        "[unknown]/[unknown]/P/-/-/12/COND [unknown]/[unknown]/M/-/A/0/ \n");
}

TEST_CASE("a sample's cgroup has the name that the recording gives it") {
  AttrSpec attr = without_chains();
  attr.attr.sample_type |= PERF_SAMPLE_CGROUP;
  SampleSpec known = sample_at(1), unknown = sample_at(2);
  known.cgroup = 25;
  unknown.cgroup = 26;
  PerfDataBuilder builder = demo(attr);
  auto body = builder.body();
  body.u64(25).name("/a/b");
  builder.record(kRecordCgroup, 0, body.view(), When{}).sample(known).sample(unknown);
  ScriptOptions options;
  options.fields = {"comm,cgroup"};
  CHECK(script(builder, options) == "            demo  /a/b\n            demo  unknown\n");
}

TEST_CASE("branches that no event has are refused, and so is a time of day without clocks") {
  for (const char* fields : {"brstack", "brstacksym", "tod", "addr", "cgroup"}) {
    auto builder = demo().sample(sample_at(1));
    const TemporaryFile file(builder.bytes());
    ScriptOptions options;
    options.input.path = file.path();
    options.fields.assign(1, fields);
    Output out(STDOUT_FILENO);
    const auto done = run_script(options, out);
    INFO(fields);
    REQUIRE_FALSE(done);
    CHECK(done.error().exit_code == 2);
  }
}

TEST_CASE("whose an address of a branch or of data is depends on the machine") {
  // On the machine `arch` with the kernel at `kernel`: a sample in `misc` with a branch from `at`.
  const auto dso_of = [](const char* arch, uint64_t kernel, uint16_t misc, uint64_t at) {
    AttrSpec attr = without_chains();
    attr.attr.sample_type |= PERF_SAMPLE_BRANCH_STACK;
    attr.attr.branch_sample_type = PERF_SAMPLE_BRANCH_ANY;
    PerfDataBuilder builder = demo(attr);
    MmapSpec text;
    text.pid = UINT32_MAX;
    text.start = text.page_offset = kernel;
    text.length = 0x1000000;
    text.misc = PERF_RECORD_MISC_KERNEL;
    text.filename = "[kernel.kallsyms]_text";
    builder.mmap(text);
    if (*arch) builder.feature(kFeatureArch, arch);
    SampleSpec sample = sample_at(1);
    sample.misc = misc;
    sample.branches = {{at, at, 0}};
    builder.sample(sample);
    ScriptOptions options;
    options.fields = {"brstackoff,dso"};
    const std::string text_of = script(builder, options);
    const size_t open = text_of.find('(');
    return text_of.substr(open + 1, text_of.find(')') - open - 1);
  };
  constexpr uint16_t kUser = PERF_RECORD_MISC_USER, kKernel = PERF_RECORD_MISC_KERNEL;
  const std::string user = "/no/demo", kernel = "[kernel.kallsyms]";
  // s390x: the kernel has all addresses, too.
  CHECK(dso_of("s390x", 0x100000, kUser, 0x400100) == user);
  CHECK(dso_of("s390x", 0x100000, kKernel, 0x400100) == kernel);
  // 32 bits: above where the kernel begins.
  for (const char* arch : {"i686", "armv7l", ""}) {
    CHECK(dso_of(arch, 0xc0100000, kUser, 0xc0100010) == kernel);
    CHECK(dso_of(arch, 0xc0100000, kKernel, 0x400100) == user);
  }
  // 64 bits: by the uppermost.
  for (const char* arch : {"x86_64", "aarch64", ""}) {
    CHECK(dso_of(arch, 0xffffffff81000000, kUser, 0xffffffff81000010) == kernel);
    CHECK(dso_of(arch, 0xffffffff81000000, kKernel, 0x400100) == user);
  }
}

TEST_CASE("chains end at the functions of --stop-bt alone") {
  auto builder = demo().sample(sample_at(1));
  ScriptOptions options;
  options.fields = {"ip"};
  const std::string whole = script(builder, options);
  options.stop_at = {"main", "[unknown]"};  // no name, but what stands for one
  CHECK(script(builder, options) == whole);
}

TEST_CASE("code is shown only where all branches were recorded, and where there is any") {
  AttrSpec attr = without_chains();
  attr.attr.sample_type |= PERF_SAMPLE_BRANCH_STACK;
  attr.attr.branch_sample_type = PERF_SAMPLE_BRANCH_CALL_STACK;
  auto some = demo(attr).sample(sample_at(1));
  const TemporaryFile file(some.bytes());
  ScriptOptions options;
  options.input.path = file.path();
  options.fields = {"brstackinsn"};
  Output out(1);
  const auto refused = run_script(options, out);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().exit_code == 2);
  // Of files that are not here there is no code.
  attr.attr.branch_sample_type = PERF_SAMPLE_BRANCH_ANY;
  SampleSpec sample = sample_at(1);
  sample.branches = {{0x400100, 0x400110, 1}, {0x400120, 0x4000f0, 1}};
  auto all = demo(attr).sample(sample);
  options.fields = {"insn,insnlen,disasm,brstackinsn"};
  CHECK(script(all, options) == " ilen: 0\n\n");
}
