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
constexpr std::string_view kMagic = "prof cache 2\n\n\n\n";
constexpr time_t kRefreshAfter = 24 * 3600;  // seconds after which use is noted again
constexpr std::string_view kUnfinished = ".tmp";

struct Trailer {
  std::array<char, 16> magic{};
  uint64_t size = 0;
  uint64_t hash = 0;
};
static_assert(sizeof(Trailer) == 32);

// What is hashed at once: a file that is copied is never in memory as a whole.
constexpr size_t kChunk = size_t{1} << 20;

uint64_t hash_chunks(std::span<const std::byte> bytes, uint64_t hash = 0) {
  for (; bytes.size() > kChunk; bytes = bytes.subspan(kChunk)) {
    hash = hash_bytes(bytes.first(kChunk), hash);
  }
  return hash_bytes(bytes, hash);
}

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

bool read_all(int fd, uint64_t offset, std::span<std::byte> out) {
  while (!out.empty()) {
    const ssize_t got = ::pread(fd, out.data(), out.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    offset += static_cast<uint64_t>(got);
    out = out.subspan(static_cast<size_t>(got));
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

UniqueFd DiskCache::open_entry(std::string_view key) const {
  if (!is_key(key) || !is_ours()) return {};
  const std::string path = directory_ + "/" + std::string(key);
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd) return {};
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0 || status.st_uid != ::geteuid()) return {};
  if (::time(nullptr) - status.st_mtime > kRefreshAfter) ::futimens(fd.get(), nullptr);
  return fd;
}

bool DiskCache::has(std::string_view key) const {
  return static_cast<bool>(open_entry(key));
}

std::optional<DiskCache::Entry> DiskCache::get(std::string_view key) const {
  UniqueFd fd = open_entry(key);
  if (!fd) return std::nullopt;
  const std::string path = directory_ + "/" + std::string(key);
  auto file = MappedFile::from_fd(std::move(fd), path);
  if (!file || file->bytes().size() < sizeof(Trailer)) return std::nullopt;
  const auto bytes = file->bytes().first(file->bytes().size() - sizeof(Trailer));
  Trailer trailer;
  std::memcpy(&trailer, bytes.data() + bytes.size(), sizeof trailer);
  const std::string_view magic(trailer.magic.data(), trailer.magic.size());
  if (magic != kMagic || trailer.size != bytes.size()) return std::nullopt;
  if (trailer.hash != hash_chunks(bytes)) return std::nullopt;
  Entry entry;
  entry.file_ = std::move(*file);
  entry.path_ = path;
  return entry;
}

/// An entry that is being written: it gets its name when it is whole, and is gone if it is not.
class DiskCache::NewFile {
 public:
  NewFile(const DiskCache& cache, std::string_view key, uint64_t size) {
    if (!cache.enabled() || !is_key(key) || size > cache.entry_limit()) return;
    std::error_code error;
    fs::create_directories(fs::path(cache.directory_).parent_path(), error);
    if (::mkdir(cache.directory_.c_str(), 0700) != 0 && errno != EEXIST) return;
    if (!cache.is_ours()) return;
    cache.make_room(sizeof(Trailer) + size);
    path_ = cache.directory_ + "/" + std::string(key);
    unfinished_ = path_ + "." + std::to_string(::getpid()) + std::string(kUnfinished);
    fd_.reset(
        ::open(unfinished_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;
  ~NewFile() {
    if (fd_) ::unlink(unfinished_.c_str());
  }

  explicit operator bool() const { return static_cast<bool>(fd_); }
  bool write(std::span<const std::byte> bytes) const { return write_all(fd_.get(), bytes); }
  bool finish(uint64_t size, uint64_t hash) {
    Trailer trailer;
    std::ranges::copy(kMagic, trailer.magic.begin());
    trailer.size = size;
    trailer.hash = hash;
    if (!write(std::as_bytes(std::span(&trailer, 1)))) return false;
    if (::rename(unfinished_.c_str(), path_.c_str()) != 0) return false;
    fd_.reset();
    return true;
  }

 private:
  std::string path_, unfinished_;
  UniqueFd fd_;
};

void DiskCache::put(std::string_view key, std::span<const std::byte> bytes) const {
  NewFile file(*this, key, bytes.size());
  if (file && file.write(bytes)) file.finish(bytes.size(), hash_chunks(bytes));
}

bool DiskCache::put_file(std::string_view key, int fd) const {
  struct stat status {};
  if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) return false;
  const auto size = static_cast<uint64_t>(status.st_size);
  NewFile file(*this, key, size);
  if (!file) return false;
  std::vector<std::byte> buffer(static_cast<size_t>(std::min<uint64_t>(size, kChunk)));
  uint64_t hash = 0;
  uint64_t done = 0;
  do {
    const auto chunk =
        std::span(buffer).first(static_cast<size_t>(std::min<uint64_t>(size - done, kChunk)));
    if (!read_all(fd, done, chunk) || !file.write(chunk)) return false;
    hash = hash_bytes(chunk, hash);
    done += chunk.size();
  } while (done < size);
  return file.finish(size, hash);
}

DiskCache::Usage DiskCache::usage() const {
  Usage usage;
  std::error_code error;
  for (fs::directory_iterator it(directory_, error), end; !error && it != end;
       it.increment(error)) {
    std::error_code ignored;
    if (!it->is_regular_file(ignored)) continue;
    const uintmax_t size = it->file_size(ignored);
    if (ignored) continue;
    ++usage.entries;
    usage.bytes += size;
  }
  return usage;
}

Result<void> DiskCache::check() const {
  if (!enabled()) {
    return fail("there is no folder for the cache", "set HOME, XDG_CACHE_HOME or PROF_CACHE_DIR");
  }
  std::error_code error;
  fs::path folder(directory_);
  if (fs::exists(folder, error)) {
    if (!is_ours()) {
      return fail(directory_ + " is not this user's own, or others may write to it",
                  "set PROF_CACHE_DIR, or 'chmod go-w' it");
    }
  } else {
    while (folder.has_relative_path() && !fs::exists(folder, error)) folder = folder.parent_path();
  }
  if (::euidaccess(folder.c_str(), W_OK | X_OK) != 0) {
    return fail("cannot write to " + folder.string(),
                "set PROF_CACHE_DIR to a folder of one's own");
  }
  return {};
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
