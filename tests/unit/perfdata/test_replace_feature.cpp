#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "perfdata/cursor.h"
#include "perfdata/reader.h"
#include "perfdata/replace_feature.h"
#include "support/perf_data_builder.h"

using namespace prof;
using namespace prof::test;

namespace {

struct Files {
  std::string folder;
  Files() {
    char name[] = "/tmp/prof-feature-XXXXXX";
    REQUIRE(::mkdtemp(name));
    folder = name;
  }
  ~Files() { std::filesystem::remove_all(folder); }
  std::string write(std::span<const std::byte> bytes, const char* name) const {
    const std::string path = folder + "/" + name;
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    return path;
  }
};

std::vector<std::byte> content(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

PerfDataBuilder recording(bool swapped) {
  PerfDataBuilder builder;
  if (swapped) builder.swapped();
  builder.attr();
  SampleSpec sample;
  sample.pid = sample.tid = 7;
  sample.time = 5;
  sample.callchain = {kContextUser, 0x1000};
  builder.comm(7, 7, "app").sample(sample).sample(sample);
  builder.feature(kFeatureHostname, "host");
  builder.event_desc();
  return builder;
}

size_t count_samples(const Reader& reader) {
  RecordCursor cursor(reader);
  RecordView view;
  size_t samples = 0;
  while (cursor.next(view)) samples += view.header.type == kRecordSample;
  return samples;
}

}  // namespace

TEST_CASE("a feature is added and replaced, all else stays") {
  const bool swapped = GENERATE(false, true);
  const Files files;
  const std::string path = files.write(recording(swapped).bytes(), "a.data");
  const std::string other = files.folder + "/b.data";
  REQUIRE(replace_feature(path, other, kFeatureEmbedded, content("first")));
  REQUIRE(replace_feature(other, other, kFeatureEmbedded, content("the second")));
  auto reader = Reader::open(other);
  REQUIRE(reader);
  CHECK((*reader)->warnings().empty());
  CHECK((*reader)->features().hostname == "host");
  CHECK((*reader)->features().embedded == content("the second"));
  CHECK((*reader)->events().size() == 1);
  CHECK(count_samples(**reader) == 2);
  auto before = Reader::open(path);
  REQUIRE(before);
  CHECK((*before)->features().embedded.empty());
  CHECK(std::filesystem::directory_iterator(files.folder) != std::filesystem::directory_iterator());
  size_t left = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(files.folder))
    ++left;
  CHECK(left == 2);  // nothing unfinished
}

TEST_CASE("a recording that was not finished is finished by it") {
  const Files files;
  auto bytes = recording(false).bytes();
  const auto whole = Reader::open(files.write(bytes, "whole.data"));
  REQUIRE(whole);
  const FileSection data = (*whole)->data();
  bytes.resize(data.offset + data.size);
  for (size_t i = 48; i < 56; ++i) bytes[i] = std::byte{0};   // the data's size
  for (size_t i = 72; i < 104; ++i) bytes[i] = std::byte{0};  // the features' bitmap
  const std::string path = files.write(bytes, "cut.data");
  REQUIRE(replace_feature(path, path, kFeatureEmbedded, content("x")));
  auto reader = Reader::open(path);
  REQUIRE(reader);
  CHECK((*reader)->warnings().empty());
  CHECK(count_samples(**reader) == 2);
  CHECK((*reader)->features().embedded == content("x"));
}

TEST_CASE("pipes and what is no recording are errors") {
  const Files files;
  PerfDataBuilder pipe;
  pipe.pipe().attr();
  const std::string path = files.write(pipe.bytes(), "pipe.data");
  const auto done = replace_feature(path, path, kFeatureEmbedded, {});
  REQUIRE_FALSE(done);
  CHECK(done.error().message.find("pipe") != std::string::npos);
  CHECK_FALSE(replace_feature(files.write(content("garbage"), "x"), path, kFeatureEmbedded, {}));
  CHECK_FALSE(replace_feature(files.folder + "/missing", path, kFeatureEmbedded, {}));
}
