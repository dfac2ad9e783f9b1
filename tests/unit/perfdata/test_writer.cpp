#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "common/text_file.h"
#include "perfdata/cursor.h"
#include "perfdata/encode.h"
#include "perfdata/reader.h"
#include "perfdata/writer.h"

using namespace prof;

namespace {

/// A file in /tmp that goes away with the test.
class TemporaryFile {
 public:
  TemporaryFile() { fd_ = ::mkstemp(path_.data()); }
  ~TemporaryFile() { ::unlink(path_.c_str()); }
  const std::string& path() const { return path_; }
  int take_fd() { return fd_; }

 private:
  std::string path_ = "/tmp/prof-writer-XXXXXX";
  int fd_;
};

std::vector<EventAttr> two_events() {
  std::vector<EventAttr> events(2);
  for (size_t i = 0; i < events.size(); ++i) {
    events[i].attr.type = PERF_TYPE_SOFTWARE;
    events[i].attr.size = kWrittenAttrSize;
    events[i].attr.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_IDENTIFIER;
    events[i].attr.sample_id_all = 1;
  }
  events[0].ids = {1, 2, 3};
  events[1].ids = {4};
  events[0].name = "cpu-clock";
  events[1].name = "page-faults";
  return events;
}

/// A record of `size` bytes whose payload does not compress.
std::vector<std::byte> noise_record(size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<std::byte> bytes(size);
  for (std::byte& b : bytes) b = static_cast<std::byte>(random());
  const perf_event_header header{kRecordSample, 1, static_cast<uint16_t>(size)};
  std::memcpy(bytes.data(), &header, sizeof header);
  return bytes;
}

void append(std::vector<std::byte>& to, const std::vector<std::byte>& bytes) {
  to.insert(to.end(), bytes.begin(), bytes.end());
}

std::vector<std::byte> finished_round() {
  RecordEncoder encoder(0);
  encoder.finished_round();
  return {encoder.view().begin(), encoder.view().end()};
}

/// The records of the data section, put together again.
std::vector<std::byte> read_back(const std::string& path, std::vector<std::string>& warnings) {
  auto reader = Reader::open(path);
  REQUIRE(reader);
  std::vector<std::byte> all;
  RecordCursor cursor(**reader);
  RecordView view;
  while (cursor.next(view)) {
    const auto header = std::as_bytes(std::span(&view.header, 1));
    all.insert(all.end(), header.begin(), header.end());
    all.insert(all.end(), view.payload.begin(), view.payload.end());
  }
  warnings = cursor.warnings();
  for (const auto& warning : (*reader)->warnings()) warnings.push_back(warning);
  return all;
}

std::unique_ptr<Writer> make_writer(TemporaryFile& file, const WriterOptions& options) {
  Features features;
  features.compression = CompressionInfo{1, 1, 1, 1, 524288};
  auto writer = Writer::create(file.take_fd(), options, two_events(), features);
  REQUIRE(writer);
  return std::move(*writer);
}

}  // namespace

TEST_CASE("a file begins with the header, the ids and the attributes, and says where they are") {
  TemporaryFile file;
  auto writer = make_writer(file, {.path = file.path(), .pipe = false, .compression_level = 0});
  Features features;
  features.hostname = "here";
  REQUIRE(writer->write_data(noise_record(8, 1)));
  REQUIRE(writer->finish(features));
  const auto text = read_text_file(file.path());
  REQUIRE(text);
  ByteReader header(std::as_bytes(std::span(*text)));
  CHECK(header.u64() == kMagic);
  CHECK(header.u64() == kFileHeaderSize);
  CHECK(header.u64() == 144);       // of an attribute with its ids' place: perf 6.1 knows no longer
  CHECK(header.u64() == 104 + 32);  // attributes, behind four ids
  CHECK(header.u64() == 2 * 144);
  CHECK(header.u64() == 104 + 32 + 288);  // data
  CHECK(header.u64() == 8);
  header.skip(16);
  CHECK(header.u64() == uint64_t{1} << kFeatureHostname);

  auto reader = Reader::open(file.path());
  REQUIRE(reader);
  REQUIRE((*reader)->events().size() == 2);
  CHECK((*reader)->events()[0].ids == std::vector<uint64_t>{1, 2, 3});
  CHECK((*reader)->events()[1].ids == std::vector<uint64_t>{4});
  CHECK((*reader)->features().hostname == "here");
  CHECK((*reader)->warnings().empty());
}

TEST_CASE("records come back as they were given, compressed or not, file or pipe") {
  const bool pipe = GENERATE(false, true);
  const int level = GENERATE(0, 1, 5, 22);
  TemporaryFile file;
  auto writer = make_writer(file, {.path = file.path(), .pipe = pipe, .compression_level = level});
  std::vector<std::byte> given;
  const auto give_data = [&](const std::vector<std::byte>& records) {
    append(given, records);
    REQUIRE(writer->write_data(records));
  };
  give_data(noise_record(8, 0));  // the smallest
  for (unsigned i = 0; i < 50; ++i) {
    std::vector<std::byte> batch;  // more than one COMPRESSED record holds
    for (unsigned k = 0; k < 40; ++k)
      append(batch, noise_record(16 + (i * 97 + k * 8) % 4096 / 8 * 8, i + k));
    give_data(batch);
    append(given, finished_round());
    REQUIRE(writer->write_plain(finished_round()));
  }
  give_data(noise_record(65528, 1));  // the largest, and it does not compress
  give_data(noise_record(64000, 2));
  CHECK(writer->stats().bytes_in == given.size() - 50 * 8);
  REQUIRE(writer->finish({}));
  std::vector<std::string> warnings;
  auto read = read_back(file.path(), warnings);
  CHECK(warnings.empty());
  if (pipe) read.erase(read.begin(), read.end() - static_cast<std::ptrdiff_t>(given.size()));
  CHECK(read == given);
}

