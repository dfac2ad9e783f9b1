#include "record/ring_buffer.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <utility>

#include "perfdata/record_walk.h"

namespace prof {

namespace {

using SharedWord = std::atomic_ref<unsigned long long>;

/// Acquire: pairs with the kernel's barrier between writing records and moving data_head, so that
/// all bytes before the head we see are there (kernel/events/ring_buffer.c, "A matches D").
uint64_t load_head(perf_event_mmap_page& control) {
  static_assert(sizeof control.data_head == sizeof(unsigned long long));
  return SharedWord(control.data_head).load(std::memory_order_acquire);
}

/// Release: our reads of the records are over before the kernel sees that it may write there again
/// ("C matches B").
void store_tail(perf_event_mmap_page& control, uint64_t tail) {
  SharedWord(control.data_tail).store(tail, std::memory_order_release);
}

}  // namespace

RingBuffer RingBuffer::map(int fd, size_t data_size, bool writable) {
  RingBuffer ring;
  const auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  // A ring that we cannot write to has no tail, and the kernel stops for nothing (perf_mmap()).
  const int access = writable ? PROT_READ | PROT_WRITE : PROT_READ;
  void* base = ::mmap(nullptr, page + data_size, access, MAP_SHARED, fd, 0);
  if (base == MAP_FAILED) return ring;
  ring.control_ = static_cast<perf_event_mmap_page*>(base);
  ring.data_ = {static_cast<const std::byte*>(base) + page, data_size};
  ring.mapped_size_ = page + data_size;
  return ring;
}

RingBuffer::RingBuffer(RingBuffer&& other) noexcept
    : control_(std::exchange(other.control_, nullptr)),
      data_(std::exchange(other.data_, {})),
      mapped_size_(std::exchange(other.mapped_size_, 0)),
      read_head_(other.read_head_) {}

RingBuffer& RingBuffer::operator=(RingBuffer&& other) noexcept {
  std::swap(control_, other.control_);
  std::swap(data_, other.data_);
  std::swap(mapped_size_, other.mapped_size_);
  std::swap(read_head_, other.read_head_);
  return *this;
}

RingBuffer::~RingBuffer() {
  if (mapped_size_ != 0) ::munmap(control_, mapped_size_);
}

size_t RingBuffer::available() const {
  return static_cast<size_t>(load_head(*control_) - control_->data_tail);
}

size_t RingBuffer::drain(std::vector<std::byte>& out) {
  const uint64_t head = load_head(*control_);
  const uint64_t tail = control_->data_tail;  // ours alone: no ordering needed
  const auto size = static_cast<size_t>(head - tail);
  if (size == 0) return 0;
  out.resize(out.size() + size);
  copy(tail, size, std::span(out).last(size));
  store_tail(*control_, head);
  return size;
}

/// A record that runs over the end of the buffer goes on at its start.
void RingBuffer::copy(uint64_t from, size_t size, std::span<std::byte> to) const {
  const auto begin = static_cast<size_t>(from & (data_.size() - 1));
  const auto first = data_.subspan(begin, std::min(size, data_.size() - begin));
  const auto second = data_.first(size - first.size());
  std::ranges::copy(first, to.begin());
  std::ranges::copy(second, to.begin() + static_cast<ptrdiff_t>(first.size()));
}

size_t RingBuffer::drain_overwritten(std::vector<std::byte>& out,
                                     const std::function<void(bool)>& pause) {
  std::vector<std::byte> newest_first(data_.size());  // touched before the kernel has to wait
  pause(true);
  // Each record begins where the one before it in time ends: the head falls from 0 on, modulo 2^64.
  const uint64_t head = load_head(*control_);
  const uint64_t written = std::exchange(read_head_, head) - head;
  const auto size = static_cast<size_t>(std::min<uint64_t>(written, data_.size()));
  copy(head, size, newest_first);
  pause(false);
  const auto all = std::span<const std::byte>(newest_first).first(size);
  std::vector<std::span<const std::byte>> records;
  // The oldest may be overwritten in part; it runs over what was copied.
  for (size_t at = 0;;) {
    const auto header = record_header(all.subspan(at));
    if (header.size == 0) break;
    records.push_back(all.subspan(at, header.size));
    at += header.size;
  }
  const size_t before = out.size();
  for (auto record = records.rbegin(); record != records.rend(); ++record) {
    out.insert(out.end(), record->begin(), record->end());
  }
  return out.size() - before;
}

}  // namespace prof
