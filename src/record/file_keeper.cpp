#include "record/file_keeper.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "object/kept_binary.h"

namespace prof {

namespace {

/// The soft limit was raised to what is allowed; the events' descriptors need most of it.
size_t most_watched() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  return static_cast<size_t>(std::min<rlim_t>(limit.rlim_cur / 4, FileKeeper::kMostWatched));
}

}  // namespace

FileKeeper::FileKeeper(DiskCache cache)
    : cache_(std::move(cache)), most_watched_(most_watched()), room_(cache_.entry_limit()) {
  thread_ = std::thread([this] { run(); });
}

FileKeeper::~FileKeeper() {
  if (thread_.joinable()) finish();
}

void FileKeeper::note(uint32_t pid, uint64_t start, uint64_t end, std::string_view name,
                      const BuildId& id) {
  // Memory without a file is "//anon"; no name of a file begins so.
  if (id.empty() || !name.starts_with('/') || name.starts_with("//")) return;
  if (!seen_.emplace(name, id.hex()).second) return;
  {
    const std::lock_guard lock(mutex_);
    RunningBinary binary;
    binary.pid = pid;
    binary.start = start;
    binary.end = end;
    binary.name = name;
    binary.id = id;
    waiting_.push_back(std::move(binary));
  }
  changed_.notify_all();
}

void FileKeeper::run() {
  for (;;) {
    RunningBinary mapped;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return closed_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      mapped = std::move(waiting_.front());
      waiting_.pop_front();
      busy_ = true;
    }
    look_at(mapped);
    {
      const std::lock_guard lock(mutex_);
      busy_ = false;
    }
    changed_.notify_all();
  }
}

void FileKeeper::drain() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !busy_ && waiting_.empty(); });
}

void FileKeeper::look_at(const RunningBinary& mapped) {
  if (UniqueFd fd = open_by_name(mapped)) {
    if (watched_.size() < most_watched_) {
      watched_.push_back({std::move(fd), mapped});
    }
    return;
  }
  if (const UniqueFd fd = open_by_process(mapped)) keep(fd, mapped.id);
}

void FileKeeper::keep(const UniqueFd& fd, const BuildId& id) {
  const std::string key = kept_binary_key(id);
  struct stat status {};
  if (cache_.has(key) || ::fstat(fd.get(), &status) != 0) return;
  const auto size = static_cast<uint64_t>(status.st_size);
  if (size > room_ || !cache_.put_file(key, fd.get())) return;
  room_ -= size;
  ++kept_.files;
  kept_.bytes += size;
}

FileKeeper::Kept FileKeeper::finish() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
  thread_.join();
  for (const Watched& watched : watched_) {
    struct stat held {};
    struct stat named {};
    const bool same = ::stat(watched.binary.name.c_str(), &named) == 0 &&
                      ::fstat(watched.fd.get(), &held) == 0 && held.st_dev == named.st_dev &&
                      held.st_ino == named.st_ino;
    if (!same && !open_by_name(watched.binary)) keep(watched.fd, watched.binary.id);
  }
  watched_.clear();
  return kept_;
}

}  // namespace prof
