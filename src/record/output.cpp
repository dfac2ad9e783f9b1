#include "record/output.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>

namespace prof {

namespace {

std::optional<unsigned> id_from_environment(const char* name) {
  const char* text = ::getenv(name);
  if (!text || !*text) return std::nullopt;
  unsigned id = 0;
  const char* end = text + std::strlen(text);
  const auto [stop, error] = std::from_chars(text, end, id);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return id;
}

/// Under sudo, the file belongs to who typed the command.
void give_to_sudo_user(int fd) {
  if (::geteuid() != 0) return;
  const auto uid = id_from_environment("SUDO_UID");
  const auto gid = id_from_environment("SUDO_GID");
  if (!uid) return;
  // Where the file system knows no owners, the file stays ours, which is no reason to fail.
  [[maybe_unused]] const int result = ::fchown(fd, *uid, gid.value_or(static_cast<gid_t>(-1)));
}

}  // namespace

Result<OutputFile> OutputFile::create(const std::string& path) {
  OutputFile output;
  output.path_ = path;
  if (path == "-") {
    if (::isatty(STDOUT_FILENO)) {
      return fail("refusing to write a recording to a terminal",
                  "pipe it, as in 'prof record -o - … | prof script -i -'", 2);
    }
    output.fd_.reset(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
    if (!output.fd_) return fail_errno("standard output is closed");
    output.pipe_ = true;
    return output;
  }
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0 || S_ISREG(status.st_mode)) return create_beside(path);
  if (S_ISDIR(status.st_mode)) return fail("'" + path + "' is a directory", "give a file with -o");
  output.fd_.reset(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!output.fd_) return fail_errno("cannot open '" + path + "'");
  output.pipe_ = ::lseek(output.fd_.get(), 0, SEEK_CUR) < 0;
  return output;
}

Result<OutputFile> OutputFile::create_unnamed() {
  OutputFile output;
  output.path_ = "memory";
  output.fd_.reset(::memfd_create("prof-recording", MFD_CLOEXEC));
  if (!output.fd_) return fail_errno("cannot create a file in memory");
  return output;
}

Result<OutputFile> OutputFile::create_beside(const std::string& path) {
  OutputFile output;
  output.path_ = path;
  const auto temporary = fmt::format("{}.{}.tmp", path, ::getpid());
  output.fd_.reset(::open(temporary.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!output.fd_) {
    const int error = errno;
    auto failure = fail_errno("cannot create '" + path + "'", error);
    if (error == EACCES || error == EROFS) {
      failure.value().hint = "choose another place with -o FILE";
    }
    return failure;
  }
  output.temporary_ = temporary;
  output.regular_ = true;
  give_to_sudo_user(output.fd_.get());
  return output;
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : fd_(std::move(other.fd_)),
      path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, {})),
      pipe_(other.pipe_),
      regular_(other.regular_) {}

OutputFile::~OutputFile() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

Result<void> OutputFile::commit() {
  if (temporary_.empty()) return {};
  struct stat status {};
  const bool earlier = ::stat(path_.c_str(), &status) == 0 && status.st_size != 0;
  if (earlier && ::rename(path_.c_str(), (path_ + ".old").c_str()) != 0) {
    return fail_errno("cannot keep the earlier '" + path_ + "' as '" + path_ + ".old'");
  }
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
    return fail_errno("cannot create '" + path_ + "'");
  }
  temporary_.clear();
  return {};
}

}  // namespace prof
