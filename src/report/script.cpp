#include "report/script.h"

#include <algorithm>
#include <map>
#include <memory>

#include "report/callchain.h"
#include "report/filter.h"
#include "report/header_text.h"
#include "report/recording.h"
#include "report/sample_text.h"
#include "report/script_fields.h"
#include "report/script_frames.h"
#include "report/script_sideband.h"
#include "report/script_start.h"
#include "report/script_text.h"
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

/// Whether a chain is printed at all. As perf does, one with a marker that nobody knows is not: it
/// comes from a frame pointer that led astray.
bool is_sound(const U64View& chain) {
  bool address = false;
  for (size_t i = 0; i < chain.size(); ++i) {
    switch (chain[i]) {
      case kContextHypervisor:
      case kContextKernel:
      case kContextUser:
      case kContextGuest:
      case kContextGuestKernel:
      case kContextGuestUser:
        break;
      case kContextUnwound:
      case kContextJoined:
        break;
      default:
        if (is_stop_marker(chain[i])) break;
        if (chain[i] >= kContextMax) return false;
        address = true;
    }
  }
  return address;
}

/// What holds for a thread in a span of time: looked up once, not for each sample.
struct ThreadSpan {
  uint32_t pid = 0, tid = 0;
  uint64_t from = 0, until = 0;  // empty: never looked up
  ThreadState state;
  uint32_t space = 0;
  std::string_view comm;
  bool hidden = false;
};

/// How the samples of one event are printed.
struct EventStyle {
  ScriptFieldSet fields = 0;
  bool chains = false;      // frames on lines of their own
  std::string padded_name;  // to the longest name of the recording
  ScriptFrames* frames = nullptr;

  bool has(ScriptFieldSet field) const { return (fields & field) != 0; }
};

/// A sample that waits for the texts of its frames.
struct PendingSample {
  const EventStyle* style = nullptr;
  std::string_view comm;
  SampleId id;
  uint64_t period = 0;
  // Where those before it end, these begin: in Script::pending_frames_ and pending_texts_.
  size_t frames_end = 0, text_end = 0;
  size_t before_end = 0;  // of the text that stands before the frames
};

class Script {
 public:
  Script(const ScriptOptions& options, Recording& recording, SampleFilter filter, Output& out)
      : options_(options),
        recording_(recording),
        decoder_(recording.events(), recording.reader().swapped()),
        filter_(std::move(filter)),
        out_(out),
        walker_(recording, options.input.join_stacks),
        inlines_(recording),
        trace_points_(recording),
        sample_text_(recording),
        threads_(kThreadSpans) {}

  Result<void> choose_styles();
  void print_all();
  /// What there is to tell of tracepoints.
  const std::vector<std::string>& warnings() const { return trace_points_.warnings(); }

 private:
  static constexpr size_t kThreadSpans = 4096;  // direct-mapped by tid

  void take_sample(const RecordView& view);
  void take_frames(const SampleRecord& sample, const EventStyle& style, const ThreadSpan& thread);
  /// Looks up what the samples taken since need, and prints them.
  void print_batch();
  void print_sample(const PendingSample& sample, size_t frames_begin, std::string_view before,
                    std::string_view after);
  void take_texts(const SampleRecord& sample, const EventStyle& style, const ThreadSpan& thread,
                  PendingSample& pending);
  void print_sideband(const RecordView& view);
  /// Of threads, for records that are no samples.
  bool needs_names() const {
    return options_.show_mmap_events || options_.show_task_events || options_.show_switch_events;
  }
  void print_start(const EventStyle& style, std::string_view comm, const SampleId& id);
  const ThreadSpan& thread_of(const SampleRecord& sample);
  uint32_t space_of(ProcessId process, uint32_t version);
  uint32_t kernel_space(uint64_t time);
  ScriptFrames* frames_of(const FrameStyle& style);

