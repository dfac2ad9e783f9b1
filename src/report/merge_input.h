// MergeInput: one of the recordings that `prof merge` joins: what it is of, and its records one
// after the other by their times. Used by merge.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "perfdata/cursor.h"
#include "perfdata/file_rewriter.h"
#include "perfdata/ordering.h"
#include "perfdata/rebase_record.h"
#include "perfdata/tracing_data.h"
#include "report/merge_embedded.h"

namespace prof {

class MergeInput {
 public:
  /// A kernel as samples need to know it: where its text was, and which it is.
  struct Kernel {
    uint64_t start = 0, end = 0;
    BuildId build_id;
    std::string release;
  };

  static Result<std::unique_ptr<MergeInput>> open(const std::string& path);

  const Reader& reader() const { return *reader_; }
  const std::vector<RawEvent>& raw_events() const { return raw_events_; }
  const std::string& host() const { return host_; }
  const Kernel& kernel() const { return kernel_; }
  /// What was mapped.
  const MergedFiles& files() const { return files_; }
  /// What the recording says of its tracepoints; views of the recording's features.
  const TracingData& tracing() const { return tracing_; }
  std::vector<std::string> warnings() const;

  /// To be called once, before the first record is asked for.
  void set_rebase(Rebase rebase);

  /// The time of the record that next() gives; nothing at the end.
  std::optional<uint64_t> next_time();
  /// Valid until the next call. False for a record that is left out, which is counted.
  bool next(RecordView& out);
  uint64_t left_out() const { return left_out_; }

 private:
  MergeInput() = default;
  Result<void> read_header();
  void note_mapping(const RecordView& view, const Decoder& decoder);
  void complete_files();
  void fill();
  void wait(const RecordView& view, uint64_t time);

  struct Waiting {
    uint64_t time = 0;
    RecordView view;
    std::vector<std::byte> copy;  // that `view` is of, if its bytes do not lie in the file
  };
  std::unique_ptr<Reader> reader_;
  std::vector<RawEvent> raw_events_;
  std::string host_;
  Kernel kernel_;
  MergedFiles files_;
  TracingData tracing_;
  std::vector<std::string> warnings_;
  std::optional<RecordCursor> cursor_;
  std::optional<Decoder> decoder_;
  std::optional<RecordRebaser> rebaser_;
  std::optional<RoundSorter> sorter_;
  std::deque<Waiting> waiting_;
  std::vector<std::byte> taken_;  // of the record that next() gave
  bool has_rounds_ = false;
  bool is_sorted_ = false;  // without rounds
  bool ended_ = false;
  uint64_t left_out_ = 0;
};

}  // namespace prof
