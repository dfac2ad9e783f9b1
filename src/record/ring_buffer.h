// RingBuffer: the memory through which the kernel hands over the records of one CPU. Used by
// perf_source; tests make one by hand.
#pragma once

#include <linux/perf_event.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace prof {

/// The kernel writes records at data_head, we read them from data_tail; both only ever grow, and
/// their place in the buffer is their value modulo its size, a power of two.
///
///      ┌──────────┬───────────────┬───────────────────────────┐
///      │ control  │ free │ tail → records → head │ free        │
///      └──────────┴───────────────┴───────────────────────────┘
class RingBuffer {
 public:
  /// Maps the ring of `fd`: one control page and `data_size` bytes, a power of two of pages. On
  /// failure a ring that is not valid, and errno says why.
  static RingBuffer map(int fd, size_t data_size) { return map(fd, data_size, true); }
  /// The same for an event with write_backward: new records take the place of the oldest.
  static RingBuffer map_overwritten(int fd, size_t data_size) { return map(fd, data_size, false); }
  /// A ring in memory that someone else owns and fills.
  RingBuffer(perf_event_mmap_page* control, std::span<const std::byte> data)
      : control_(control), data_(data) {}

  RingBuffer() = default;
  RingBuffer(RingBuffer&& other) noexcept;
  RingBuffer& operator=(RingBuffer&& other) noexcept;
  ~RingBuffer();

  bool valid() const { return control_ != nullptr; }
  size_t data_size() const { return data_.size(); }
  /// Bytes waiting to be read.
  size_t available() const;
  /// Appends everything that waits to `out`, whole records always, and gives the room back to the
  /// kernel. Returns the number of bytes.
  size_t drain(std::vector<std::byte>& out);
  /// The same for a ring that is overwritten: what is left of what came since the last time, oldest
  /// first. `pause` keeps the kernel from writing meanwhile (PERF_EVENT_IOC_PAUSE_OUTPUT).
  ///
  ///      ┌──────────┬────────────────────┬──────────────────────┐
  ///      │ control  │ … older, read ←──  │ head → newest, …     │
  ///      └──────────┴────────────────────┴──────────────────────┘
  size_t drain_overwritten(std::vector<std::byte>& out, const std::function<void(bool)>& pause);

 private:
  static RingBuffer map(int fd, size_t data_size, bool writable);
  void copy(uint64_t from, size_t size, std::span<std::byte> to) const;

  perf_event_mmap_page* control_ = nullptr;
  std::span<const std::byte> data_;
  size_t mapped_size_ = 0;  // 0: not ours to unmap
  uint64_t read_head_ = 0;  // of a ring that is overwritten, at the last time
};

}  // namespace prof
