// ScriptWriter: a form in which `prof script` prints samples: perf's text, a table, objects of
// JSON. Made and called by script, which finds out what there is to print.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "common/output.h"
#include "perfdata/features.h"
#include "perfdata/record.h"
#include "report/recording.h"
#include "report/sample_text.h"
#include "report/script_fields.h"
#include "report/script_frames.h"
#include "report/trace_text.h"

namespace prof {

/// How the samples of one event are printed.
struct EventStyle {
  ScriptFieldSet fields = 0;
  bool chains = false;      // frames on lines of their own
  std::string_view name;    // of the event
  std::string padded_name;  // to the longest name of the recording
  ScriptFrames* frames = nullptr;
  ScriptFrames* leaf = nullptr;  // of the sampled address, where the form has it apart

  bool has(ScriptFieldSet field) const { return (fields & field) != 0; }
};

/// A sample whose texts are known.
struct ScriptSample {
  const EventStyle* style = nullptr;
  std::string_view comm;
  SampleId id;
  uint16_t misc = 0;
  uint64_t shown_time = 0;  // its own, or since another one
  uint64_t period = 0;
  uint32_t leaf = 0;                 // number in style->leaf, if there is one
  std::span<const uint32_t> frames;  // numbers in style->frames
  std::string_view before, after;    // of what note() made
};

struct ScriptWriterOptions {
  ScriptForm form = ScriptForm::Text;
  std::string separator = ",";  // of Csv
  bool nanoseconds = false;     // of Text
};

class ScriptWriter {
 public:
  virtual ~ScriptWriter() = default;

  /// Before the first sample.
  virtual void begin(std::span<const EventStyle>, Output&) {}
  /// Appends to `texts` what there is of a sample besides whose, when, what and its frames. Gives
  /// where that part of it ends which stands before the frames.
  virtual size_t note(const SampleRecord& sample, const SampleText::Place& place,
                      const EventStyle& style, std::string& texts) = 0;
  virtual void print(const ScriptSample& sample, Output& out) = 0;
  /// A record that is no sample, of this thread; `misc` is that of its header.
  /// `function` is that of sideband_text().
  virtual void print_sideband(const Record& record, uint16_t misc, const ScriptSample& owner,
                              std::string_view function, Output& out) = 0;
};

/// What makes the texts of tracepoints' fields; nullptr where no style shows them.
inline std::unique_ptr<TraceText> trace_text_of(std::span<const EventStyle> styles,
                                                Recording& recording, TracePoints& points) {
  for (const EventStyle& style : styles) {
    if (style.has(kFieldTrace)) return std::make_unique<TraceText>(&recording, points);
  }
  return nullptr;
}

std::unique_ptr<ScriptWriter> make_text_writer(Recording& recording, TracePoints& points,
                                               const ScriptWriterOptions& options);
std::unique_ptr<ScriptWriter> make_json_writer(Recording& recording, TracePoints& points);
std::unique_ptr<ScriptWriter> make_csv_writer(Recording& recording, TracePoints& points,
                                              const ScriptWriterOptions& options);

}  // namespace prof
