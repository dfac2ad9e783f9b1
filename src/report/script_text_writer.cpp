// perf's text: a line that says who, when and what, then the frames, each on a line of its own.
#include <utility>

#include "report/script_sideband.h"
#include "report/script_start.h"
#include "report/script_text.h"
#include "report/script_writer.h"

namespace prof {

namespace {

class TextWriter : public ScriptWriter {
 public:
  TextWriter(Recording& recording, TracePoints& points, const ScriptWriterOptions& options)
      : recording_(recording), points_(points), options_(options), sample_text_(recording) {}

  void begin(std::span<const EventStyle> styles, Output&) override {
    trace_text_ = trace_text_of(styles, recording_, points_);
  }
  size_t note(const SampleRecord& sample, const SampleText::Place& place, const EventStyle& style,
              std::string& texts) override;
  void print(const ScriptSample& sample, Output& out) override;
  void print_sideband(const Record& record, uint16_t misc, const ScriptSample& owner,
                      std::string_view function, Output& out) override;

 private:
  void print_start(const ScriptSample& sample, std::string_view flags, Output& out);

  Recording& recording_;
  TracePoints& points_;
  const ScriptWriterOptions options_;
  SampleText sample_text_;
  std::unique_ptr<TraceText> trace_text_;  // where a tracepoint's fields are shown
};

size_t TextWriter::note(const SampleRecord& sample, const SampleText::Place& place,
                        const EventStyle& style, std::string& texts) {
  if (style.has(kFieldTrace)) trace_text_->append(sample.cpu, sample.raw, texts);
  sample_text_.append_before_address(sample, place, style.fields, texts);
  const size_t before_end = texts.size();
  sample_text_.append_after_address(sample, place, style.fields, texts);
  return before_end;
}

void TextWriter::print_start(const ScriptSample& sample, std::string_view flags, Output& out) {
  const auto& clocks = recording_.reader().features().clock_data;
  const StartStyle style{sample.style->fields, sample.style->chains, options_.nanoseconds,
                         clocks ? &*clocks : nullptr};
  write_sample_start(out, style, {sample.comm, sample.id, sample.shown_time, flags});
}

void TextWriter::print(const ScriptSample& sample, Output& out) {
  const EventStyle& style = *sample.style;
  print_start(sample, style.has(kFieldMisc) ? misc_letter(sample.misc) : std::string_view(), out);
  if (style.has(kFieldPeriod)) {
    write_decimal(out, sample.period, 10);
    out.write(" ");
  }
  if (style.has(kFieldEvent)) {
    out.write(style.padded_name);
    out.write(": ");
  }
  out.write(sample.before);
  if (style.has(kFieldIp)) {
    out.write(style.chains ? "\n" : " ");
    for (const uint32_t number : sample.frames) out.write(style.frames->text(number));
  }
  out.write(sample.after);
  out.write("\n");
}

void TextWriter::print_sideband(const Record& record, uint16_t misc, const ScriptSample& owner,
                                std::string_view function, Output& out) {
  if (std::holds_alternative<FinishedRoundRecord>(record)) {  // nobody's
    out.write(sideband_text(record));
    return;
  }
  std::string flags;
  if (owner.style->has(kFieldMisc))
    flags = std::string(misc_letter(misc)).append(misc_words(record));
  print_start(owner, flags, out);
  out.write(sideband_text(record, function));
}

}  // namespace

std::unique_ptr<ScriptWriter> make_text_writer(Recording& recording, TracePoints& points,
                                               const ScriptWriterOptions& options) {
  return std::make_unique<TextWriter>(recording, points, options);
}

}  // namespace prof
