// Debuginfod: debug files from the servers of $DEBUGINFOD_URLS. Asked by DebugFileFinder, last of
// all, and only where the user turned it on.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "common/build_id.h"
#include "common/result.h"

namespace prof {

struct DebuginfodOptions {
  bool enabled = false;
  /// For all questions together. When it is spent no more are asked.
  std::chrono::milliseconds budget{90'000};
  /// Called some times a second during a download. `total` is 0 while it is unknown.
  std::function<void(std::string_view what, uint64_t received, uint64_t total)> progress;
  /// Asked as often; true ends the present download and all further ones (Ctrl-C).
  std::function<bool()> cancelled;
};

/// The library is loaded by the first question, since it brings an HTTP client along. Files go to
/// the library's own cache ($DEBUGINFOD_CACHE_PATH, $XDG_CACHE_HOME/debuginfod_client). One thread
/// at a time.
class Debuginfod {
 public:
  explicit Debuginfod(DebuginfodOptions options);
  ~Debuginfod();

  /// Whether there are servers to ask, and the library to ask them with; asks none.
  static Result<void> available();

  /// The path of the debug file of that build id in the cache. `what` is for progress and messages.
  Result<std::string> find_debug_file(const BuildId& id, std::string_view what);
  /// The binary itself.
  Result<std::string> find_executable(const BuildId& id, std::string_view what);
  bool gave_up() const;

 private:
  struct Impl;
  enum class Kind : uint8_t { DebugFile, Executable };
  Result<std::string> find(Kind kind, const BuildId& id, std::string_view what);
  std::unique_ptr<Impl> impl_;
};

}  // namespace prof
