#include "common/disk_cache.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <vector>

#include "common/hash.h"
#include "common/unique_fd.h"

namespace prof {

namespace fs = std::filesystem;

namespace {

// Of another version, or cut: not there. The hash is for files that a full disk or a crash left
// damaged, not against whoever may write here.
constexpr std::string_view kMagic = "prof cache 1\n\n\n\n";
constexpr time_t kRefreshAfter = 24 * 3600;  // seconds after which use is noted again
constexpr std::string_view kUnfinished = ".tmp";

struct Header {
  std::array<char, 16> magic{};
  uint64_t size = 0;
  uint64_t hash = 0;
};
static_assert(sizeof(Header) == 32);

bool is_key(std::string_view key) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.';
  };
  return !key.empty() && key.size() < 200 && key.front() != '.' && !key.ends_with(kUnfinished) &&
         std::ranges::all_of(key, allowed);
}

bool write_all(int fd, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return true;
}

}  // namespace

DiskCache DiskCache::of_user() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value && *value == '/' ? value : "");
  };
  if (const auto own = variable("PROF_CACHE_DIR"); !own.empty()) return DiskCache(own);
  if (const auto xdg = variable("XDG_CACHE_HOME"); !xdg.empty()) return DiskCache(xdg + "/prof");
  if (const auto home = variable("HOME"); !home.empty()) return DiskCache(home + "/.cache/prof");
  return {};
}

DiskCache::DiskCache(std::string directory, uint64_t limit)
    : directory_(std::move(directory)), limit_(limit) {}

bool DiskCache::is_ours() const {
  struct stat status {};
  return !directory_.empty() && ::stat(directory_.c_str(), &status) == 0 &&
         S_ISDIR(status.st_mode) && status.st_uid == ::geteuid() && (status.st_mode & 022) == 0;
}

std::optional<DiskCache::Entry> DiskCache::get(std::string_view key) const {
  if (!is_key(key) || !is_ours()) return std::nullopt;
  const std::string path = directory_ + "/" + std::string(key);
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd) return std::nullopt;
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0 || status.st_uid != ::geteuid()) return std::nullopt;
  if (::time(nullptr) - status.st_mtime > kRefreshAfter) ::futimens(fd.get(), nullptr);
  auto file = MappedFile::from_fd(std::move(fd), path);
  if (!file || file->bytes().size() < sizeof(Header)) return std::nullopt;
  Header header;
  std::memcpy(&header, file->bytes().data(), sizeof header);
  const auto bytes = file->bytes().subspan(sizeof header);
  const std::string_view magic(header.magic.data(), header.magic.size());
  if (magic != kMagic || header.size != bytes.size()) return std::nullopt;
  if (header.hash != hash_bytes(bytes)) return std::nullopt;
  Entry entry;
  entry.file_ = std::move(*file);
  return entry;
}

void DiskCache::put(std::string_view key, std::span<const std::byte> bytes) const {
  if (!enabled() || !is_key(key) || bytes.size() > limit_ / 2) return;
  std::error_code error;
  const fs::path parent = fs::path(directory_).parent_path();
  fs::create_directories(parent, error);
  if (::mkdir(directory_.c_str(), 0700) != 0 && errno != EEXIST) return;
  if (!is_ours()) return;
  make_room(sizeof(Header) + bytes.size());
  const std::string path = directory_ + "/" + std::string(key);
  const std::string unfinished = path + "." + std::to_string(::getpid()) + std::string(kUnfinished);
  const UniqueFd fd(
      ::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return;
  Header header;
  std::ranges::copy(kMagic, header.magic.begin());
  header.size = bytes.size();
  header.hash = hash_bytes(bytes);
  const bool whole =
      write_all(fd.get(), std::as_bytes(std::span(&header, 1))) && write_all(fd.get(), bytes);
  if (!whole || ::rename(unfinished.c_str(), path.c_str()) != 0) ::unlink(unfinished.c_str());
}

void DiskCache::make_room(uint64_t size) const {
  struct Old {
    fs::file_time_type used;
    fs::path path;
    uint64_t size;
  };
  std::vector<Old> entries;
  std::error_code error;
  uint64_t total = size;
  for (fs::directory_iterator it(directory_, error), end; !error && it != end;
       it.increment(error)) {
    std::error_code ignored;
    if (!it->is_regular_file(ignored)) continue;
    entries.push_back({it->last_write_time(ignored), it->path(), it->file_size(ignored)});
    total += entries.back().size;
  }
  std::ranges::sort(entries, {}, &Old::used);
  for (const Old& old : entries) {
    if (total <= limit_) return;
    if (::unlink(old.path.c_str()) == 0) total -= old.size;
  }
}

}  // namespace prof
