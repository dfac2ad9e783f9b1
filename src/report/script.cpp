#include "report/script.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>

#include "report/dump.h"
#include "report/filter.h"
#include "report/header_text.h"
#include "report/recording.h"
#include "report/script_chain.h"
#include "report/script_fields.h"
#include "report/script_frames.h"
#include "report/script_outputs.h"
#include "report/script_sideband.h"
#include "report/script_writer.h"
#include "report/stack_walker.h"
#include "report/trace_text.h"

namespace prof {

namespace {

// What is looked up and printed at once where frames have inlined calls or lines: some samples at
// first, so that the first of them soon show, then many, so that a debug file, which may have to be
// inflated, is gone through few times.
constexpr size_t kFirstBatch = size_t{1} << 14;
constexpr size_t kBatchGrowth = 8;
constexpr size_t kMostSamples = size_t{1} << 19;
constexpr size_t kMostFrames = size_t{1} << 24;  // of a batch: 64 MiB
constexpr size_t kMostText = size_t{1} << 26;    // bytes of tracepoints' fields

/// Stands for the address spaces that prof does not map: hypervisors, guests.
constexpr uint32_t kNoSpace = 0;

/// What holds for a thread in a span of time: looked up once, not for each sample.
struct ThreadSpan {
  uint32_t pid = 0, tid = 0;
  uint64_t from = 0, until = 0;  // empty: never looked up
  ThreadState state;
  uint32_t space = 0;
  std::string_view comm;
  bool hidden = false;
};

/// A sample that waits for the texts of its frames.
struct PendingSample {
  ScriptSample sample;
  // Where those before it end, these begin: in Script::pending_frames_ and pending_texts_.
  size_t frames_end = 0, text_end = 0;
  size_t before_end = 0;  // of the text that stands before the frames
};

/// What stands in the column of the time.
class ShownTime {
 public:
  explicit ShownTime(ScriptOptions::Times times) : times_(times) {}
  uint64_t of(uint64_t time) {
    if (times_ == ScriptOptions::Times::Clock) return time;
    if (base_ == 0) base_ = time;
    const uint64_t shown = time - base_;
    if (times_ == ScriptOptions::Times::SinceLast) base_ = time;
    return shown;
  }

 private:
  const ScriptOptions::Times times_;
  uint64_t base_ = 0;
};

class Script {
 public:
  Script(const ScriptOptions& options, Recording& recording, SampleFilter filter, Output& out)
      : options_(options),
        recording_(recording),
        decoder_(recording.events(), recording.reader().swapped()),
        filter_(std::move(filter)),
        outputs_(out),
        walker_(recording, options.input.join_stacks),
        inlines_(recording),
        trace_points_(recording),
        writer_(make_writer(recording, options.writer)),
        shown_time_(options.times),
        threads_(kThreadSpans) {}

  Result<void> choose_styles();
  Result<void> print_all();
  /// What there is to tell of tracepoints.
  const std::vector<std::string>& warnings() const { return trace_points_.warnings(); }

 private:
  static constexpr size_t kThreadSpans = 4096;  // direct-mapped by tid

  void take_sample(const RecordView& view);
  void take_frames(const U64View& chain, const EventStyle& style, const ThreadSpan& thread);
  /// Looks up what the samples taken since need, and prints them.
  void print_batch();
  void print_sideband(const RecordView& view);
  std::string poked_function(const TextPokeRecord& poke);
  std::unique_ptr<ScriptWriter> make_writer(Recording& recording,
                                            const ScriptWriterOptions& options);
  const ThreadSpan& thread_of(const SampleRecord& sample);
  uint32_t space_of(ProcessId process, uint32_t version);
  uint32_t kernel_space(uint64_t time);
  ScriptFrames* frames_of(const FrameStyle& style);
  uint32_t number_of(ScriptFrames& frames, const ThreadSpan& thread, CpuMode mode,
                     FrameAddress address);