TEST_CASE("compressed records are made of whole records and stay within 16 bits of size") {
  TemporaryFile file;
  auto writer = make_writer(file, {.path = file.path(), .pipe = false, .compression_level = 1});
  std::vector<std::byte> batch;
  for (unsigned i = 0; i < 300; ++i) append(batch, noise_record(1000, i));
  REQUIRE(writer->write_data(batch));
  REQUIRE(writer->flush());
  const auto text = read_text_file(file.path());
  REQUIRE(text);
  auto bytes = std::as_bytes(std::span(*text)).subspan(104 + 32 + 288);
  int count = 0;
  while (!bytes.empty()) {
    perf_event_header header{};
    REQUIRE(bytes.size() >= sizeof header);
    std::memcpy(&header, bytes.data(), sizeof header);
    CHECK(header.type == kRecordCompressed);
    REQUIRE(header.size > 8);
    REQUIRE(header.size <= bytes.size());
    bytes = bytes.subspan(header.size);
    ++count;
  }
  CHECK(count == 5);  // of 63 records each: 64,000 bytes at most
}

TEST_CASE("what was flushed is readable before the file is finished") {
  const int level = GENERATE(0, 1);
  TemporaryFile file;
  auto writer = make_writer(file, {.path = file.path(), .pipe = false, .compression_level = level});
  const auto records = noise_record(4000, 3);
  REQUIRE(writer->write_data(records));
  REQUIRE(writer->flush());
  std::vector<std::string> warnings;
  CHECK(read_back(file.path(), warnings) == records);
}

TEST_CASE("a full disk leaves a whole file with everything up to a record's end") {
  const int level = GENERATE(0, 1);
  // RLIMIT_FSIZE is a disk of any size; without the signal, write(2) fails as on a full one.
  const auto before = std::signal(SIGXFSZ, SIG_IGN);
  rlimit old{};
  ::getrlimit(RLIMIT_FSIZE, &old);
  TemporaryFile file;
  auto writer = make_writer(file, {.path = file.path(), .pipe = false, .compression_level = level});
  const rlimit limit{700'000 + 13, old.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
  std::vector<std::byte> given;
  Result<void> result;
  for (unsigned i = 0; i < 400 && result; ++i) {
    const auto record = noise_record(4000, i);
    append(given, record);
    result = writer->write_data(record);
  }
  CHECK_FALSE(result);
  CHECK_FALSE(writer->write_data(noise_record(16, 1)));  // and goes on failing
  Features features;
  features.hostname = "full";
  const auto finished = writer->finish(features);
  ::setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, before);

  CHECK_FALSE(finished);
  auto reader = Reader::open(file.path());
  REQUIRE(reader);
  CHECK((*reader)->features().hostname == "full");
  CHECK((*reader)->warnings().empty());
  std::vector<std::string> warnings;
  const auto read = read_back(file.path(), warnings);
  CHECK(warnings.empty());
  CHECK(read.size() > 500'000);
  CHECK(read.size() % 4000 == 0);
  CHECK(std::equal(read.begin(), read.end(), given.begin()));
}

TEST_CASE("what repeats over megabytes is found where it is looked for") {
  size_t sizes[2];
  for (const bool repeats : {false, true}) {
    TemporaryFile file;
    auto writer =
        make_writer(file, {.path = file.path(), .compression_level = 1, .repeats = repeats});
    std::vector<std::byte> given;
    for (int round = 0; round < 4; ++round) {
      for (unsigned i = 0; i < 400; ++i) {  // 2 MB of noise, again and again
        const auto record = noise_record(5000, i + 1);
        REQUIRE(writer->write_data(record));
        given.insert(given.end(), record.begin(), record.end());
      }
    }
    REQUIRE(writer->finish({}));
    sizes[repeats] = std::filesystem::file_size(file.path());
    std::vector<std::string> warnings;
    CHECK(read_back(file.path(), warnings) == given);
    CHECK(warnings.empty());
  }
  CHECK(sizes[1] * 3 < sizes[0]);
}

TEST_CASE("the size limit is told once it is reached") {
  TemporaryFile file;
  auto writer = make_writer(file, {.path = file.path(), .max_size = 10'000});
  CHECK_FALSE(writer->reached_max_size());
  REQUIRE(writer->write_data(noise_record(5000, 1)));
  CHECK_FALSE(writer->reached_max_size());
  REQUIRE(writer->write_data(noise_record(5000, 2)));
  CHECK(writer->reached_max_size());
}

TEST_CASE("a level that zstd does not have is an error of usage") {
  TemporaryFile file;
  const auto writer = Writer::create(file.take_fd(), {file.path(), false, 23, 0}, two_events(), {});
  REQUIRE_FALSE(writer);
  CHECK(writer.error().exit_code == 2);
}

TEST_CASE("an event with more ids than a pipe's record holds is refused") {
  TemporaryFile file;
  auto events = two_events();
  events[0].ids.resize(9000);
  CHECK_FALSE(Writer::create(file.take_fd(), {file.path(), true, 0, 0}, events, {}));
}
