#include "record/recorder.h"

#include <fmt/core.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "perfdata/decode.h"
#include "perfdata/encode.h"
#include "record/asked_events.h"
#include "record/bpf_source.h"
#include "record/bus_guard.h"
#include "record/description.h"
#include "record/file_series.h"
#include "record/live_source.h"
#include "record/load_closure.h"
#include "record/perf_source.h"
#include "record/privileges.h"
#include "record/record_loop.h"
#include "record/record_summary.h"
#include "record/recording_features.h"
#include "record/recording_file.h"
#include "record/sideband_watch.h"
#include "record/signals.h"
#include "record/triggers.h"

namespace prof {

namespace {

/// Whether standard output is a pipe that nobody reads any more.
bool stdout_is_broken() {
  pollfd out{STDOUT_FILENO, 0, 0};
  return ::poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0;
}

/// One recording, step by step. The order of the steps is the point of this class: nothing of the
/// command's start is lost, and a start that fails leaves no file.
class Recorder {
 public:
  explicit Recorder(const RecordOptions& options) : options_(options) {}

  Result<RecordOutcome> run();

 private:
  Result<void> open_source();
  Result<std::vector<EventSpec>> specs(std::vector<std::string>& notes);
  Result<void> open_with_bpf(const std::vector<EventSpec>& specs, const Sampling& sampling,
                             std::vector<std::string>& notes);
  Result<void> open_output();
  EventSource& source() const {
    if (bpf_) return *bpf_;
    if (live_) return *live_;
    return *source_;
  }
  std::span<const EventAttr> file_events() const {
    if (bpf_) return bpf_->events();
    return live_ ? live_->events() : source_->events();
  }
  /// What walks stacks while they are recorded; nullptr if nothing does.
  const LiveUnwinder* unwinder() const {
    if (bpf_) return bpf_->unwinder();
    return live_ ? &live_->unwinder() : nullptr;
  }
  void prepare_walks();
  Result<void> begin_file();
  Result<void> begin_next_file();
  Result<void> begin();
  Result<RecordLoop::End> run_loop();
  void finish_source();
  void complete_file();
  void note_losses();
  Result<void> finish_files();
  Result<void> hand_over(RecordingFile& file, bool is_last);
  void describe_result(const RecordingTotals& totals, bool whole);
  RecordOutcome end_workload(RecordLoop::End end);
  bool has_several_files() const {
    return options_.switch_output.enabled() || options_.turn_seconds > 0;
  }
  bool reader_has_gone() const { return options_.output == "-" && stdout_is_broken(); }
  void notify(std::string_view line) const {
    if (options_.notify) options_.notify(line);
  }
  void notify_all(const std::vector<std::string>& notes) const {
    for (const std::string& note : notes) notify("prof: " + note);
  }