  const ScriptOptions& options_;
  Recording& recording_;
  const Decoder decoder_;
  SampleFilter filter_;
  Output& out_;
  StackWalker walker_;
  InlineTable inlines_;
  TracePoints trace_points_;
  SampleText sample_text_;
  std::unique_ptr<TraceText> trace_text_;  // where a tracepoint's fields are shown
  std::vector<EventStyle> styles_;         // by event
  std::vector<std::unique_ptr<ScriptFrames>> frames_;
  std::vector<ThreadSpan> threads_;
  ThreadSpan kernel_;
  std::map<std::pair<uint32_t, uint32_t>, uint32_t> spaces_;  // process and version
  ThreadNames names_;
  SampleRecord sample_;
  std::vector<PendingSample> pending_;
  std::vector<uint32_t> pending_frames_;  // numbers of ScriptFrames
  std::string pending_texts_;             // of tracepoints' fields
  size_t batch_ = 1;                      // samples
};

Result<void> Script::choose_styles() {
  const auto events = recording_.events().all();
  auto choice = parse_script_fields(options_.fields);
  if (!choice) return tl::unexpected(choice.error());
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
  for (size_t i = 0; i < events.size(); ++i) {
    EventStyle style;
    style.fields = (*fields)[i];
    style.chains =
        style.has(kFieldIp) && !options_.hide_call_graph && events[i].has(PERF_SAMPLE_CALLCHAIN);
    style.padded_name = std::string(width - events[i].name.size(), ' ') + events[i].name;
    style.frames = frames_of(
        {style.fields & (kFieldIp | kFieldSym | kFieldSymoff | kFieldDso | kFieldSrcline),
         style.chains, options_.absolute_addresses, walker_.shows_inlined(options_.input.inlined)});
    if (style.has(kFieldTrace) && !trace_text_) {
      trace_text_ = std::make_unique<TraceText>(&recording_, trace_points_);
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

void Script::print_all() {
  recording_.for_each_in_order([this](const RecordView& view, uint64_t) {
    if (out_.broken()) return;
    switch (view.header.type) {
      case kRecordSample:
        take_sample(view);
        break;
      case kRecordMmap:
      case kRecordMmap2:
        if (options_.show_mmap_events) print_sideband(view);
        break;
      case kRecordComm:
      case kRecordFork:
      case kRecordExit:
        if (needs_names()) print_sideband(view);
        break;
      case kRecordSwitch:
      case kRecordSwitchCpuWide:
        if (options_.show_switch_events) print_sideband(view);
        break;
      default:
        break;
    }
  });
  print_batch();
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
  span.hidden = filter_.hides(comm, sample.pid, sample.tid);
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

void Script::print_start(const EventStyle& style, std::string_view comm, const SampleId& id) {
  const auto& clocks = recording_.reader().features().clock_data;
  write_sample_start(
      out_, {style.fields, style.chains, options_.nanoseconds, clocks ? &*clocks : nullptr}, comm,
      id);
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
  PendingSample pending{&style, thread.comm, {}, sample_.period};
  pending.id.pid = sample_.pid;
  pending.id.tid = sample_.tid;
  pending.id.time = sample_.time;
  pending.id.cpu = sample_.cpu;
  if (style.has(kFieldIp)) take_frames(sample_, style, thread);
  take_texts(sample_, style, thread, pending);
  pending.frames_end = pending_frames_.size();
  pending_.push_back(pending);
  if (pending_.size() >= batch_ || pending_frames_.size() >= kMostFrames ||
      pending_texts_.size() >= kMostText || style.frames->full()) {
    print_batch();
  }
}

void Script::take_texts(const SampleRecord& sample, const EventStyle& style,
                        const ThreadSpan& thread, PendingSample& pending) {
  if (style.has(kFieldTrace)) trace_text_->append(sample.cpu, sample.raw, pending_texts_);
  const bool more = (style.fields & (kFieldsBeforeAddress | kFieldsAfterAddress)) != 0;
  const SampleText::Place place{thread.state, thread.space, more ? kernel_space(sample.time) : 0};
  if (more) sample_text_.append_before_address(sample, place, style.fields, pending_texts_);
  pending.before_end = pending_texts_.size();
  if (more) sample_text_.append_after_address(sample, place, style.fields, pending_texts_);
  pending.text_end = pending_texts_.size();
}

void Script::take_frames(const SampleRecord& sample, const EventStyle& style,
                         const ThreadSpan& thread) {
  const auto take = [&](CpuMode mode, FrameAddress address) {
    const uint32_t space = mode == CpuMode::User     ? thread.space
                           : mode == CpuMode::Kernel ? kernel_space(sample.time)
                                                     : kNoSpace;
    pending_frames_.push_back(
        style.frames->number(space, thread.state, sample.time, mode, address));
  };
  if (!style.chains) {
    take(sample.cpu_mode(), FrameAddress{VirtAddr{sample.ip}});
    return;
  }
  const U64View chain = walker_.chain(sample, thread.state);
  if (is_sound(chain)) for_each_address(chain, sample.cpu_mode(), take);
}

void Script::print_batch() {
  if (batch_ > 1) {
    inlines_.look_up();
    batch_ = std::min(batch_ * kBatchGrowth, kMostSamples);
  }
  for (const auto& frames : frames_) frames->finish();
  size_t begin = 0;
  size_t text_begin = 0;
  for (const PendingSample& sample : pending_) {
    if (out_.broken()) break;
    const std::string_view texts(pending_texts_);
    print_sample(sample, begin, texts.substr(text_begin, sample.before_end - text_begin),
                 texts.substr(sample.before_end, sample.text_end - sample.before_end));
    begin = sample.frames_end;
    text_begin = sample.text_end;
  }
  pending_.clear();
  pending_frames_.clear();
  pending_texts_.clear();
  for (const auto& frames : frames_) {
    if (frames->full()) frames->forget();
  }
}

void Script::print_sample(const PendingSample& sample, size_t frames_begin, std::string_view before,
                          std::string_view after) {
  const EventStyle& style = *sample.style;
  print_start(style, sample.comm, sample.id);
  if (style.has(kFieldPeriod)) {
    write_decimal(out_, sample.period, 10);
    out_.write(" ");
  }
  if (style.has(kFieldEvent)) {
    out_.write(style.padded_name);
    out_.write(": ");
  }
  out_.write(before);
  if (style.has(kFieldIp)) {
    out_.write(style.chains ? "\n" : " ");
    for (size_t i = frames_begin; i < sample.frames_end; ++i) {
      out_.write(style.frames->text(pending_frames_[i]));
    }
  }
  out_.write(after);
  out_.write("\n");
}

void Script::print_sideband(const RecordView& view) {
  auto record = decoder_.decode(view);
  if (!record) return;
  // perf prints a thread's last words before it buries it, and everything else after it took place.
  names_.apply(*record);
  const bool task =
      std::holds_alternative<CommRecord>(*record) || std::holds_alternative<TaskRecord>(*record);
  if (task && !options_.show_task_events) return;
  const size_t event = decoder_.event_of(view);
  if (event >= styles_.size()) return;
  const SidebandOwner owner = sideband_owner(*record);
  SampleId id = owner.sample_id;
  if (!recording_.events()[event].attr.sample_id_all) {
    id.pid = owner.pid;
    id.tid = owner.tid;
    id.time = owner.time;
  }
  if (!filter_.takes_cpu(id.cpu)) return;
  print_batch();
  print_start(styles_[event], names_.name(owner.tid), id);
  write_sideband(out_, *record);
}

}  // namespace

Result<std::vector<std::string>> run_script(const ScriptOptions& options, Output& out) {
  auto opened = Recording::open(options.input);
  if (!opened) return tl::unexpected(std::move(opened.error()));
  Recording& recording = **opened;
  if (options.header || options.header_only) out << header_text(recording.reader());
  if (options.header_only) return recording.warnings();
  auto filter = SampleFilter::make(options.input.filter, recording);
  if (!filter) return tl::unexpected(std::move(filter.error()));
  Script script(options, recording, std::move(*filter), out);
  if (auto done = script.choose_styles(); !done) return tl::unexpected(std::move(done.error()));
  script.print_all();
  std::vector<std::string> warnings = recording.warnings();
  warnings.insert(warnings.end(), script.warnings().begin(), script.warnings().end());
  return warnings;
}

}  // namespace prof
