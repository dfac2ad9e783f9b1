#include <array>
#include <catch2/catch.hpp>
#include <cstring>
#include <thread>
#include <vector>

#include "perfdata/record_walk.h"
#include "record/ring_buffer.h"

using namespace prof;

namespace {

/// Plays the kernel: writes records at the head, which may run over the end.
class Ring {
 public:
  static constexpr size_t kSize = 256;

  void write(uint32_t type, size_t size) {
    std::vector<std::byte> record(size, std::byte{0xab});
    const perf_event_header header{type, 0, static_cast<uint16_t>(size)};
    std::memcpy(record.data(), &header, sizeof header);
    for (std::byte b : record) data_[head_++ % kSize] = b;
    __atomic_store_n(&control_.data_head, head_, __ATOMIC_RELEASE);
  }
  /// Of an event with write_backward: the newest comes before the others.
  void write_backward(uint32_t type, size_t size) {
    head_ -= size;
    std::vector<std::byte> record(size, std::byte{0xab});
    const perf_event_header header{type, 0, static_cast<uint16_t>(size)};
    std::memcpy(record.data(), &header, sizeof header);
    for (size_t i = 0; i < size; ++i) data_[(head_ + i) % kSize] = record[i];
    __atomic_store_n(&control_.data_head, head_, __ATOMIC_RELEASE);
  }
  void start_at(uint64_t position) {
    head_ = position;
    control_.data_head = control_.data_tail = position;
  }
  uint64_t tail() const { return __atomic_load_n(&control_.data_tail, __ATOMIC_ACQUIRE); }
  RingBuffer buffer() { return {&control_, data_}; }

 private:
  perf_event_mmap_page control_{};
  std::array<std::byte, kSize> data_{};
  uint64_t head_ = 0;
};

std::vector<std::pair<uint32_t, size_t>> records_in(const std::vector<std::byte>& bytes) {
  std::vector<std::pair<uint32_t, size_t>> found;
  for_each_record(bytes, [&](const perf_event_header& header, std::span<const std::byte> payload) {
    found.emplace_back(header.type, payload.size() + 8);
  });
  return found;
}

}  // namespace

TEST_CASE("an empty ring gives nothing and leaves the tail") {
  Ring ring;
  ring.start_at(4096);
  auto buffer = ring.buffer();
  std::vector<std::byte> out;
  CHECK(buffer.drain(out) == 0);
  CHECK(out.empty());
  CHECK(ring.tail() == 4096);
}

TEST_CASE("draining takes every record and gives its room back") {
  Ring ring;
  auto buffer = ring.buffer();
  ring.write(9, 40);
  ring.write(3, 24);
  CHECK(buffer.available() == 64);
  std::vector<std::byte> out;
  CHECK(buffer.drain(out) == 64);
  CHECK(records_in(out) == std::vector<std::pair<uint32_t, size_t>>{{9, 40}, {3, 24}});
  CHECK(ring.tail() == 64);
  CHECK(buffer.available() == 0);
}

TEST_CASE("a record that runs over the end of the ring comes out in one piece") {
  for (uint64_t start = Ring::kSize - 64; start <= Ring::kSize; start += 8) {
    Ring ring;
    ring.start_at(start);
    auto buffer = ring.buffer();
    ring.write(1, 16);
    ring.write(2, 48);
    std::vector<std::byte> out;
    REQUIRE(buffer.drain(out) == 64);
    REQUIRE(records_in(out) == std::vector<std::pair<uint32_t, size_t>>{{1, 16}, {2, 48}});
    CHECK(ring.tail() == start + 64);
  }
}

TEST_CASE("a full ring is drained whole, and positions beyond 32 bits work") {
  Ring ring;
  ring.start_at((uint64_t{1} << 33) + 8);
  auto buffer = ring.buffer();
  for (int i = 0; i < 4; ++i) ring.write(9, 64);
  std::vector<std::byte> out{std::byte{1}};
  CHECK(buffer.drain(out) == Ring::kSize);
  CHECK(out.size() == Ring::kSize + 1);  // appended, not replaced
}

TEST_CASE("a writer on another thread loses nothing") {
  constexpr int kRecords = 20000;
  Ring ring;
  auto buffer = ring.buffer();
  std::jthread kernel([&ring] {
    uint64_t head = 0;
    for (int i = 0; i < kRecords; ++i) {
      const size_t size = 8 + static_cast<size_t>(i % 5) * 8;
      while (head + size - ring.tail() > Ring::kSize) std::this_thread::yield();
      ring.write(static_cast<uint32_t>(i), size);
      head += size;
    }
  });
  uint32_t next = 0;
  while (next < kRecords) {
    std::vector<std::byte> out;
    if (buffer.drain(out) == 0) std::this_thread::yield();
    for (const auto& [type, size] : records_in(out)) {
      REQUIRE(type == next);
      REQUIRE(size == 8 + next % 5 * 8);
      ++next;
    }
  }
  CHECK(buffer.available() == 0);
}

TEST_CASE("an overwritten ring gives what it has, oldest first, once") {
  using Records = std::vector<std::pair<uint32_t, size_t>>;
  bool paused = false;
  const auto pause = [&paused](bool wanted) { paused = wanted; };
  Ring ring;
  auto buffer = ring.buffer();
  std::vector<std::byte> out;
  CHECK(buffer.drain_overwritten(out, pause) == 0);
  for (uint32_t type = 1; type <= 3; ++type) ring.write_backward(type, 16 + 8 * type);
  CHECK(buffer.drain_overwritten(out, pause) == 24 + 32 + 40);
  CHECK(records_in(out) == Records{{1, 24}, {2, 32}, {3, 40}});
  out.clear();
  CHECK(buffer.drain_overwritten(out, pause) == 0);
  ring.write_backward(4, 8);
  CHECK(buffer.drain_overwritten(out, pause) == 8);
  CHECK(records_in(out) == Records{{4, 8}});
}

TEST_CASE("of an overwritten ring the oldest record that is not whole is left out") {
  using Records = std::vector<std::pair<uint32_t, size_t>>;
  bool paused = false;
  const auto pause = [&paused](bool wanted) { paused = wanted; };
  Ring ring;  // 256 bytes
  auto buffer = ring.buffer();
  std::vector<std::byte> out;
  for (uint32_t type = 1; type <= 50; ++type) ring.write_backward(type, 48);
  CHECK(buffer.drain_overwritten(out, pause) == 5 * 48);
  CHECK(records_in(out) == Records{{46, 48}, {47, 48}, {48, 48}, {49, 48}, {50, 48}});
  out.clear();
  // Exactly full.
  for (uint32_t type = 1; type <= 8; ++type) ring.write_backward(type, 64);
  CHECK(buffer.drain_overwritten(out, pause) == 256);
  CHECK(records_in(out) == Records{{5, 64}, {6, 64}, {7, 64}, {8, 64}});
}
