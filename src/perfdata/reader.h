// Reader: opens a recording and walks its records, as often as wanted. Used by report's recording.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/mapped_file.h"
#include "common/result.h"
#include "perfdata/attr.h"
#include "perfdata/features.h"
#include "perfdata/record.h"

namespace prof {

/// A file that is not whole, or has parts that could not be read, is still a recording: what went
/// wrong is in `warnings`, each naming file and offset.
class Reader {
 public:
  /// `path` "-" reads standard input, which is spooled to an unlinked temporary file.
  static Result<std::unique_ptr<Reader>> open(const std::string& path);
  /// The same for a file that is already mapped; `path` is for messages.
  static Result<std::unique_ptr<Reader>> from_file(MappedFile file, const std::string& path);
  /// Whether these bytes begin like a recording.
  static bool has_magic(std::span<const std::byte> bytes);

  const std::string& path() const { return path_; }
  uint64_t file_size() const { return file_.bytes().size(); }
  bool is_pipe() const { return pipe_; }
  bool swapped() const { return swap_; }
  const EventTable& events() const { return events_; }
  const Features& features() const { return features_; }
  FileSection data() const { return data_; }
  std::span<const std::byte> bytes() const { return file_.bytes(); }
  const MappedFile& file() const { return file_; }
  std::vector<std::string>& warnings() { return warnings_; }
  const std::vector<std::string>& warnings() const { return warnings_; }

  /// Pipe-mode side of pass one: an attribute, feature or build id that came as a record.
  void apply_header_record(const RecordView& view);
  /// Names for events that have none, and the refusal of what is no recording of samples; called
  /// once all header records were seen.
  Result<void> finish_events();

 private:
  Reader() = default;
  Result<void> read_header();
  Result<void> read_file_header(ByteReader header);
  Result<void> read_attrs(FileSection attrs, uint64_t entry_size);
  Result<EventAttr> read_attr(uint64_t offset, uint64_t entry_size);
  bool has_feature_table(uint64_t table_offset, std::span<const std::byte> bitmap) const;
  void read_features(uint64_t table_offset, std::span<const std::byte> bitmap);
  void read_feature(uint32_t bit, std::span<const std::byte> payload, uint64_t offset);
  void apply_build_id_record(const RecordView& view);
  void apply_attr_record(const RecordView& view);
  void apply_event_update(const RecordView& view);
  void apply_feature_record(const RecordView& view);
  void apply_event_desc();
  void warn(std::string message) { warnings_.push_back(path_ + ": " + std::move(message)); }

  std::string path_;
  MappedFile file_;
  bool pipe_ = false;
  bool swap_ = false;
  FileSection data_;
  EventTable events_;
  Features features_;
  std::vector<std::string> warnings_;
};

}  // namespace prof
