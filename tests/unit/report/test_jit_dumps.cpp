#include <unistd.h>

#include <catch2/catch.hpp>
#include <ctime>
#include <filesystem>
#include <fstream>

#include "report/pipeline.h"
#include "report/recording.h"
#include "support/elf_builder.h"
#include "support/jitdump_builder.h"
#include "support/perf_data_builder.h"

using namespace prof;
using test::JitDumpBuilder;
using test::PerfDataBuilder;

namespace {

constexpr uint32_t kPid = 4000007;  // beyond what a process can have: none lives

/// A recording of a process with a jitdump at `path`, and the names it gives.
class JitRecording {
 public:
  explicit JitRecording(const JitDumpBuilder& dump, int clock = CLOCK_MONOTONIC,
                        uint64_t mapped = 10) {
    const std::string mark = test::write_temporary("mark", {});
    folder_ = std::filesystem::path(mark).parent_path();
    dump_ = folder_ + "/jit-" + std::to_string(kPid) + ".dump";
    write(dump_, dump.bytes());
    test::AttrSpec attr;
    attr.attr.use_clockid = clock >= 0;
    attr.attr.clockid = clock >= 0 ? clock : 0;
    builder_.attr(attr);
    map(5, 0x1000, 0xf000, "//anon");
    map(mapped, 0x100000, 0x1000, dump_);
  }

  void map(uint64_t time, uint64_t start, uint64_t length, const std::string& name) {
    test::MmapSpec spec;
    spec.pid = spec.tid = kPid;
    spec.start = start;
    spec.length = length;
    spec.filename = name;
    spec.when.pid = spec.when.tid = kPid;
    spec.when.time = time;
    builder_.mmap2(spec);
  }
  PerfDataBuilder& builder() { return builder_; }
  const std::string& dump() const { return dump_; }

  std::unique_ptr<Recording> open() {
    InputOptions options;
    options.path = folder_ + "/perf.data";
    write(options.path, builder_.bytes());
    auto recording = Recording::open(options);
    REQUIRE(recording);
    return std::move(*recording);
  }

 private:
  static void write(const std::string& path, const std::vector<std::byte>& bytes) {
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
  }

  PerfDataBuilder builder_;
  std::string folder_, dump_;
};

std::string name_at(Recording& recording, uint64_t time, uint64_t address, uint32_t pid = kPid) {
  const ThreadState state = recording.processes().state_at(pid, pid, time);
  const ResolvedAddress resolved =
      recording.resolve(state, time, CpuMode::User, FrameAddress{VirtAddr{address}});
  return resolved.symbol.found() ? std::string(recording.strings()[resolved.symbol.name]) : "-";
}

uint32_t version_at(const Recording& recording, uint64_t time) {
  return recording.processes().state_at(kPid, kPid, time).version;
}

}  // namespace

TEST_CASE("An address of generated code has the name of what was there at the sample's time") {
  JitDumpBuilder dump(kPid);
  dump.load(100, 0x1000, 0x20, "old", 1);
  dump.load(150, 0x5000, 0x20, "elsewhere", 2);
  dump.load(200, 0x1010, 0x20, "new", 3);
  dump.move(300, 0x5000, 0x1000, 0x20, 2);
  JitRecording fixture(dump);
  fixture.map(250, 0x1000, 0x1000, "//anon");  // mprotect tells of it again
  const auto recording = fixture.open();
  CHECK(recording->warnings().empty());
  CHECK(name_at(*recording, 110, 0x1000) == "old");
  CHECK(name_at(*recording, 110, 0x1018) == "old");
  CHECK(name_at(*recording, 220, 0x1018) == "new");
  CHECK(name_at(*recording, 260, 0x1018) == "new");
  CHECK(name_at(*recording, 310, 0x1018) == "elsewhere");
  CHECK(name_at(*recording, 310, 0x5000) == "elsewhere");
  CHECK(name_at(*recording, 110, 0x1020) == "new");  // the first that came there
  CHECK(name_at(*recording, 110, 0x1040) == "-");
  // Fresh code changes no other's name, so the address space stays one.
  CHECK(version_at(*recording, 90) == version_at(*recording, 160));
  CHECK(version_at(*recording, 160) != version_at(*recording, 210));
  CHECK(version_at(*recording, 260) != version_at(*recording, 310));
}

TEST_CASE("Samples of one address in two functions, one after the other, are two frames") {
  JitDumpBuilder dump(kPid);
  dump.load(100, 0x1000, 0x20, "old");
  dump.load(200, 0x1000, 0x20, "new");
  JitRecording fixture(dump);
  for (const uint64_t time : {uint64_t{110}, uint64_t{120}, uint64_t{210}}) {
    test::SampleSpec sample;
    sample.pid = sample.tid = kPid;
    sample.time = time;
    sample.ip = 0x1004;
    sample.callchain = {kContextUser, 0x1004};
    fixture.builder().sample(sample);
  }
  const auto recording = fixture.open();
  const auto profile = build_profile(*recording, {});
  REQUIRE(profile);
  std::vector<std::string> names;
  for (const Frame& frame : profile->frames) {
    if (frame.kind != FrameKind::Jit) continue;
    names.emplace_back(profile->strings[frame.name]);
    CHECK(profile->strings[frame.dso_short] == "[JIT] tid " + std::to_string(kPid));
    CHECK(profile->strings[frame.dso] == fixture.dump());
  }
  CHECK(names == std::vector<std::string>{"old", "new"});
}

