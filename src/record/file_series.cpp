#include "record/file_series.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/fs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "record/switch_output.h"

namespace prof {

namespace {

/// rename() that never replaces a file. A file system that cannot promise that is believed.
bool rename_to_new(const std::string& from, const std::string& to) {
  if (::syscall(SYS_renameat2, AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0)
    return true;
  if (errno != EINVAL && errno != ENOSYS) return false;
  if (::access(to.c_str(), F_OK) == 0) {
    errno = EEXIST;
    return false;
  }
  return ::rename(from.c_str(), to.c_str()) == 0;
}

}  // namespace

FileSeries::~FileSeries() {
  if (thread_.joinable()) thread_.join();
}

/// The name has hundredths of a second; a file that ends within the same gets the next one's.
Result<std::string> FileSeries::rename_by_time() const {
  timeval now{};
  ::gettimeofday(&now, nullptr);
  constexpr int kTries = 1000;
  for (int i = 0; i < kTries; ++i) {
    std::string name = options_.output + "." + file_timestamp(now);
    if (rename_to_new(options_.output, name)) return name;
    if (errno != EEXIST) break;
    now.tv_usec += 10000;
    if (now.tv_usec >= 1000000) now.tv_usec -= 1000000, ++now.tv_sec;
  }
  return fail_errno(fmt::format("cannot rename '{}' to '{}.{}'", options_.output, options_.output,
                                file_timestamp(now)));
}

void FileSeries::drop_oldest() {
  const uint64_t most = options_.switch_output.max_files;
  while (most != 0 && names_.size() > most) {
    ::unlink(names_.front().c_str());
    names_.pop_front();
  }
}

Result<void> FileSeries::retire(std::unique_ptr<RecordingFile> file) {
  auto before = finish();
  auto name = rename_by_time();
  if (name) names_.push_back(*name);
  drop_oldest();
  const std::string said = name ? *name : options_.output;
  thread_ = std::thread([this, said, file = std::move(file)] {
    const auto written = file->finish();
    totals_ += file->totals();
    if (!written && !error_) error_ = written.error();
    if (options_.notify) options_.notify(fmt::format("[ prof record: Dump {} ]", said));
  });
  if (!before) return before;
  if (!name) return tl::unexpected(name.error());
  return {};
}

Result<void> FileSeries::finish() {
  if (thread_.joinable()) thread_.join();
  if (error_) return tl::unexpected(*error_);
  return {};
}

}  // namespace prof
