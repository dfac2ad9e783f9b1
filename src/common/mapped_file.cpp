#include "common/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

namespace prof {

namespace {
constexpr size_t kPage = 4096;
}

Result<MappedFile> MappedFile::open(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return fail_errno("cannot open '" + path + "'");
  return from_fd(std::move(fd), path);
}

Result<MappedFile> MappedFile::from_fd(UniqueFd fd, const std::string& name) {
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return fail_errno("cannot stat '" + name + "'");
  if (S_ISDIR(status.st_mode)) return fail("'" + name + "' is a directory");
  if (!S_ISREG(status.st_mode)) return fail("'" + name + "' is not a regular file");
  MappedFile file;
  file.size_ = static_cast<size_t>(status.st_size);
  if (file.size_ == 0) return file;
  void* data = ::mmap(nullptr, file.size_, PROT_READ, MAP_PRIVATE, fd.get(), 0);
  if (data == MAP_FAILED) {
    file.size_ = 0;
    return fail_errno("cannot map '" + name + "'");
  }
  file.data_ = static_cast<const std::byte*>(data);
  return file;
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_) ::munmap(const_cast<std::byte*>(data_), size_);
}

void MappedFile::advise_sequential() const {
  if (data_) ::madvise(const_cast<std::byte*>(data_), size_, MADV_SEQUENTIAL);
}

void MappedFile::load(size_t begin, size_t end) const {
#ifndef MADV_POPULATE_READ
  constexpr int MADV_POPULATE_READ = 22;  // linux/mman.h
#endif
  begin = begin / kPage * kPage;
  end = std::min(end, size_);
  if (data_ && begin < end) {
    ::madvise(const_cast<std::byte*>(data_) + begin, end - begin, MADV_POPULATE_READ);
  }
}

void MappedFile::drop(size_t begin, size_t end) const {
  begin = (begin + kPage - 1) / kPage * kPage;
  end = end / kPage * kPage;
  if (data_ && begin < end && end <= size_) {
    ::madvise(const_cast<std::byte*>(data_) + begin, end - begin, MADV_DONTNEED);
  }
}

}  // namespace prof
