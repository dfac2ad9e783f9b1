// FileRewriter: a new perf.data file of what was read from another one, byte for byte where that is
// possible, in the byte order of the old one. Used by repair; its parts by
// embed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "common/result.h"
#include "common/unique_fd.h"
#include "perfdata/reader.h"
#include "perfdata/record.h"

namespace prof {

/// An event's attribute as it lies in a file.
struct RawEvent {
  std::vector<std::byte> attr;
  std::vector<uint64_t> ids;
  std::string name;
};

/// The payloads of a file's header features, by bit; empty for pipes and for files that were not
/// finished.
std::map<uint32_t, std::span<const std::byte>> raw_features(const Reader& reader);

/// The attributes of a file's header. Empty for pipes.
std::vector<RawEvent> raw_events(const Reader& reader);

class FileRewriter {
 public:
  /// Writes to a temporary file beside `path`, which finish() renames. Attributes longer than perf
  /// 6.1 takes are cut; gives whether something was lost by that in `cut`.
  static Result<std::unique_ptr<FileRewriter>> create(const std::string& path, bool swapped,
                                                      std::vector<RawEvent> events, bool& cut);
  ~FileRewriter();

  /// A record of any size, padded to a multiple of 8 before its last `tail` bytes.
  Result<void> write(const RecordView& record, size_t tail);
  /// Event names are written as EVENT_DESC besides `features`.
  Result<void> finish(std::map<uint32_t, std::vector<std::byte>> features);

 private:
  FileRewriter() = default;
  Result<void> write_start();
  Result<void> put(std::span<const std::byte> bytes);
  Result<void> flush();
  std::vector<std::byte> event_desc() const;

  std::string path_, unfinished_;
  UniqueFd fd_;
  bool swapped_ = false;
  std::vector<RawEvent> events_;
  uint64_t attrs_offset_ = 0, data_offset_ = 0;
  uint64_t written_ = 0;
  std::vector<std::byte> buffer_;
};

}  // namespace prof
