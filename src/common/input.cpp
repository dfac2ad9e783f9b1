#include "common/input.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <vector>

namespace prof {

namespace {

Result<MappedFile> spool(int input) {
  auto file = temporary_file();
  if (!file) return tl::unexpected(file.error());
  std::vector<std::byte> buffer(size_t{1} << 20);
  while (true) {
    const ssize_t got = ::read(input, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("cannot read standard input");
    if (got == 0) break;
    auto done = write_whole(file->get(), std::span(buffer).first(static_cast<size_t>(got)));
    if (!done) return tl::unexpected(done.error());
  }
  return MappedFile::from_fd(std::move(*file), "standard input");
}

}  // namespace

Result<UniqueFd> temporary_file() {
  const char* directory = std::getenv("TMPDIR");
  if (!directory || !*directory) directory = "/tmp";
  UniqueFd fd(::open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (fd) return fd;
  std::string name = std::string(directory) + "/prof-input-XXXXXX";  // no O_TMPFILE there
  fd.reset(::mkostemp(name.data(), O_CLOEXEC));
  if (!fd) {
    auto error = fail_errno(std::string("cannot keep the input in '") + directory + "'");
    error.value().hint = "set TMPDIR to a directory with room for it";
    return error;
  }
  ::unlink(name.c_str());
  return fd;
}

Result<void> write_whole(int fd, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail_errno("cannot keep the input in a temporary file");
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return {};
}

Result<MappedFile> open_input(const std::string& path) {
  if (path != "-") return MappedFile::open(path);
  struct stat status {};
  const bool is_file = ::fstat(STDIN_FILENO, &status) == 0 && S_ISREG(status.st_mode);
  if (is_file && ::lseek(STDIN_FILENO, 0, SEEK_CUR) == 0) {
    return MappedFile::from_fd(UniqueFd(::dup(STDIN_FILENO)), "standard input");
  }
  return spool(STDIN_FILENO);
}

}  // namespace prof
