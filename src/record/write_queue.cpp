#include "record/write_queue.h"

#include <sys/eventfd.h>

#include "perfdata/encode.h"

namespace prof {

WriteQueue::WriteQueue(Writer& writer, Tally& tally, size_t bound)
    : writer_(writer),
      tally_(tally),
      bound_(bound),
      stop_fd_(::eventfd(0, EFD_CLOEXEC)),
      full_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  thread_ = std::thread([this] { run(); });
}

WriteQueue::~WriteQueue() {
  if (thread_.joinable()) (void)finish();
}

std::vector<std::byte> WriteQueue::buffer() {
  const std::lock_guard lock(mutex_);
  if (spare_.empty()) return {};
  auto records = std::move(spare_.back());
  spare_.pop_back();
  return records;
}

void WriteQueue::recycle(std::vector<std::byte> records) {
  // What a burst needed is given back; what every pass needs is kept.
  constexpr size_t kMaxSpare = 2;
  constexpr size_t kMaxCapacity = size_t{2} << 20;
  records.clear();
  const std::lock_guard lock(mutex_);
  if (records.capacity() <= kMaxCapacity && spare_.size() < kMaxSpare) {
    spare_.push_back(std::move(records));
  }
}

void WriteQueue::push(std::vector<std::byte> records, bool round) {
  waiting_.fetch_add(records.size(), std::memory_order_relaxed);
  {
    const std::lock_guard lock(mutex_);
    items_.push_back({std::move(records), round});
  }
  changed_.notify_one();
}

void WriteQueue::request_flush() {
  {
    const std::lock_guard lock(mutex_);
    Item item;
    item.flush = true;
    items_.push_back(std::move(item));
  }
  changed_.notify_one();
}

void WriteQueue::end_description() {
  {
    const std::lock_guard lock(mutex_);
    Item item;
    item.ends_description = true;
    items_.push_back(std::move(item));
  }
  changed_.notify_one();
}

Result<void> WriteQueue::finish() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_one();
  thread_.join();
  if (error_) return tl::unexpected(*error_);
  return {};
}

void WriteQueue::run() {
  bool stopped = false;
  for (;;) {
    Item item;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return closed_ || !items_.empty(); });
      if (items_.empty()) return;
      item = std::move(items_.front());
      items_.pop_front();
    }
    const size_t size = item.records.size();
    if (!stopped) {  // what comes after the limit is not wanted, after an error not possible
      if (auto done = write(item); !done) error_ = done.error();
    }
    waiting_.fetch_sub(size, std::memory_order_relaxed);
    recycle(std::move(item.records));
    if (!stopped && (error_ || writer_.reached_max_size())) {
      stopped = true;
      signal_stop();
    }
    signal_full();
  }
}

Result<void> WriteQueue::write(const Item& item) {
  if (!item.records.empty()) {
    tally_.observe(item.records);
    if (auto done = writer_.write_data(item.records); !done) return done;
  }
  if (item.round) {
    RecordEncoder round(0);
    round.finished_round();
    if (auto done = writer_.write_plain(round.view()); !done) return done;
  }
  if (item.ends_description) description_size_ = writer_.stats().bytes_out;
  return item.flush ? writer_.flush() : Result<void>{};
}

void WriteQueue::signal_full() {
  const uint64_t most = full_size_.load(std::memory_order_relaxed);
  if (full_ || most == 0) return;
  const uint64_t size = writer_.stats().bytes_out;
  if (size < most || size / 2 < description_size_) return;
  full_ = true;
  ::eventfd_write(full_fd_.get(), 1);
}

void WriteQueue::signal_stop() {
  ::eventfd_write(stop_fd_.get(), 1);
}

}  // namespace prof
