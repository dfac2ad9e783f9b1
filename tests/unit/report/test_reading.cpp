// What Recording and StackWalker make of the rarer things that recordings hold: call stacks whose
// parts lie elsewhere, virtual machines, several files, other machines.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "report/callchain.h"
#include "report/packed_input.h"
#include "report/recording.h"
#include "report/stack_walker.h"
#include "support/open_bytes.h"
#include "support/perf_data_builder.h"

using namespace prof;
using prof::test::AttrSpec;
using prof::test::MmapSpec;
using prof::test::PerfDataBuilder;
using prof::test::record_bytes;
using prof::test::SampleSpec;

namespace {

SampleSpec sample_of(uint32_t tid, std::vector<uint64_t> chain) {
  SampleSpec sample;
  sample.pid = 7;
  sample.tid = tid;
  sample.time = 10;
  sample.ip = 0xffffffff81000000;
  sample.misc = PERF_RECORD_MISC_KERNEL;
  sample.callchain = std::move(chain);
  return sample;
}

/// The chains of all samples, as the walker gives them.
std::vector<std::vector<uint64_t>> chains_of(Recording& recording) {
  StackWalker walker(recording, true);
  std::vector<std::vector<uint64_t>> all;
  recording.for_each_sample([&](const SampleRecord& sample) {
    const ThreadState state = recording.processes().state_at(sample.pid, sample.tid, sample.time);
    const U64View chain = walker.needed() ? walker.chain(sample, state) : sample.callchain;
    auto& words = all.emplace_back();
    for (size_t i = 0; i < chain.size(); ++i) words.push_back(chain[i]);
  });
  return all;
}

void deferred(PerfDataBuilder& b, uint32_t tid, uint64_t cookie, std::vector<uint64_t> chain) {
  b.record(kRecordCallchainDeferred, PERF_RECORD_MISC_USER,
           b.body().u64(cookie).u64(chain.size()).words(chain).view(),
           test::When{7, tid, 20, 0, 0});
}

AttrSpec deferring() {
  AttrSpec spec;
  set_attr_flags(spec.attr, attr_flags(spec.attr) | kAttrDeferCallchain | kAttrDeferOutput);
  return spec;
}

class Folder {
 public:
  Folder() {
    std::string name = std::filesystem::temp_directory_path() / "prof-reading-XXXXXX";
    path_ = ::mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::string& path() const { return path_; }
  void write(const std::string& name, const std::vector<std::byte>& bytes) const {
    std::ofstream file(path_ + "/" + name, std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
  }

 private:
  std::string path_;
};

}  // namespace

TEST_CASE("A deferred call chain takes the place of its marker, by thread and cookie") {
  PerfDataBuilder b;
  if (GENERATE(false, true)) b.swapped();
  b.attr(deferring());
  const std::vector<uint64_t> waiting = {kContextKernel, 0xffffffff81000000, kContextUserDeferred,
                                         5};
  b.sample(sample_of(7, waiting));
  b.sample(sample_of(8, waiting));                                       // another thread's
  b.sample(sample_of(7, {kContextKernel, 0xffffffff81000000}));          // of a kernel thread
  b.sample(sample_of(7, {kContextUser, 0x1000, kContextUserDeferred}));  // without a cookie
  deferred(b, 7, 5, {kContextUser, 0x401000, 0x402000});
  auto recording = record_bytes(b.bytes());
  REQUIRE(recording);
  const auto chains = chains_of(**recording);
  REQUIRE(chains.size() == 4);
  CHECK(chains[0] == std::vector<uint64_t>{kContextKernel, 0xffffffff81000000, kContextUser,
                                           0x401000, 0x402000});
  CHECK(chains[1] == std::vector<uint64_t>{kContextKernel, 0xffffffff81000000});
  CHECK(chains[2] == std::vector<uint64_t>{kContextKernel, 0xffffffff81000000});
  CHECK(chains[3].size() == 3);
  CHECK((*recording)->stats().unknown == 0);
  const auto warnings = (*recording)->warnings();
  REQUIRE(!warnings.empty());
  CHECK(warnings[0] == "test.data: 1 call chains have no user part, as it never came");
}

TEST_CASE("Samples that wait for one deferred call chain get the same, and miss it once") {
  PerfDataBuilder b;
  b.attr(deferring());
  for (int i = 0; i < 3; ++i) b.sample(sample_of(7, {kContextUserDeferred, 5}));
  for (int i = 0; i < 3; ++i) b.sample(sample_of(7, {kContextUserDeferred, 6}));
  deferred(b, 7, 5, {kContextUser, 0x401000});
  auto recording = record_bytes(b.bytes());
  REQUIRE(recording);
  const auto chains = chains_of(**recording);
  REQUIRE(chains.size() == 6);
  CHECK(chains[2] == chains[0]);
  CHECK(chains[0].size() == 2);
  CHECK(chains[3].empty());
  CHECK((*recording)->deferred_chains().missing() == 1);
}

TEST_CASE("Call stacks of branches take the place of the user's part of a chain") {
  AttrSpec spec;
  spec.attr.sample_type |= PERF_SAMPLE_BRANCH_STACK;
  spec.attr.branch_sample_type = PERF_SAMPLE_BRANCH_USER | PERF_SAMPLE_BRANCH_CALL_STACK;
  PerfDataBuilder b;
  if (GENERATE(false, true)) b.swapped();
  b.attr(spec);
  SampleSpec sample = sample_of(7, {kContextKernel, 0xffffffff81000000, kContextUser, 0x1, 0x2});
  sample.branches = {{0x402010, 0x403000, 0}, {0x401020, 0x402000, 0}};
  b.sample(sample);
  sample.branches = {};
  b.sample(sample);
  sample = sample_of(7, {kContextKernel, 0xffffffff81000000});
  sample.branches = {{0x402010, 0x403000, 0}};
  b.sample(sample);  // of the kernel alone
  auto recording = record_bytes(b.bytes());
  REQUIRE(recording);
  const auto chains = chains_of(**recording);
  REQUIRE(chains.size() == 3);
  CHECK(chains[0] == std::vector<uint64_t>{kContextKernel, 0xffffffff81000000, kContextUnwound,
                                           0x403000, 0x402010, 0x401020});
  CHECK(chains[1].size() == 5);
  CHECK(chains[2].size() == 2);
}

TEST_CASE("Branches that were asked for by themselves are no call stack") {
  AttrSpec spec;
  spec.attr.sample_type |= PERF_SAMPLE_BRANCH_STACK;
  spec.attr.branch_sample_type = PERF_SAMPLE_BRANCH_ANY;
  PerfDataBuilder b;
  b.attr(spec);
  SampleSpec sample = sample_of(7, {kContextUser, 0x1, 0x2});
  sample.branches = {{0x402010, 0x403000, 0}};
  auto recording = record_bytes(b.sample(sample).bytes());
  REQUIRE(recording);
  CHECK(chains_of(**recording)[0] == sample.callchain);
}

TEST_CASE("A guest's kernel has mappings of its own, and no names of the host's") {
  MmapSpec host;
  host.pid = UINT32_MAX;
  host.start = 0xffffffff81000000;
  host.length = 0x1000000;
  host.filename = "[kernel.kallsyms]_text";
  host.misc = PERF_RECORD_MISC_KERNEL;
  MmapSpec guest = host;
  guest.pid = 4711;
  guest.filename = "[guest.kernel.kallsyms.4711]_text";
  guest.misc = PERF_RECORD_MISC_GUEST_KERNEL;
  MmapSpec program = host;
  program.pid = program.tid = 7;
  program.start = 0x400000;
  program.filename = "/bin/in-the-guest";
  program.misc = PERF_RECORD_MISC_GUEST_USER;
  PerfDataBuilder b;
  b.attr().mmap(host).mmap(guest).mmap2(program);
  auto recording = record_bytes(b.bytes());
  REQUIRE(recording);
  const ThreadState state = (*recording)->processes().state_at(7, 7, 1);
  const auto dso_at = [&](CpuMode mode, uint64_t address) {
    const auto found = (*recording)->resolve(state, 1, mode, FrameAddress{VirtAddr{address}});
    CHECK_FALSE(found.symbol.found());
    return found.mapping ? (*recording)->dsos()[found.mapping->dso].name : std::string();
  };
  CHECK(dso_at(CpuMode::GuestKernel, 0xffffffff81000010) == "[guest.kernel.kallsyms.4711]");
  CHECK(dso_at(CpuMode::Kernel, 0xffffffff81000010) == "[kernel.kallsyms]");
  CHECK(dso_at(CpuMode::GuestUser, 0x400010).empty());
  CHECK(dso_at(CpuMode::User, 0x400010).empty());
}

TEST_CASE("A recording in a directory is read from all its files, in the order of time") {
  const Folder folder;
  const bool compressed = GENERATE(false, true);
  const auto part = [&](std::vector<uint64_t> times) {
    PerfDataBuilder b;
    b.attr();
    if (compressed) b.compressed(3, 40);
    for (const uint64_t time : times) {
      SampleSpec sample = sample_of(7, {kContextUser, 0x1000 + time});
      sample.time = time;
      b.sample(sample);
    }
    return b.data();
  };
  PerfDataBuilder header;
  header.attr().comm(7, 7, "work").round();
  header.feature(kFeatureDirFormat, header.body().u64(1).take());
  folder.write("data", header.bytes());
  folder.write("data.0", part({1, 4, 6}));
  folder.write("data.10", part({3, 7}));
  folder.write("data.2", part({2, 5}));
  folder.write("data.3", {});
  folder.write("data.old", part({9}));  // none of ours
  InputOptions options;
  options.path = folder.path();
  options.symbols.kallsyms_path = "/nonexistent/kallsyms";
  auto recording = Recording::open(options);
  REQUIRE(recording);
  CHECK((*recording)->reader().has_parts());
  std::vector<uint64_t> in_files, in_order;
  (*recording)->for_each_sample([&](const SampleRecord& s) { in_files.push_back(s.time); });
  (*recording)->for_each_sample_in_order([&](const SampleRecord& s) {
    in_order.push_back(s.time);
  });
  CHECK(in_files == std::vector<uint64_t>{1, 4, 6, 2, 5, 3, 7});
  CHECK(in_order == std::vector<uint64_t>{1, 2, 3, 4, 5, 6, 7});
  CHECK((*recording)->warnings().empty());
}

TEST_CASE("A damaged file of a directory does not hide the next one, and is named") {
  const Folder folder;
  PerfDataBuilder header, b;
  folder.write("data", header.attr().comm(7, 7, "work").bytes());
  auto bytes = b.attr().sample(sample_of(7, {kContextUser, 1})).sample(sample_of(7, {1})).data();
  folder.write("data.1", bytes);
  bytes.pop_back();
  folder.write("data.0", bytes);
  InputOptions options;
  options.path = folder.path();
  auto recording = Recording::open(options);
  REQUIRE(recording);
  size_t samples = 0;
  (*recording)->for_each_sample([&](const SampleRecord&) { ++samples; });
  CHECK(samples == 3);
  const auto warnings = (*recording)->warnings();
  REQUIRE(!warnings.empty());
  CHECK(warnings[0].starts_with(folder.path() + "/data.0: is cut in a record at offset "));
}

TEST_CASE("A directory without a recording, and one file of several, are told as such") {
  const Folder folder;
  CHECK_FALSE(open_packed_input(folder.path()));
  PerfDataBuilder header;
  header.attr().feature(kFeatureDirFormat, header.body().u64(1).take());
  folder.write("data", header.bytes());
  folder.write("data.0", {});
  auto input = open_packed_input(folder.path() + "/data");
  REQUIRE(input);
  auto reader = open_reader(std::move(*input));
  REQUIRE(reader);
  REQUIRE((*reader)->warnings().size() == 1);
  CHECK((*reader)->warnings()[0].ends_with(
      "is one file of a recording of several (name the directory to read all of it)"));
}

TEST_CASE("Parts of a hardware trace that were lost are told") {
  PerfDataBuilder b;
  b.attr();
  for (const uint64_t flags : {0u, 1u, 2u, 4u, 8u}) {
    b.record(kRecordAux, 0, b.body().words({0, 64, flags}).view(), test::When{});
  }
  auto recording = record_bytes(b.bytes());
  REQUIRE(recording);
  CHECK((*recording)->stats().aux_lost == 3);
  REQUIRE((*recording)->warnings().size() == 1);
  CHECK((*recording)->warnings()[0] ==
        "test.data: parts of the hardware's trace were lost 3 times");
}

TEST_CASE("Nothing of this machine names what was recorded on another") {
  MmapSpec vdso, generated;
  vdso.pid = vdso.tid = generated.pid = generated.tid = 7;
  vdso.start = 0x10000;
  vdso.length = generated.length = 0x2000;
  vdso.filename = "[vdso]";
  generated.start = 0x20000;
  generated.filename = "//anon";
  PerfDataBuilder b;
  b.attr().mmap2(vdso).mmap2(generated);
  const bool by_host = GENERATE(false, true);
  if (by_host) {
    b.feature(kFeatureHostname, "elsewhere.example").feature(kFeatureOsRelease, "3.4.0-other");
  } else {
    b.feature(kFeatureArch, "s390x");
  }
  auto recording = record_bytes(b.bytes());
  REQUIRE(recording);
  const ThreadState state = (*recording)->processes().state_at(7, 7, 1);
  for (const uint64_t address : {0x10a00u, 0x20010u}) {
    const auto found =
        (*recording)->resolve(state, 1, CpuMode::User, FrameAddress{VirtAddr{address}});
    REQUIRE(found.mapping);
    CHECK_FALSE(found.symbol.found());
  }
  const auto warnings = (*recording)->warnings();
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].starts_with("test.data was recorded on another machine (" +
                                std::string(by_host ? "host 'elsewhere.example'" : "s390x")));
}
