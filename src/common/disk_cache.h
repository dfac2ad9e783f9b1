// DiskCache: what was expensive to make, or will be gone, kept between runs. Used by the symbol
// sources, by UnwindModule, and by record for binaries that nobody will find later.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "common/mapped_file.h"
#include "common/result.h"

namespace prof {

/// A directory with one file an entry: what was put, and a trailer of 32 bytes, which readers of
/// ELF files do not mind, so that a binary in here can be opened by its path. Several prof may use
/// it at once: entries are written beside and renamed into place, and one that is not whole is as
/// good as none. Nothing here fails: what cannot be kept is not, and what cannot be read is not
/// there.
class DiskCache {
 public:
  static constexpr uint64_t kDefaultLimit = uint64_t{512} << 20;  // bytes

  /// The user's own: $PROF_CACHE_DIR, else $XDG_CACHE_HOME/prof, else $HOME/.cache/prof. Only a
  /// directory that belongs to the effective user, and that nobody else may write, is used: what
  /// lies there is believed.
  static DiskCache of_user();
  /// One that holds nothing.
  DiskCache() = default;
  explicit DiskCache(std::string directory, uint64_t limit = kDefaultLimit);

  class Entry {
   public:
    std::span<const std::byte> bytes() const {
      return file_.bytes().first(file_.bytes().size() - kTrailerSize);
    }
    /// A file that begins with these bytes, as long as nobody drops it.
    const std::string& path() const { return path_; }

   private:
    friend class DiskCache;
    MappedFile file_;
    std::string path_;
  };

  /// What was put under `key`: letters, digits, '-' and '.', with all that the contents depend on.
  std::optional<Entry> get(std::string_view key) const;
  /// Keeps `bytes`, and drops the entries that were not asked for longest where there is no room.
  void put(std::string_view key, std::span<const std::byte> bytes) const;
  /// Keeps what is now in the file behind `fd`, from its beginning to its end; false if it was not
  /// kept, for want of room or because it changed meanwhile.
  bool put_file(std::string_view key, int fd) const;
  /// Whether there is an entry, be it whole or not. It counts as use.
  bool has(std::string_view key) const;
  /// The most that one entry may hold.
  uint64_t entry_limit() const { return limit_ / 2; }

  /// What lies there now.
  struct Usage {
    size_t entries = 0;
    uint64_t bytes = 0;
  };
  Usage usage() const;
  uint64_t limit() const { return limit_; }
  /// Why nothing would be kept, told without keeping anything.
  Result<void> check() const;

  bool enabled() const { return !directory_.empty(); }
  const std::string& directory() const { return directory_; }

 private:
  static constexpr size_t kTrailerSize = 32;
  class NewFile;
  bool is_ours() const;
  UniqueFd open_entry(std::string_view key) const;
  void make_room(uint64_t size) const;

  std::string directory_;  // empty: none
  uint64_t limit_ = 0;
};

}  // namespace prof
