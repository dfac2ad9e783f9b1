#include "record/file_keeper.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "common/text_file.h"
#include "object/build_id_reader.h"
#include "object/kept_binary.h"
#include "object/proc_maps.h"

namespace prof {

namespace {

/// Opens nothing but regular files: opening a device or a FIFO may do things. What was looked at
/// is what is opened, whatever happens to the name meanwhile.
UniqueFd open_regular(const std::string& path) {
  const UniqueFd place(::open(path.c_str(), O_PATH | O_CLOEXEC));
  struct stat status {};
  if (!place || ::fstat(place.get(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
  return UniqueFd(
      ::open(fmt::format("/proc/self/fd/{}", place.get()).c_str(), O_RDONLY | O_CLOEXEC));
}

bool is_binary(const UniqueFd& fd, const BuildId& id) {
  return fd && id.same_as(build_id_of_file(fd.get()));
}

/// The range of the mapping that holds `addr` now: its ends may have moved since it was made.
std::optional<std::pair<uint64_t, uint64_t>> range_at(uint32_t pid, uint64_t addr) {
  const auto maps = read_text_file(fmt::format("/proc/{}/maps", pid));
  if (!maps) return std::nullopt;
  std::optional<std::pair<uint64_t, uint64_t>> range;
  for_each_proc_map(*maps, [&](const ProcMapsEntry& entry) {
    if (addr >= entry.start && addr < entry.end) range = {entry.start, entry.end};
  });
  return range;
}

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
    waiting_.push_back({pid, start, end, std::string(name), id});
  }
  changed_.notify_all();
}

void FileKeeper::run() {
  for (;;) {
    Mapped mapped;
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

void FileKeeper::look_at(const Mapped& mapped) {
  if (UniqueFd fd = open_regular(mapped.name); is_binary(fd, mapped.id)) {
    if (watched_.size() < most_watched_) {
      watched_.push_back({std::move(fd), mapped.name, mapped.id});
    }
    return;
  }
  const auto of_process = [&](std::string_view what) {
    return open_regular(fmt::format("/proc/{}/{}", mapped.pid, what));
  };
  const auto of_range = [&](uint64_t start, uint64_t end) {
    return of_process(fmt::format("map_files/{:x}-{:x}", start, end));
  };
  // map_files takes privileges that looking at one's own processes does not, but leads to files
  // that are deleted, too.
  UniqueFd fd = of_range(mapped.start, mapped.end);
  if (!fd) {
    if (const auto range = range_at(mapped.pid, mapped.start)) {
      fd = of_range(range->first, range->second);
    }
  }
  if (!is_binary(fd, mapped.id)) fd = of_process("exe");
  if (!is_binary(fd, mapped.id)) fd = of_process("root" + mapped.name);
  if (is_binary(fd, mapped.id)) keep(fd, mapped.id);
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
    const bool same = ::stat(watched.name.c_str(), &named) == 0 &&
                      ::fstat(watched.fd.get(), &held) == 0 && held.st_dev == named.st_dev &&
                      held.st_ino == named.st_ino;
    if (!same && !is_binary(open_regular(watched.name), watched.id)) keep(watched.fd, watched.id);
  }
  watched_.clear();
  return kept_;
}

}  // namespace prof
