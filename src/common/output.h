// Output: the one buffer between prof's text and a file descriptor. Used by everything that prints.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace prof {

/// Collects text and writes it in large pieces. A write error is kept and reported by flush();
/// EPIPE counts as an error of its own, so that `prof script | head` can end quietly.
class Output {
 public:
  explicit Output(int fd, size_t capacity = size_t{256} << 10);
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  ~Output();

  void write(std::string_view text) {
    if (text.size() > capacity_ - used_) {
      write_slow(text);
      return;
    }
    append(text);
  }
  Output& operator<<(std::string_view text) {
    write(text);
    return *this;
  }
  /// Room for at least `size` bytes, to be filled and then committed; size must fit the capacity.
  char* reserve(size_t size);
  void commit(size_t size) { used_ += size; }

  Result<void> flush();
  /// True once the reader of our pipe has gone: stop producing.
  bool broken() const { return error_ != 0; }

 private:
  void append(std::string_view text);
  void write_slow(std::string_view text);
  void drain();
  void write_all(std::string_view text);

  int fd_;
  size_t capacity_;
  size_t used_ = 0;
  int error_ = 0;
  std::vector<char> buffer_;
};

}  // namespace prof
