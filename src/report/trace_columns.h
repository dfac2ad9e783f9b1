// TraceColumns: what samples say in the columns that a report is sorted by, those of tracepoints'
// fields and prof's own. Asked by the pipeline for each sample.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "report/own_columns.h"
#include "report/profile.h"
#include "report/recording.h"
#include "report/trace_text.h"

namespace prof {

class TraceColumns {
 public:
  /// A name that is no field of any event of the recording is an error that says which there are.
  /// `raw`: values as stored; of one field with "/raw" behind its name.
  static Result<TraceColumns> make(Recording& recording, const std::vector<std::string>& names,
                                   bool raw, const TimeColumn& time);

  bool empty() const { return names_.empty(); }
  /// The index in Profile::field_values of what the sample says; -1 if there are no columns.
  int32_t take(const SampleRecord& sample, Profile& profile);
  /// For each event the widths of its columns so far.
  void set_widths(Profile& profile) const;

 private:
  struct Column {
    bool whole = false;                 // the text of all fields
    bool raw = false;                   // not as the event prints it
    std::optional<OwnColumn> own;       // of the sample itself
    const EventField* field = nullptr;  // nullptr: the event does not have it
    size_t width = 0;
  };
  explicit TraceColumns(Recording& recording)
      : recording_(&recording), points_(std::make_unique<TracePoints>(recording)) {}
  FieldValue value(Column& column, const SampleRecord& sample, Profile& profile);

  Recording* recording_;
  std::unique_ptr<TracePoints> points_;
  std::unique_ptr<TraceText> text_;
  std::vector<std::string> names_;
  TimeColumn time_;
  std::vector<std::vector<Column>> by_event_;
  std::map<std::vector<FieldValue>, int32_t> known_;
  std::string line_, shown_;
};

}  // namespace prof
