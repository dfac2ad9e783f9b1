// A table of separated values: a line of the columns' names, then a row for each sample. What the
// sampled address is has columns of its own; the whole call chain is the last one, root first, with
// semicolons between, as in folded stacks.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "report/cell_text.h"
#include "report/script_sideband.h"
#include "report/script_start.h"
#include "report/script_writer.h"

namespace prof {

namespace {

/// Before the columns of the address, and behind them.
constexpr std::array<ScriptField, 7> kStartColumns = {kFieldComm, kFieldPid, kFieldTid, kFieldCpu,
                                                      kFieldMisc, kFieldTod, kFieldTime};
constexpr std::array<ScriptField, 2> kEventColumns = {kFieldEvent, kFieldPeriod};
constexpr std::array<ScriptField, 20> kSampleColumns = {
    kFieldTrace,      kFieldAddr,     kFieldDataSrc,      kFieldWeight,       kFieldInsLat,
    kFieldRetireLat,  kFieldIregs,    kFieldUregs,        kFieldBrstack,      kFieldBrstacksym,
    kFieldBrstackoff, kFieldPhysAddr, kFieldDataPageSize, kFieldCodePageSize, kFieldCgroup,
    kFieldInsn,       kFieldInsnlen,  kFieldDisasm,       kFieldBrstackinsn,  kFieldBrstackinsnlen};

std::string_view name_of(ScriptField field) {
  for (const auto& [name, known] : script_field_names()) {
    if (known == field) return name;
  }
  return {};
}

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\n");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\n") + 1 - begin);
}

class CsvWriter : public ScriptWriter {
 public:
  CsvWriter(Recording& recording, TracePoints& points, const ScriptWriterOptions& options)
      : recording_(recording),
        points_(points),
        separator_(options.separator),
        sample_text_(recording) {}

  void begin(std::span<const EventStyle> styles, Output& out) override;
  size_t note(const SampleRecord& sample, const SampleText::Place& place, const EventStyle& style,
              std::string& texts) override;
  void print(const ScriptSample& sample, Output& out) override;
  /// Rows are samples.
  void print_sideband(const Record&, uint16_t, const ScriptSample&, std::string_view,
                      Output&) override {}

 private:
  void append_start(const ScriptSample& sample);
  Recording& recording_;
  TracePoints& points_;
  const std::string separator_;
  SampleText sample_text_;
  std::unique_ptr<TraceText> trace_text_;
  ScriptFieldSet columns_ = 0;  // of any event
  bool chains_ = false;
  std::string row_, cell_;  // each cell of a row has the separator before it
};

void CsvWriter::begin(std::span<const EventStyle> styles, Output& out) {
  for (const EventStyle& style : styles) {
    columns_ |= style.fields;
    chains_ |= style.chains;
  }
  trace_text_ = trace_text_of(styles, recording_, points_);
  std::string line;
  const auto add = [&](const auto& columns) {
    for (const ScriptField column : columns) {
      if (columns_ & column) line.append(separator_).append(name_of(column));
    }
  };
  add(kStartColumns);
  add(kEventColumns);
  add(kFrameColumns);
  add(kSampleColumns);
  if (chains_) line.append(separator_).append("stack");
  out << line.erase(0, separator_.size()) << "\n";
}

size_t CsvWriter::note(const SampleRecord& sample, const SampleText::Place& place,
                       const EventStyle& style, std::string& texts) {
  for (const ScriptField column : kSampleColumns) {
    if (!(columns_ & column)) continue;
    texts += separator_;
    if (!style.has(column)) continue;
    cell_.clear();
    if (column == kFieldTrace) {
      trace_text_->append(sample.cpu, sample.raw, cell_);
    } else if (column & kFieldsBeforeAddress) {
      sample_text_.append_before_address(sample, place, column, cell_);
    } else {
      sample_text_.append_after_address(sample, place, column, cell_);
    }
    std::string_view cell = trimmed(cell_);
    if (column & (kFieldInsn | kFieldInsnlen)) {  // "insn: 55", in a column of that name
      cell.remove_prefix(std::min(cell.find(' ') + 1, cell.size()));
    }
    append_cell(texts, cell, separator_);
  }
  return texts.size();
}

void CsvWriter::append_start(const ScriptSample& sample) {
  constexpr uint64_t kNsPerSecond = 1'000'000'000;
  const auto at = std::back_inserter(row_);
  const auto wants = [&](ScriptField field) {
    if (!(columns_ & field)) return false;
    row_ += separator_;
    return sample.style->has(field);
  };
  if (wants(kFieldComm)) append_cell(row_, sample.comm, separator_);
  if (wants(kFieldPid)) fmt::format_to(at, "{}", static_cast<int32_t>(sample.id.pid));
  if (wants(kFieldTid)) fmt::format_to(at, "{}", static_cast<int32_t>(sample.id.tid));
  if (wants(kFieldCpu)) fmt::format_to(at, "{}", sample.id.cpu);
  if (wants(kFieldMisc)) row_ += misc_letter(sample.misc);
  if (wants(kFieldTod)) {
    const auto& clocks = recording_.reader().features().clock_data;
    if (clocks) append_cell(row_, wall_clock_text(*clocks, sample.id.time, true), separator_);
  }
  if (wants(kFieldTime)) {
    fmt::format_to(at, "{}.{:09}", sample.shown_time / kNsPerSecond,
                   sample.shown_time % kNsPerSecond);
  }
  if (wants(kFieldEvent)) append_cell(row_, sample.style->name, separator_);
  if (wants(kFieldPeriod)) fmt::format_to(at, "{}", sample.period);
}

void CsvWriter::print(const ScriptSample& sample, Output& out) {
  row_.clear();
  append_start(sample);
  const EventStyle& style = *sample.style;
  row_ += style.leaf->text(sample.leaf);
  row_ += sample.before;
  if (chains_) {
    row_ += separator_;
    cell_.clear();
    for (size_t i = sample.frames.size(); i-- > 0;) {
      cell_ += style.frames->text(sample.frames[i]);
      if (i > 0) cell_ += ';';
    }
    append_cell(row_, cell_, separator_);
  }
  row_.erase(0, separator_.size());
  row_ += '\n';
  out.write(row_);
}

}  // namespace

std::unique_ptr<ScriptWriter> make_csv_writer(Recording& recording, TracePoints& points,
                                              const ScriptWriterOptions& options) {
  return std::make_unique<CsvWriter>(recording, points, options);
}

}  // namespace prof
