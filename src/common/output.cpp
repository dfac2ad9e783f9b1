#include "common/output.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace prof {

Output::Output(int fd, size_t capacity) : fd_(fd), capacity_(capacity), buffer_(capacity) {}

Output::~Output() {
  drain();
}

void Output::append(std::string_view text) {
  std::memcpy(buffer_.data() + used_, text.data(), text.size());
  used_ += text.size();
}

char* Output::reserve(size_t size) {
  if (size > capacity_ - used_) drain();
  return buffer_.data() + used_;
}

void Output::write_slow(std::string_view text) {
  drain();
  if (text.size() > capacity_) {
    write_all(text);
  } else {
    append(text);
  }
}

void Output::drain() {
  write_all({buffer_.data(), used_});
  used_ = 0;
}

void Output::write_all(std::string_view text) {
  while (!text.empty() && error_ == 0) {
    const ssize_t written = ::write(fd_, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<size_t>(written));
    } else if (errno != EINTR) {
      error_ = errno;
    }
  }
}

Result<void> Output::flush() {
  drain();
  if (error_ != 0) return fail_errno("cannot write output", error_);
  return {};
}

}  // namespace prof
