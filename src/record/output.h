// OutputFile: where a recording goes, made so that a failed start leaves nothing behind. Used by
// the recorder.
#pragma once

#include <string>

#include "common/result.h"
#include "common/unique_fd.h"

namespace prof {

/// A new file is written under a temporary name beside its place. commit() moves it there and keeps
/// an earlier recording as FILE.old; without commit() it disappears with this object. Files are
/// readable by their owner only (mode 0600), who under sudo is the user that called it.
class OutputFile {
 public:
  /// "-" is standard output, refused if that is a terminal. Devices and pipes are opened in place.
  static Result<OutputFile> create(const std::string& path);
  /// A file in memory, for who keeps a descriptor of it.
  static Result<OutputFile> create_unnamed();

  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&&) = delete;
  ~OutputFile();

  /// Whether only the pipe format is possible, for want of seeking.
  bool is_pipe() const { return pipe_; }
  /// Whether it is a file of ours with a name, no device and nothing that is handed through.
  bool is_regular() const { return regular_; }
  /// Gives the descriptor away, once.
  int take_fd() { return fd_.release(); }
  int fd() const { return fd_.get(); }
  Result<void> commit();

 private:
  OutputFile() = default;
  static Result<OutputFile> create_beside(const std::string& path);

  UniqueFd fd_;
  std::string path_;
  std::string temporary_;  // empty: nothing to move or remove
  bool pipe_ = false;
  bool regular_ = false;
};

}  // namespace prof