  const ScriptOptions& options_;
  Recording& recording_;
  const Decoder decoder_;
  SampleFilter filter_;
  ScriptOutputs outputs_;
  StackWalker walker_;
  InlineTable inlines_;
  TracePoints trace_points_;
  std::unique_ptr<ScriptWriter> writer_;
  ShownTime shown_time_;
  std::vector<EventStyle> styles_;  // by event
  std::vector<std::unique_ptr<ScriptFrames>> frames_;
  std::vector<ThreadSpan> threads_;
  ThreadSpan kernel_;
  std::map<std::pair<uint32_t, uint32_t>, uint32_t> spaces_;  // process and version
  ThreadNames names_;
  SampleRecord sample_;
  std::vector<PendingSample> pending_;
  std::vector<uint32_t> pending_frames_;  // numbers of ScriptFrames
  std::string pending_texts_;             // what the writer noted
  size_t batch_ = 1;                      // samples
};

std::unique_ptr<ScriptWriter> Script::make_writer(Recording& recording,
                                                  const ScriptWriterOptions& options) {
  switch (options.form) {
    case ScriptForm::Json:
      return make_json_writer(recording, trace_points_);
    case ScriptForm::Csv:
      return make_csv_writer(recording, trace_points_, options);
    case ScriptForm::Text:
      break;
  }
  return make_text_writer(recording, trace_points_, options);
}

Result<void> Script::choose_styles() {
  const auto events = recording_.events().all();
  auto choice = parse_script_fields(options_.fields);
  if (!choice) return tl::unexpected(choice.error());
  if (options_.writer.form != ScriptForm::Text) {  // made for programs: whose is said in full
    for (ScriptFieldChoice& of_type : *choice) {
      if (!of_type.list) of_type.fields |= kFieldPid;
    }
  }
  auto fields = script_fields_of(*choice, events);
  if (!fields) return tl::unexpected(fields.error());
  const bool tod = std::ranges::any_of(*fields, [](auto set) { return (set & kFieldTod) != 0; });
  if (tod && !recording_.reader().features().clock_data) {
    return fail(
        "the recording does not say what time of day its clock has, so 'tod' cannot be shown",
        "record with -k monotonic", 2);
  }
  walker_.set_only_recorded(true);
  walker_.start_joining();
  size_t width = 0;
  for (const EventAttr& event : events) width = std::max(width, event.name.size());
  const ScriptForm form = options_.writer.form;
  ScriptFieldSet columns = 0;  // of a table: rows have those of all events
  for (const ScriptFieldSet set : *fields) columns |= set;
  for (size_t i = 0; i < events.size(); ++i) {
    EventStyle style;
    style.fields = (*fields)[i];
    style.chains =
        style.has(kFieldIp) && !options_.hide_call_graph && events[i].has(PERF_SAMPLE_CALLCHAIN);
    style.name = events[i].name;
    style.padded_name = std::string(width - events[i].name.size(), ' ') + events[i].name;
    FrameStyle frames{style.fields & kFieldsOfFrames,
                      form,
                      style.chains,
                      options_.absolute_addresses || form != ScriptForm::Text,
                      walker_.shows_inlined(options_.input.inlined),
                      options_.writer.separator};
    if (style.chains) frames.stop_at = options_.stop_at;
    style.frames = frames_of(frames);
    if (form == ScriptForm::Csv) {
      frames.in_chain = false;
      frames.stop_at.clear();
      frames.fields = columns & kFieldsOfFrames;
      style.leaf = frames_of(frames);
    }
    styles_.push_back(std::move(style));
  }
  const bool calls =
      std::ranges::any_of(frames_, [](const auto& frames) { return frames->wants_calls(); });
  if (calls && recording_.symbolizer().may_have_dwarf()) batch_ = kFirstBatch;
  return {};
}

ScriptFrames* Script::frames_of(const FrameStyle& style) {
  for (const auto& frames : frames_) {
    if (frames->style() == style) return frames.get();
  }
  frames_.push_back(std::make_unique<ScriptFrames>(recording_, inlines_, style));
  return frames_.back().get();
}

Result<void> Script::print_all() {
  if (options_.per_event_dump) {
    const std::string& path = recording_.reader().path();
    const auto events = recording_.events().all();
    if (auto done = outputs_.open_dumps(path == "-" ? "perf.data" : path, events); !done)
      return done;
  }
  for (Output* out : outputs_.all()) writer_->begin(styles_, *out);
  recording_.for_each_in_order([this](const RecordView& view, uint64_t) {
    if (outputs_.broken()) return;
    if (view.header.type == kRecordSample) {
      take_sample(view);
    } else if (options_.sideband.any()) {
      print_sideband(view);
    }
  });
  print_batch();
  return outputs_.finish();
}

uint32_t Script::space_of(ProcessId process, uint32_t version) {
  const auto next = static_cast<uint32_t>(spaces_.size()) + 1;
  const auto [it, added] = spaces_.try_emplace({process.value, version}, next);
  return it->second;
}

const ThreadSpan& Script::thread_of(const SampleRecord& sample) {
  ThreadSpan& span = threads_[sample.tid % kThreadSpans];
  if (span.pid == sample.pid && span.tid == sample.tid && sample.time >= span.from &&
      sample.time < span.until) {
    return span;
  }
  span.pid = sample.pid;
  span.tid = sample.tid;
  span.state = recording_.processes().state_at(sample.pid, sample.tid, sample.time);
  span.from = span.state.valid_from;
  span.until = span.state.valid_until;
  span.space = space_of(span.state.process, span.state.version);
  const StringId comm = recording_.comm_of(span.state, sample.pid, sample.tid);
  span.comm = recording_.strings()[comm];
  span.hidden = filter_.hides(sample, comm);
  return span;
}

/// The kernel's mappings change as well: modules, BPF programs.
uint32_t Script::kernel_space(uint64_t time) {
  if (time >= kernel_.from && time < kernel_.until) return kernel_.space;
  kernel_.state = recording_.processes().state_at(kKernelPid, kKernelPid, time);
  kernel_.from = kernel_.state.valid_from;
  kernel_.until = kernel_.state.valid_until;
  kernel_.space = space_of(kernel_.state.process, kernel_.state.version);
  return kernel_.space;
}

void Script::take_sample(const RecordView& view) {
  if (!decoder_.sample(view, sample_)) return;
  if (filter_.drops(sample_)) {
    walker_.pass_over(sample_);
    return;
  }
  const EventStyle& style = styles_[sample_.event];
  if (style.fields == 0) return;
  const ThreadSpan& thread = thread_of(sample_);
  if (thread.hidden) return;
  U64View chain;
  WhereFilter* const where = filter_.where();
  if (style.chains || (where && where->uses_stack())) chain = walker_.chain(sample_, thread.state);
  if (where && !where->takes(sample_, thread.comm, thread.state, chain)) return;
  PendingSample pending;
  ScriptSample& shown = pending.sample;
  shown.style = &style;
  shown.comm = thread.comm;
  shown.id.pid = sample_.pid;
  shown.id.tid = sample_.tid;
  shown.id.time = sample_.time;
  shown.id.cpu = sample_.cpu;
  shown.misc = sample_.misc;
  shown.period = sample_.period;
  if (style.leaf) {
    shown.leaf =
        number_of(*style.leaf, thread, sample_.cpu_mode(), FrameAddress{VirtAddr{sample_.ip}});
  }
  if (style.has(kFieldIp)) take_frames(chain, style, thread);
  const bool more = (style.fields & (kFieldsBeforeAddress | kFieldsAfterAddress)) != 0;
  pending.before_end =
      writer_->note(sample_, {thread.state, thread.space, more ? kernel_space(sample_.time) : 0},
                    style, pending_texts_);
  pending.text_end = pending_texts_.size();
  pending.frames_end = pending_frames_.size();
  pending_.push_back(pending);
  if (pending_.size() >= batch_ || pending_frames_.size() >= kMostFrames ||
      pending_texts_.size() >= kMostText || style.frames->full()) {
    print_batch();
  }
}

uint32_t Script::number_of(ScriptFrames& frames, const ThreadSpan& thread, CpuMode mode,
                           FrameAddress address) {
  const uint32_t space = mode == CpuMode::User     ? thread.space
                         : mode == CpuMode::Kernel ? kernel_space(sample_.time)
                                                   : kNoSpace;
  return frames.number(space, thread.state, sample_.time, mode, address);
}

void Script::take_frames(const U64View& chain, const EventStyle& style, const ThreadSpan& thread) {
  const size_t begin = pending_frames_.size();
  const auto take = [&](CpuMode mode, FrameAddress address) {
    if (options_.max_stack != 0 && pending_frames_.size() - begin >= options_.max_stack) return;
    pending_frames_.push_back(number_of(*style.frames, thread, mode, address));
  };
  // perf's text has no frame where a chain makes no sense; what programs read has at least one.
  const bool sound = style.chains && is_sound(chain);
  const bool is_text = options_.writer.form == ScriptForm::Text;
  if (!style.chains || (!sound && !is_text)) {
    take(sample_.cpu_mode(), FrameAddress{VirtAddr{sample_.ip}});
    return;
  }
  if (sound) for_each_address(chain, sample_.cpu_mode(), take);
}

void Script::print_batch() {
  if (batch_ > 1) {
    inlines_.look_up();
    batch_ = std::min(batch_ * kBatchGrowth, kMostSamples);
  }
  for (const auto& frames : frames_) frames->finish();
  size_t begin = 0;
  size_t text_begin = 0;
  const std::string_view texts(pending_texts_);
  const std::span<const uint32_t> numbers(pending_frames_);
  for (PendingSample& pending : pending_) {
    if (outputs_.broken()) break;
    ScriptSample& sample = pending.sample;
    sample.shown_time = shown_time_.of(sample.id.time);
    sample.frames =
        up_to_stop(*sample.style->frames, numbers.subspan(begin, pending.frames_end - begin));
    sample.before = texts.substr(text_begin, pending.before_end - text_begin);
    sample.after = texts.substr(pending.before_end, pending.text_end - pending.before_end);
    const auto event = static_cast<size_t>(sample.style - styles_.data());
    outputs_.count(event);
    writer_->print(sample, outputs_.of(event));
    begin = pending.frames_end;
    text_begin = pending.text_end;
  }
  pending_.clear();
  pending_frames_.clear();
  pending_texts_.clear();
  for (const auto& frames : frames_) {
    if (frames->full()) frames->forget();
  }
}

/// "read_tsc+0x4": where the kernel changed its code.
std::string Script::poked_function(const TextPokeRecord& poke) {
  const ResolvedAddress found = recording_.resolve({}, poke.sample_id.time, CpuMode::Kernel,
                                                   FrameAddress{VirtAddr{poke.addr}});
  if (!found.symbol.found()) return {};
  return fmt::format("{}+0x{:x}", recording_.strings()[found.symbol.name],
                     found.dso_address - found.symbol.start);
}

void Script::print_sideband(const RecordView& view) {
  auto record = decoder_.decode(view);
  if (!record) return;
  // perf prints a thread's last words before it buries it, and everything else after it took place.
  names_.apply(*record);
  if (!options_.sideband.shows(view.header.type)) return;
  const size_t event = decoder_.event_of(view);
  if (event >= styles_.size()) return;
  const SidebandOwner owner = sideband_owner(*record);
  ScriptSample shown;
  shown.style = &styles_[event];
  shown.id = owner.sample_id;
  if (!recording_.events()[event].attr.sample_id_all) {
    shown.id.pid = owner.pid;
    shown.id.tid = owner.tid;
    shown.id.time = owner.time;
  }
  if (!filter_.takes_cpu(shown.id.cpu)) return;
  print_batch();
  const std::string name = names_.name(owner.tid);
  shown.comm = name;
  // perf's own records have no time.
  shown.shown_time = shown.id.time == 0 ? 0 : shown_time_.of(shown.id.time);
  std::string function;
  if (const auto* poke = std::get_if<TextPokeRecord>(&*record)) function = poked_function(*poke);
  writer_->print_sideband(*record, view.header.misc, shown, function, outputs_.shared());
}

}  // namespace

Result<std::vector<std::string>> run_script(const ScriptOptions& options, Output& out) {
  auto opened = Recording::open(options.input);
  if (!opened) return tl::unexpected(std::move(opened.error()));
  Recording& recording = **opened;
  if (options.header || options.header_only) out << header_text(recording.reader());
  if (options.header_only) return recording.warnings();
  if (options.dump) {
    dump_records(recording, out);  // finds wrong what opening it did
    return recording.warnings();
  }
  auto filter = SampleFilter::make(options.input.filter, recording);
  if (!filter) return tl::unexpected(std::move(filter.error()));
  Script script(options, recording, std::move(*filter), out);
  if (auto done = script.choose_styles(); !done) return tl::unexpected(std::move(done.error()));
  if (auto done = script.print_all(); !done) return tl::unexpected(std::move(done.error()));
  std::vector<std::string> warnings = recording.warnings();
  warnings.insert(warnings.end(), script.warnings().begin(), script.warnings().end());
  return warnings;
}

}  // namespace prof
