// WriteQueue: takes records from the recorder's loop and writes them on a thread of its own, so
// that compression and a slow disk do not keep the loop from draining the rings. Used by the
// recorder.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "common/result.h"
#include "common/unique_fd.h"
#include "perfdata/writer.h"
#include "record/tally.h"

namespace prof {

class WriteQueue {
 public:
  /// Bytes of records that may wait for the disk. Beyond, the loop leaves them in the rings, and
  /// what finds no room there is lost and counted by the kernel.
  static constexpr size_t kBound = size_t{256} << 20;

  /// `writer` and `tally` belong to the queue's thread until finish() has returned.
  WriteQueue(Writer& writer, Tally& tally, size_t bound = kBound);
  ~WriteQueue();
  WriteQueue(const WriteQueue&) = delete;
  WriteQueue& operator=(const WriteQueue&) = delete;

  /// An empty buffer, of the size that records usually need.
  std::vector<std::byte> buffer();
  /// Queues whole records; `round` ends a pass over all rings. Never blocks.
  void push(std::vector<std::byte> records, bool round);
  /// Asks for everything so far to be put into the file soon.
  void request_flush();
  bool has_room() const { return waiting_.load(std::memory_order_relaxed) < bound_; }
  /// Half of the room is taken: time to save.
  bool is_pressed() const { return waiting_.load(std::memory_order_relaxed) >= bound_ / 2; }

  /// Says that what describes the system at the file's begin has been pushed.
  void end_description();
  /// From now on full_fd() becomes readable, once, when the file has so many bytes, of which the
  /// description is at most half; 0: never.
  void set_full_size(uint64_t bytes) { full_size_ = bytes; }
  int full_fd() const { return full_fd_.get(); }
  /// Becomes readable when the recording must end: a write failed, or the file is large enough.
  int stop_fd() const { return stop_fd_.get(); }
  /// Writes what is left and ends the thread; the first error, if there was one.
  Result<void> finish();

 private:
  struct Item {
    std::vector<std::byte> records;
    bool round = false;
    bool flush = false;
    bool ends_description = false;
  };
  void run();
  Result<void> write(const Item& item);
  void recycle(std::vector<std::byte> records);
  void signal_stop();
  void signal_full();

  Writer& writer_;
  Tally& tally_;
  size_t bound_;
  UniqueFd stop_fd_;
  UniqueFd full_fd_;
  std::atomic<uint64_t> full_size_ = 0;
  uint64_t description_size_ = UINT64_MAX / 2;  // of the thread alone; not known yet
  bool full_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Item> items_;
  std::vector<std::vector<std::byte>> spare_;
  bool closed_ = false;
  std::atomic<size_t> waiting_ = 0;  // bytes in items_ and in the item being written
  std::optional<Error> error_;       // of the thread; read after it was joined
  std::thread thread_;
};

}  // namespace prof