TEST_CASE("A child has the code that was there at the fork; a new image has none") {
  JitDumpBuilder dump(kPid);
  dump.load(100, 0x1000, 0x20, "before");
  dump.load(200, 0x1000, 0x20, "after");
  dump.load(300, 0x2000, 0x20, "much later");
  JitRecording fixture(dump);
  const uint32_t child = kPid + 1;
  fixture.builder().fork(child, kPid, child, kPid, {child, child, 150});
  fixture.builder().comm(kPid, kPid, "other", true, {kPid, kPid, 400});
  const auto recording = fixture.open();
  CHECK(name_at(*recording, 210, 0x1000, child) == "before");
  CHECK(name_at(*recording, 310, 0x2000, child) == "-");
  CHECK(name_at(*recording, 310, 0x1000) == "after");
  CHECK(name_at(*recording, 410, 0x3000) == "-");
}

TEST_CASE("Times of another clock count from when the dump was made and mapped") {
  JitDumpBuilder dump(kPid, false, 9000);
  dump.load(9100, 0x1000, 0x20, "old");
  dump.load(9200, 0x1000, 0x20, "new");
  JitRecording fixture(dump, -1, 1000);
  const auto recording = fixture.open();
  CHECK(name_at(*recording, 1150, 0x1000) == "old");
  CHECK(name_at(*recording, 1250, 0x1000) == "new");
}

TEST_CASE("Where the times of a dump say nothing, the newest code wins, and it is told") {
  JitDumpBuilder dump(kPid, false, 9000);
  dump.load(9100, 0x1000, 0x20, "old");
  dump.load(9200, 0x1000, 0x20, "new");
  JitRecording fixture(dump, CLOCK_REALTIME, 0);
  const auto recording = fixture.open();
  CHECK(name_at(*recording, 10, 0x1000) == "new");
  REQUIRE(recording->warnings().size() == 1);
  CHECK(recording->warnings()[0].find("record with -k mono") != std::string::npos);
}

TEST_CASE("A dump in the processor's time is read by the recording's TIME_CONV") {
  JitDumpBuilder dump(kPid, false, 40, 1);
  dump.load(400, 0x1000, 0x20, "old");  // (400 * 8 >> 4) + 50 = 250
  dump.load(800, 0x1000, 0x20, "new");  // 450
  JitRecording fixture(dump, -1);
  auto conversion = fixture.builder().body();
  conversion.u64(4).u64(8).u64(50);
  fixture.builder().record(kRecordTimeConv, 0, conversion.view());
  const auto recording = fixture.open();
  CHECK(name_at(*recording, 260, 0x1000) == "old");
  CHECK(name_at(*recording, 440, 0x1000) == "old");
  CHECK(name_at(*recording, 460, 0x1000) == "new");

  JitRecording without(dump, -1);
  const auto untold = without.open();
  CHECK(name_at(*untold, 20, 0x1000) == "new");
  CHECK(untold->warnings().size() == 1);
}

TEST_CASE("Dumps that are gone, of another process, cut or no dumps are told of") {
  JitDumpBuilder dump(kPid);
  dump.load(100, 0x1000, 0x20, "name");
  SECTION("gone") {
    JitRecording fixture(dump);
    std::filesystem::remove(fixture.dump());
    const auto recording = fixture.open();
    CHECK(name_at(*recording, 110, 0x1000) == "-");
    CHECK(recording->warnings().front() == "generated code may have no names: cannot open '" +
                                               fixture.dump() + "': No such file or directory");
  }
  SECTION("of another process") {
    JitDumpBuilder other(kPid + 1);
    other.load(100, 0x1000, 0x20, "name");
    JitRecording fixture(other);
    const auto recording = fixture.open();
    CHECK(name_at(*recording, 110, 0x1000) == "-");
    CHECK(recording->warnings().front().find("was written by process") != std::string::npos);
  }
  SECTION("of another user") {
    if (::geteuid() != 0) return;
    JitRecording fixture(dump);
    REQUIRE(::chown(fixture.dump().c_str(), 12345, static_cast<gid_t>(-1)) == 0);
    const auto recording = fixture.open();
    CHECK(name_at(*recording, 110, 0x1000) == "-");
    CHECK(recording->warnings().front().find("belongs to user 12345") != std::string::npos);
  }
  SECTION("cut") {
    dump.record(0, 1, {}, 100);
    JitRecording fixture(dump);
    const auto recording = fixture.open();
    CHECK(name_at(*recording, 110, 0x1000) == "name");
    CHECK(recording->warnings() ==
          std::vector<std::string>{fixture.dump() +
                                   ": only its beginning was read: it ends within a record"});
  }
}

TEST_CASE("Two processes whose dumps have one path in their own files do not share names") {
  CHECK(jitdump_dso_name("/tmp/jit-12.dump", 12) == "/tmp/jit-12.dump");
  CHECK(jitdump_dso_name("/tmp/jit-7.dump", 12) == "/proc/12/root/tmp/jit-7.dump");
}
