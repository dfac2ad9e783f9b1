#include <poll.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "perfdata/encode.h"
#include "record/write_queue.h"

using namespace prof;

namespace {

/// A disk that can be held up, fill up, or say that the file is large enough.
class SlowWriter final : public Writer {
 public:
  Result<void> write_plain(std::span<const std::byte>) override {
    ++rounds;
    return {};
  }
  Result<void> write_data(std::span<const std::byte> records) override {
    while (held) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    if (full) return fail("cannot write: the disk is full");
    written += records.size();
    return {};
  }
  Result<void> flush() override {
    ++flushes;
    return {};
  }
  Result<void> finish(const Features&) override { return {}; }
  WriterStats stats() const override { return {written, written}; }
  bool reached_max_size() const override { return written >= max_size; }

  std::atomic<bool> held = false, full = false;
  uint64_t written = 0, max_size = UINT64_MAX;
  int rounds = 0, flushes = 0;
};

std::vector<std::byte> comm_record() {
  RecordEncoder encoder(0);
  encoder.comm(1, 1, "x");
  return {encoder.view().begin(), encoder.view().end()};
}

bool readable(int fd, int timeout_ms) {
  pollfd ready{fd, POLLIN, 0};
  return ::poll(&ready, 1, timeout_ms) == 1;
}

}  // namespace

TEST_CASE("all that was pushed is written, rounds and flushes in their places") {
  SlowWriter writer;
  Tally tally(perf_event_attr{});
  WriteQueue queue(writer, tally);
  const size_t size = comm_record().size();
  for (int i = 0; i < 100; ++i) queue.push(comm_record(), i % 10 == 9);
  queue.request_flush();
  REQUIRE(queue.finish());
  CHECK(writer.written == 100 * size);
  CHECK(writer.rounds == 10);
  CHECK(writer.flushes == 1);
}

TEST_CASE("a disk that stands still fills the queue up to its bound, and loses nothing") {
  SlowWriter writer;
  writer.held = true;
  Tally tally(perf_event_attr{});
  const size_t size = comm_record().size();
  WriteQueue queue(writer, tally, 10 * size);
  size_t pushed = 0;
  while (queue.has_room()) {
    queue.push(comm_record(), false);
    ++pushed;
  }
  CHECK(pushed == 10);  // the one that is being written counts, too
  writer.held = false;
  REQUIRE(queue.finish());
  CHECK(writer.written == pushed * size);
  CHECK(queue.has_room());
}

TEST_CASE("a write error stops the recording and is told at the end") {
  SlowWriter writer;
  writer.full = true;
  Tally tally(perf_event_attr{});
  WriteQueue queue(writer, tally);
  CHECK_FALSE(readable(queue.stop_fd(), 0));
  queue.push(comm_record(), true);
  CHECK(readable(queue.stop_fd(), 10'000));
  queue.push(comm_record(), true);
  const auto result = queue.finish();
  REQUIRE_FALSE(result);
  CHECK(result.error().message == "cannot write: the disk is full");
  CHECK(writer.written == 0);
}

TEST_CASE("a file that is large enough stops the recording without an error") {
  SlowWriter writer;
  writer.max_size = 1;
  Tally tally(perf_event_attr{});
  WriteQueue queue(writer, tally);
  queue.push(comm_record(), true);
  CHECK(readable(queue.stop_fd(), 10'000));
  queue.push(comm_record(), true);
  CHECK(queue.finish());
  CHECK(writer.written == comm_record().size());  // and takes no more
}

TEST_CASE("a file is full when it has its size, of which the description is at most half") {
  SlowWriter writer;
  Tally tally(perf_event_attr{});
  WriteQueue queue(writer, tally);
  const uint64_t size = comm_record().size();
  queue.set_full_size(2 * size);
  for (int i = 0; i < 3; ++i) queue.push(comm_record(), false);
  CHECK_FALSE(readable(queue.full_fd(), 50));  // the description has not ended
  queue.end_description();
  for (int i = 0; i < 2; ++i) queue.push(comm_record(), false);
  CHECK_FALSE(readable(queue.full_fd(), 50));
  queue.push(comm_record(), false);
  CHECK(readable(queue.full_fd(), 5000));
  queue.push(comm_record(), false);
  REQUIRE(queue.finish());
  CHECK(writer.written == 7 * size);
}