  RecordOptions options_;  // as asked for, less what is not possible here
  Target target_;
  std::unique_ptr<Workload> workload_;
  std::unique_ptr<SignalQueue> signals_;
  std::unique_ptr<PerfSource> source_;
  std::unique_ptr<BpfSource> bpf_;        // on top of it, for --bpf
  std::unique_ptr<LiveSource> live_;      // the same, for --call-graph dwarf,live
  std::vector<std::string> tracepoints_;  // that are recorded
  Features host_;
  std::optional<ControlChannel> control_;
  std::unique_ptr<Description> description_;
  std::unique_ptr<RecordingFile> file_;
  std::unique_ptr<FileSeries> series_;  // of earlier ones
  std::unique_ptr<SidebandWatch> sideband_;
  std::unique_ptr<RecordLoop> loop_;
  std::unique_ptr<Triggers> triggers_;
  uint64_t lost_ = 0;
  uint64_t lost_in_file_ = 0;  // of them, those that only this file can tell of
  uint64_t left_out_before_ = 0;
};

/// What -e says; what of it is not taken literally is told in `notes`.
Result<std::vector<EventSpec>> Recorder::specs(std::vector<std::string>& notes) {
  auto asked = asked_events(options_);
  if (!asked) return asked;
  std::vector<EventSpec>& specs = *asked;
  bool has_hits = false;
  if (options_.bpf && !std::ranges::all_of(specs, &std::string::empty, &EventSpec::filter)) {
    options_.bpf = false;
    notes.push_back(
        "BPF programs take hits before they are filtered: recording each sample instead");
  }
  for (EventSpec& spec : specs) {
    if (options_.count_each) count_each_occurrence(spec);
    if (!spec.tracepoint.empty()) tracepoints_.push_back(spec.tracepoint);
    has_hits |= spec.is_hit();
  }
  if (has_hits && options_.samples_by_bpf() && (options_.frequency || options_.max_frequency)) {
    notes.push_back("-F is not of tracepoints and uprobes that BPF takes: every hit counts");
  }
  if (!tracepoints_.empty() && options_.call_graph == CallGraph::Bpf && !options_.bpf &&
      options_.call_graph_chosen) {
    notes.push_back("--call-graph bpf leaves out the fields of tracepoints");
  }
  return asked;
}

Result<void> Recorder::open_source() {
  std::vector<std::string> notes;
  auto specs = this->specs(notes);
  if (!specs) return tl::unexpected(specs.error());
  auto sampling = Sampling::from(options_, notes);
  if (!sampling) return tl::unexpected(sampling.error());
  const bool known_clock = sampling->clock == CLOCK_MONOTONIC || sampling->clock == CLOCK_BOOTTIME;
  // What BPF takes of a tracepoint has no fields, which readers want to see; of a group no counts.
  const auto has_fields = [](const EventSpec& spec) {
    const bool own_chains = spec.terms.call_graph || spec.terms.stack_copy || spec.terms.max_stack;
    return spec.is_hit() || spec.reads_group || own_chains || is_bpf_output(spec.attr);
  };
  const bool fields = !options_.bpf &&
                      (options_.needs_kernels_samples() || std::ranges::any_of(*specs, has_fields));
  if (!options_.call_graph_chosen && options_.call_graph == CallGraph::Bpf &&
      (!known_clock || fields || options_.overwrite || !BpfObject::is_built_in())) {
    options_.call_graph = CallGraph::FramePointers;
    if (options_.overwrite) {
      notes.push_back(
          "--overwrite: call chains by frame pointers, which the kernel finds by itself");
    } else if (!tracepoints_.empty()) {
      notes.push_back(
          "call chains by frame pointers, as tracepoints shall have their fields "
          "(--call-graph bpf: whole chains, no fields)");
    } else if (!fields && options_.verbose) {
      notes.push_back(fmt::format(
          "{}: call chains by frame pointers",
          known_clock ? "this prof was built without BPF" : "BPF programs do not know this clock"));
    }
  }
  const bool programs = options_.samples_by_bpf() || options_.off_cpu;
  if (programs && !known_clock) {
    return fail("BPF programs tell the time by the clocks monotonic and boottime only", {}, 2);
  }

  const bool quiet_stdout = options_.output == "-" || options_.take;
  if (!options_.command.empty()) {
    auto fixed = place_breakpoints_of_command(options_, *specs, notes);
    if (!fixed) return tl::unexpected(fixed.error());
    auto workload = Workload::fork(options_.command, quiet_stdout, *fixed);
    if (!workload) return tl::unexpected(workload.error());
    workload_ = std::move(*workload);
  }
  signals_ = std::make_unique<SignalQueue>();
  auto target = resolve_target(options_, workload_ ? workload_->pid() : 0);
  if (!target) return tl::unexpected(target.error());
  target_ = std::move(*target);
  if (auto done = place_breakpoints(target_, *specs); !done) return done;
  raise_open_file_limit();  // after the fork: the command keeps its own
  if (programs) {
    if (auto done = open_with_bpf(*specs, *sampling, notes); !done) return done;
  }
  if (!source_) {
    auto source = PerfSource::open(options_, std::move(*specs), *sampling, target_, notes);
    if (!source) return tl::unexpected(source.error());
    source_ = std::move(*source);
  }
  if (options_.live && !bpf_) live_ = std::make_unique<LiveSource>(*source_, options_.cache);
  if (options_.verbose) {
    notes.push_back(fmt::format("{} ring buffers of {} KiB, {} events, {} threads",
                                source_->ring_count(), source_->ring_size() >> 10,
                                source_->events().size(), target_.threads.size()));
  }
  notify_all(notes);
  return {};
}

/// Leaves no source, and the reason in `notes`, where BPF is not to be had: then each sample is
/// recorded.
Result<void> Recorder::open_with_bpf(const std::vector<EventSpec>& specs, const Sampling& sampling,
                                     std::vector<std::string>& notes) {
  auto bpf = std::make_unique<BpfSource>(options_);
  std::optional<Error> refused;
  std::vector<std::string> own_notes;
  auto source =
      PerfSource::open(options_, specs, sampling, target_, own_notes, [&](const PerfSource& perf) {
        auto programs = bpf->load(perf, target_);
        if (!programs) refused = programs.error();
        return programs;
      });
  if (source) {
    if (options_.wakers && !bpf->knows_interrupts()) {
      own_notes.push_back(
          "/proc/kallsyms does not tell where interrupts are taken: a waker may be a thread that "
          "was "
          "interrupted");
    }
    if (const auto left_out = bpf->programs().left_out(); !left_out.empty()) {
      own_notes.push_back(
          fmt::format("{} events of the pattern do not open here, and are left out: "
                      "{}{}",
                      left_out.size(), left_out.front(), left_out.size() > 1 ? ", …" : ""));
    }
    source_ = std::move(*source);
    if (auto done = bpf->use(*source_, target_); !done) return done;
    bpf_ = std::move(bpf);
    notes.insert(notes.end(), own_notes.begin(), own_notes.end());
    return {};
  }
  if (!refused) return tl::unexpected(source.error());
  if (options_.off_cpu) {
    return tl::unexpected(std::move(*refused).in("cannot record the time away from the CPU"));
  }
  std::string instead = options_.bpf ? "recording each sample" : "";
  if (options_.call_graph == CallGraph::Bpf) {
    if (!instead.empty()) instead += ", and ";
    if (options_.call_graph_chosen) {
      instead += "unwinding copies of the stacks";
      options_.call_graph = CallGraph::Dwarf;
      options_.live = true;
      options_.stack_copy = kDefaultLiveCopy;
    } else {
      instead += "call chains by frame pointers";
      options_.call_graph = CallGraph::FramePointers;
    }
  }
  notes.push_back(fmt::format("{}; {} instead", refused->message, instead));
  if (!refused->hint.empty()) notes.push_back(refused->hint);
  options_.bpf = false;
  return {};
}

Result<void> Recorder::open_output() {
  const bool fields = !tracepoints_.empty() && !options_.samples_by_bpf();
  auto host = recording_features(options_, *source_, file_events(),
                                 fields ? tracepoints_ : std::vector<std::string>{});
  if (!host) return tl::unexpected(host.error());
  host_ = std::move(*host);
  return begin_file();
}

/// The first one.
Result<void> Recorder::begin_file() {
  auto file = RecordingFile::create(options_, file_events(), host_);
  if (!file) return tl::unexpected(file.error());
  file_ = std::move(*file);
  if ((options_.switch_output.enabled() || options_.timestamp_filename) && !file_->is_regular()) {
    return fail(fmt::format("'{}' is no file that could be renamed", options_.output),
                "--switch-output and --timestamp-filename need a file: give another -o", 2);
  }
  description_ = std::make_unique<Description>(options_, target_, *source_);
  if (!options_.overwrite) {
    description_->write(nullptr, [this](std::span<const std::byte> records) {
      if (bpf_) bpf_->describe(records);
      if (live_) live_->describe(records);
      file_->push(records);
    });
    file_->end_description();
  }
  auto loop = RecordLoop::create(source(), *signals_);
  if (!loop) return tl::unexpected(loop.error());
  loop_ = std::move(*loop);
  triggers_ = std::make_unique<Triggers>(options_, *loop_, source(), *source_);
  if (options_.overwrite && target_.kind != TargetKind::Cpus) {
    if (auto done = triggers_->each_second([this] { description_->remember(); }); !done)
      return done;
  }
  if (!options_.take && (options_.switch_output.enabled() || options_.timestamp_filename)) {
    series_ = std::make_unique<FileSeries>(options_);
  }
  if (has_several_files()) {
    sideband_ = std::make_unique<SidebandWatch>(recorded_processes(target_));
    loop_->show(sideband_.get());
  }
  if (control_) {
    if (auto done = triggers_->control_by(std::move(*control_)); !done) return done;
  }
  return loop_->write_to(*file_);
}

/// Ends the file and goes on in another, with the same events; see SidebandWatch. Where the other
/// cannot be had, the recording ends with this one.
Result<void> Recorder::begin_next_file() {
  auto next = RecordingFile::create(options_, file_events(), host_);
  if (!next) return tl::unexpected(next.error());
  if (series_) {
    notify(fmt::format("[ prof record: dump data: Woken up {} times ]", loop_->take_wakeups()));
  }
  sideband_->keep();
  std::vector<std::byte> description;
  if (!options_.overwrite) {
    description_->write(sideband_.get(), [&](std::span<const std::byte> records) {
      description.insert(description.end(), records.begin(), records.end());
      loop_->drain();  // describing a whole system takes a while
    });
  }
  source().settle();
  complete_file();
  std::unique_ptr<RecordingFile> last = std::exchange(file_, std::move(*next));
  file_->push(description);
  const auto since = sideband_->take();
  if (!options_.overwrite) {
    file_->push(since);
    file_->end_description();
  }
  auto ended = series_ ? series_->retire(std::move(last)) : hand_over(*last, false);
  if (ended) ended = file_->commit();
  if (auto done = loop_->write_to(*file_); ended) ended = done;
  triggers_->file_ended();
  return ended;
}

/// What is known to be recorded is not to wait for tables when it is.
void Recorder::prepare_walks() {
  std::vector<std::string> files;
  std::vector<uint32_t> processes(target_.processes.begin(), target_.processes.end());
  if (workload_) files = load_closure(options_.command.front());
  if (target_.kind == TargetKind::Cpus) processes.push_back(static_cast<uint32_t>(::getpid()));
  if (!files.empty() || !processes.empty()) bpf_->prepare(std::move(files), std::move(processes));
}

Result<void> Recorder::begin() {
  const bool by_exec = target_.kind == TargetKind::Command;
  if (bpf_ && options_.walks_in_kernel()) prepare_walks();
  if (options_.delay.begin == 0) {
    auto done = !by_exec ? source().start() : bpf_ ? bpf_->enable() : Result<void>{};
    if (!done) return done;
  }
  if (workload_) {
    if (auto done = workload_->release(); !done) return done;
  }
  if (auto done = triggers_->start(by_exec); !done) return done;
  return file_->commit();
}

void Recorder::finish_source() {
  source().stop();
  complete_file();
}

/// The last that goes into the file before it ends. The rings of --overwrite are read at once, and
/// then it is time to describe what ran: what they tell of it is only of late.
void Recorder::complete_file() {
  if (options_.overwrite) {
    auto records = loop_->take_records();
    description_->write(nullptr, [this](std::span<const std::byte> known) { file_->push(known); });
    file_->end_description();
    description_->drop_stale(records);
    file_->queue().push(std::move(records), true);
  } else {
    loop_->drain();
  }
  note_losses();
}

/// Tells the file what the kernel and the programs lost since the last one.
void Recorder::note_losses() {
  const uint64_t before = std::exchange(lost_, source().lost());
  lost_in_file_ = lost_ - std::min(lost_, before);
  // What --overwrite loses is lost between files, as is what has no more room.
  if (lost_in_file_ == 0 || options_.overwrite) return;
  RecordEncoder record(sample_id_size(source_->events().front().attr));
  record.lost_samples(lost_in_file_);
  const auto bytes = record.view();
  file_->queue().push({bytes.begin(), bytes.end()}, true);
}

/// Ends the file, and gives it to who takes it.
Result<void> Recorder::hand_over(RecordingFile& file, bool is_last) {
  if (auto written = file.finish(); !written) return written;
  const RecordingTotals totals = file.totals();
  const uint64_t left_out = bpf_ ? bpf_->programs().total(&stack_stats::left_out) : 0;
  return options_.take(
      file.unnamed(),
      {is_last, totals.samples, std::max(lost_in_file_, totals.lost), bpf_ && bpf_->is_incomplete(),
       bpf_ && options_.bpf, left_out - std::exchange(left_out_before_, left_out)});
}

/// Ends the last file, and says what the recording came to.
Result<void> Recorder::finish_files() {
  if (options_.take) return hand_over(*file_, true);
  Result<void> written;
  RecordingTotals totals;
  if (series_) {
    written = series_->retire(std::move(file_));
    if (auto done = series_->finish(); written) written = done;
    totals = series_->totals();
  } else {
    written = file_->finish();
    totals = file_->totals();
  }
  if (written || !reader_has_gone()) describe_result(totals, written.has_value());
  return written;
}

/// Runs until something ends the recording.
Result<RecordLoop::End> Recorder::run_loop() {
  const bool until_targets_end = target_.kind == TargetKind::Threads;
  for (;;) {
    const auto why = loop_->run(workload_.get(), until_targets_end);
    if (!why || *why != RecordLoop::End::NextFile) return why;
    if (auto done = begin_next_file(); !done) return tl::unexpected(done.error());
  }
}

void Recorder::describe_result(const RecordingTotals& totals, bool whole) {
  RecordSummary summary{options_, totals, loop_->take_wakeups(), bpf_.get(), unwinder()};
  summary.is_whole = whole;
  summary.lost = std::max(lost_, totals.lost);
  for (const std::string& line : summary_lines(summary)) notify("[ prof record: " + line + " ]");
}

RecordOutcome Recorder::end_workload(RecordLoop::End end) {
  RecordOutcome outcome;
  if (workload_ && workload_->reap(false)) {
    outcome.exit_code = workload_->exit_code();
    outcome.signal = workload_->signal();
  } else if (workload_) {
    workload_->terminate();
    // Another INT or TERM means: do not wait for it.
    while (!workload_->reap(false)) {
      if (signals_->wait() != SIGCHLD) break;
    }
  }
  if (end == RecordLoop::End::Signal) {
    outcome.signal = loop_->signal();
    outcome.exit_code = 128 + outcome.signal;
  }
  return outcome;
}

Result<RecordOutcome> Recorder::run() {
  if (auto done = validate(options_); !done) return tl::unexpected(done.error());
  guard_mapped_files();
  if (options_.control) {  // before the command is there
    auto channel = ControlChannel::open(*options_.control);
    if (!channel) return tl::unexpected(channel.error());
    control_ = std::move(*channel);
  }
  if (auto done = open_source(); !done) return tl::unexpected(done.error());
  if (auto done = open_output(); !done) return tl::unexpected(done.error());
  if (auto done = begin(); !done) return tl::unexpected(done.error());

  const auto end = run_loop();
  if (!end && options_.take) return tl::unexpected(end.error());
  finish_source();
  const auto written = finish_files();
  if (!end) return tl::unexpected(end.error());
  auto outcome = end_workload(*end);
  if (!written && reader_has_gone()) {
    outcome.signal = SIGPIPE;  // as any program ends whose reader had enough
    return outcome;
  }
  if (!written && options_.take) return tl::unexpected(written.error());
  if (!written) {
    Error error = written.error();
    error.hint = "the recording was stopped; what was written until then is kept";
    return tl::unexpected(std::move(error));
  }
  return outcome;
}

}  // namespace

Result<RecordOutcome> run_record(const RecordOptions& options) {
  return Recorder(options).run();
}

}  // namespace prof
