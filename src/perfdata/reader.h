// Reader: opens a recording and walks its records, as often as wanted. Used by report's recording.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/mapped_file.h"
#include "common/result.h"
#include "perfdata/attr.h"
#include "perfdata/features.h"
#include "perfdata/record.h"

namespace prof {

/// A run of records: the data section, or one of several.
struct DataSegment {
  const MappedFile* file = nullptr;
  FileSection records;  // where they lie in the file
  std::string path;     // for messages
};

/// A file that is not whole, or has parts that could not be read, is still a recording: what went
/// wrong is in `warnings`, each naming file and offset.
class Reader {
 public:
  /// `path` "-" reads standard input, which is spooled to an unlinked temporary file.
  static Result<std::unique_ptr<Reader>> open(const std::string& path);
  /// The same for a file that is already mapped; `path` is for messages.
  static Result<std::unique_ptr<Reader>> from_file(MappedFile file, const std::string& path);
  /// Takes the other files of a recording that is a directory: data.0, data.1 and so on, each with
  /// records and a zstd stream of its own (perf record --threads). To be called before all else.
  Result<void> add_parts(const std::string& directory);
  bool has_parts() const { return !parts_.empty(); }
  /// Whether these bytes begin like a recording.
  static bool has_magic(std::span<const std::byte> bytes);

  const std::string& path() const { return path_; }
  uint64_t file_size() const { return file_.bytes().size(); }
  bool is_pipe() const { return pipe_; }
  bool swapped() const { return swap_; }
  /// Of the format: 2, or 1 for what was written before Linux 3.7.
  int version() const { return version_; }
  const EventTable& events() const { return events_; }
  const Features& features() const { return features_; }
  FileSection data() const { return data_; }
  /// Everything that has records, in the order to read it; the data section is one of them.
  std::vector<DataSegment> segments() const;
  std::span<const std::byte> bytes() const { return file_.bytes(); }
  const MappedFile& file() const { return file_; }
  std::vector<std::string>& warnings() { return warnings_; }
  const std::vector<std::string>& warnings() const { return warnings_; }

  /// What cursors tell of how far they are, in bytes: now and then, and at their end.
  using Progress = std::function<void(uint64_t done, uint64_t total)>;
  void set_progress(Progress progress) { progress_ = std::move(progress); }
  void report_progress(uint64_t done, uint64_t total) const {
    if (progress_) progress_(done, total);
  }

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
  void apply_tracing_data_record(const RecordView& view);
  void apply_event_id_record(const RecordView& view);
  void apply_event_desc();
  void warn(std::string message) { warnings_.push_back(path_ + ": " + std::move(message)); }

  std::string path_;
  MappedFile file_;
  bool pipe_ = false;
  bool swap_ = false;
  int version_ = 2;
  std::vector<DataSegment> parts_;
  std::vector<std::unique_ptr<MappedFile>> part_files_;
  FileSection data_;
  FileSection init_map_;  // simpleperf: mappings and names from before the recording
  EventTable events_;
  Features features_;
  std::vector<std::string> warnings_;
  Progress progress_;
};

}  // namespace prof
