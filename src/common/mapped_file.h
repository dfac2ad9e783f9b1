// MappedFile: a whole file, readable in place. Used for recordings, ELF files and text inputs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "common/result.h"
#include "common/unique_fd.h"

namespace prof {

/// A read-only private mapping. Pages stay mapped until drop() or destruction. An empty file maps
/// to an empty span. A file that shrinks while mapped raises SIGBUS: callers that read files others
/// may truncate should keep to files they own or that were renamed into place.
class MappedFile {
 public:
  static Result<MappedFile> open(const std::string& path);
  /// Takes over `fd`; `name` is for messages only.
  static Result<MappedFile> from_fd(UniqueFd fd, const std::string& name);

  MappedFile() = default;
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  std::span<const std::byte> bytes() const { return {data_, size_}; }
  /// Tells the kernel that the file will be read once, front to back.
  void advise_sequential() const;
  /// Has [begin, end) of the file at hand at once, which costs less than a fault every few pages.
  /// What cannot be had, or a kernel that cannot do it (before 5.14), is left to the faults.
  void load(size_t begin, size_t end) const;
  /// Gives back the memory of [begin, end) of the file; reading there again faults it in anew.
  void drop(size_t begin, size_t end) const;

 private:
  const std::byte* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace prof
