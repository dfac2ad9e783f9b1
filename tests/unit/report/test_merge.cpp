#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "report/merge.h"
#include "report/recording.h"
#include "report/stack_walker.h"
#include "support/perf_data_builder.h"

using namespace prof;
using prof::test::AttrSpec;
using prof::test::PerfDataBuilder;
using prof::test::SampleSpec;

namespace {

/// Of a boot: thread 7 waits for the rest of its chain by the cookie 5.
std::vector<std::byte> deferring(uint64_t caller, uint64_t time) {
  AttrSpec spec;
  spec.ids = {11};
  set_attr_flags(spec.attr, attr_flags(spec.attr) | kAttrDeferCallchain | kAttrDeferOutput);
  PerfDataBuilder b;
  b.attr(spec);
  SampleSpec sample;
  sample.pid = sample.tid = 7;
  sample.time = time;
  sample.ip = 0xffffffff81000000;
  sample.misc = PERF_RECORD_MISC_KERNEL;
  sample.callchain = {kContextKernel, 0xffffffff81000000, kContextUserDeferred, 5};
  b.sample(sample);
  b.record(kRecordCallchainDeferred, PERF_RECORD_MISC_USER,
           b.body().u64(5).u64(2).words({kContextUser, caller}).view(),
           test::When{7, 7, time + 1, 0, 0});
  return b.bytes();
}

}  // namespace

TEST_CASE("Merged recordings keep their deferred call chains apart") {
  const auto folder = std::filesystem::temp_directory_path() / "prof-test-merge-deferred";
  std::filesystem::create_directories(folder);
  MergeOptions options;
  for (const uint64_t caller : {0x401000, 0x501000}) {
    // Files of one name are of one host, where none is told: its thread 7 in two boots.
    const auto path = folder / std::to_string(caller) / "boot";
    std::filesystem::create_directories(path.parent_path());
    const auto bytes = deferring(caller, caller);
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    options.inputs.push_back(path);
  }
  options.inputs.push_back(options.inputs.front());
  options.output = folder / "out";
  options.force = true;
  const auto merged = run_merge(options);
  REQUIRE(merged);
  CHECK(merged->hosts.size() == 1);
  CHECK(merged->samples == 3);
  CHECK(merged->left_out == 0);

  InputOptions input;
  input.path = options.output;
  auto recording = Recording::open(input);
  REQUIRE(recording);
  StackWalker walker(**recording, true);
  std::vector<uint64_t> callers;
  (*recording)->for_each_sample([&](const SampleRecord& sample) {
    const ThreadState state =
        (*recording)->processes().state_at(sample.pid, sample.tid, sample.time);
    const U64View chain = walker.chain(sample, state);
    REQUIRE(chain.size() == 4);
    CHECK(chain[1] >> 63 == 1);
    callers.push_back(chain[3]);
  });
  CHECK(callers == std::vector<uint64_t>{0x401000, 0x401000, 0x501000});
  CHECK((*recording)->deferred_chains().missing() == 0);
  std::filesystem::remove_all(folder);
}
