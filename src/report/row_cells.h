// RowCells: what the columns of a report say of a row, apart from its numbers, and how rows compare
// by it. Used by all that lays rows out.
#pragma once

#include <string>
#include <string_view>

#include "report/histogram.h"
#include "report/report_options.h"

namespace prof {

/// The file of "file.c:12"; empty for what stands where there is no line.
std::string_view source_file(std::string_view line);

class RowCells {
 public:
  /// `event`: whose fields the columns of tracepoints are.
  RowCells(const Profile& profile, const ProfileEvent& event, const ReportOptions& options)
      : profile_(profile), event_(event), options_(options) {}

  /// Whether the event can say anything in the column: it may lack the tracepoint's field.
  bool has(SortKey key) const;
  std::string_view title(SortKey key) const;
  /// Whether a cell is aligned to the right.
  bool is_right(SortKey key) const;
  /// Whether perf fills a cell up with spaces where it is the last of its line.
  bool is_padded(SortKey key) const;
  /// What a row needs in the column, at least. The address of a frame without a symbol counts in
  /// the shared object's, too, as perf has it.
  size_t width(const RowKey& row, SortKey key) const;
  /// The column's own width, whatever the rows say.
  size_t least_width(SortKey key) const;
  /// `samples`: of the row, for the columns that are sums; `width`: of the column.
  std::string text(const RowKey& row, SortKey key, uint64_t samples, size_t width) const;
  /// Below zero if `a` comes first.
  int compare(const RowKey& a, const RowKey& b, SortKey key) const;

  std::string_view comm(const RowKey& row) const { return string_of(row.comm); }
  std::string_view dso(const RowKey& row) const;
  std::string_view line(const RowKey& row) const;
  /// The file of the line; empty where there is none.
  std::string_view file(const RowKey& row) const;
  bool resolved(const RowKey& row) const {
    return profile_.frame(row.frame).kind != FrameKind::Unknown;
  }
  std::string_view symbol(const RowKey& row) const {
    return resolved(row) ? profile_.name(row.frame) : std::string_view{};
  }
  std::string_view parent(const RowKey& row) const;
  /// Of the function or of what is mapped of the DSO, in bytes; 0 if not known.
  uint64_t size(const RowKey& row, SortKey key) const;
  std::string_view field(const RowKey& row, size_t field) const {
    return string_of(value(row, field).text);
  }

 private:
  std::string_view string_of(StringId id) const {
    return id.valid() ? profile_.strings[id] : std::string_view{};
  }
  std::string_view mark(const RowKey& row) const;
  const FieldValue& value(const RowKey& row, size_t field) const;
  std::string symbol_text(const RowKey& row) const;
  std::string size_text(const RowKey& row, SortKey key) const;
  int compare_fields(const RowKey& a, const RowKey& b, size_t field) const;
  int compare_symbols(const RowKey& a, const RowKey& b) const;

  const Profile& profile_;
  const ProfileEvent& event_;
  const ReportOptions& options_;
};

}  // namespace prof
