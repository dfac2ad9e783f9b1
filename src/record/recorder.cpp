#include "record/recorder.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "perfdata/decode.h"
#include "perfdata/encode.h"
#include "perfdata/writer.h"
#include "record/asked_events.h"
#include "record/bpf_source.h"
#include "record/bus_guard.h"
#include "record/file_keeper.h"
#include "record/host_info.h"
#include "record/live_source.h"
#include "record/load_closure.h"
#include "record/output.h"
#include "record/perf_source.h"
#include "record/privileges.h"
#include "record/record_loop.h"
#include "record/record_summary.h"
#include "record/signals.h"
#include "record/stack_trimmer.h"
#include "record/synthesize.h"
#include "record/tally.h"
#include "record/tracefs.h"
#include "record/write_queue.h"

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
  Result<void> open_file();
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
  void synthesize();
  void prepare_walks();
  Result<void> begin();
  Result<RecordLoop::End> run_turns();
  void finish_source();
  void note_losses();
  Result<void> finish_recording(bool is_last);
  Features features() const;
  void describe_result(bool whole);
  RecordOutcome end_workload(RecordLoop::End end);
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
  std::optional<OutputFile> output_;
  UniqueFd unnamed_;  // the recording, if it is to be taken
  std::unique_ptr<Writer> writer_;
  std::unique_ptr<FileKeeper> keeper_;
  std::unique_ptr<Tally> tally_;
  std::unique_ptr<WriteQueue> queue_;
  std::unique_ptr<StackTrimmer> trimmer_;
  std::unique_ptr<RecordLoop> loop_;
  uint64_t lost_ = 0;
  uint64_t lost_before_ = 0;  // of them, those of earlier turns
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
      (!known_clock || fields || !BpfObject::is_built_in())) {
    options_.call_graph = CallGraph::FramePointers;
    if (!tracepoints_.empty()) {
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
  describe_host(host_);
  host_.cmdline = options_.command_line;
  host_.has_branch_stack = options_.contents.branches != 0;
  const auto events = file_events();
  host_.event_desc.assign(events.begin(), events.end());
  if (source_->has_clock()) {
    const clockid_t clock = events.front().attr.clockid;
    timespec resolution{};
    ::clock_getres(clock, &resolution);
    host_.clock_resolution_ns = static_cast<uint64_t>(resolution.tv_nsec);
    host_.clock_data = read_clocks(clock);
  }
  if (options_.compression_level != 0) {
    // Readers take mmap_length for the most that one compressed record can hold.
    constexpr uint32_t kLeast = 128 << 10;
    CompressionInfo info;
    info.level = static_cast<uint32_t>(options_.compression_level);
    info.mmap_length = std::max(kLeast, static_cast<uint32_t>(source_->ring_size()));
    host_.compression = info;
  }
  if (!tracepoints_.empty() && !options_.samples_by_bpf()) {
    auto description = Tracefs::find().and_then(
        [this](const Tracefs& tracefs) { return tracefs.describe(tracepoints_); });
    if (!description) return tl::unexpected(description.error());
    host_.tracing_data = std::move(*description);
  }
  return open_file();
}

/// The file, and all that stands between it and the source.
Result<void> Recorder::open_file() {
  const auto events = file_events();
  auto output = options_.take ? OutputFile::create_unnamed() : OutputFile::create(options_.output);
  if (!output) return tl::unexpected(output.error());
  output_.emplace(std::move(*output));
  if (options_.take) unnamed_.reset(::fcntl(output_->fd(), F_DUPFD_CLOEXEC, 3));
  WriterOptions writer_options;
  writer_options.path = options_.output;
  writer_options.pipe = output_->is_pipe();
  writer_options.compression_level = options_.compression_level;
  writer_options.repeats = options_.call_graph != CallGraph::Dwarf || options_.live;
  writer_options.max_size = options_.max_size;
  auto writer = Writer::create(output_->take_fd(), writer_options, events, host_);
  if (!writer) return tl::unexpected(writer.error());
  writer_ = std::move(*writer);
  if (options_.cache.enabled()) keeper_ = std::make_unique<FileKeeper>(options_.cache);
  tally_ = std::make_unique<Tally>(events.front().attr, keeper_.get());
  queue_ = std::make_unique<WriteQueue>(*writer_, *tally_);
  trimmer_ = std::make_unique<StackTrimmer>(events);
  loop_ = std::make_unique<RecordLoop>(source(), *trimmer_, *queue_, *signals_);
  return {};
}

/// All of it precedes the first FINISHED_ROUND, up to which readers hold samples back.
void Recorder::synthesize() {
  const auto push = [this](std::span<const std::byte> records) {
    if (bpf_) bpf_->describe(records);
    if (live_) live_->describe(records);
    queue_->push({records.begin(), records.end()}, false);
  };
  RecordEncoder index(0);
  index.id_index(source_->id_index());
  if (index.size() != 0) push(index.view());
  const bool data =
      (options_.call_graph == CallGraph::Dwarf && !options_.live) || options_.contents.address;
  Synthesizer synthesizer(sample_id_size(source_->events().front().attr), data, push);
  if (!source_->user_only()) synthesizer.kernel();
  if (options_.bpf_events) synthesizer.bpf_programs();
  if (options_.contents.cgroup) synthesizer.cgroups();
  if (options_.namespaces) synthesizer.want_namespaces();
  synthesizer.maps_of(target_, target_.cpus);
  synthesizer.processes(target_);
  synthesizer.finish();
  RecordEncoder end(0);
  end.finished_init();
  push(end.view());
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
  if (options_.delay_ms == 0) {
    auto done = !by_exec ? source().start() : bpf_ ? bpf_->enable() : Result<void>{};
    if (!done) return done;
  }
  if (workload_) {
    if (auto done = workload_->release(); !done) return done;
  }
  return output_->commit();
}

void Recorder::finish_source() {
  source().stop();
  loop_->drain();
  note_losses();
}

/// Tells the file what the kernel and the programs lost since the last one.
void Recorder::note_losses() {
  lost_ = source().lost();
  if (lost_ <= lost_before_) return;
  RecordEncoder record(sample_id_size(source_->events().front().attr));
  record.lost_samples(lost_ - lost_before_);
  const auto bytes = record.view();
  queue_->push({bytes.begin(), bytes.end()}, true);
}

/// Ends the file, and hands it over if it is to be taken.
Result<void> Recorder::finish_recording(bool is_last) {
  Result<void> written = queue_->finish();
  if (!source_->events().front().attr.build_id) tally_->read_missing_build_ids();
  const auto finished = writer_->finish(features());
  const auto kept = keeper_ ? keeper_->finish() : FileKeeper::Kept{};
  if (written) written = finished;
  if (!options_.take) {
    if (written || !reader_has_gone()) describe_result(written.has_value());
    if (kept.files != 0) {
      notify(fmt::format("[ prof record: Kept {} that nobody would find later, {:.3f} MB in {} ]",
                         kept.files == 1 ? "a binary" : fmt::format("{} binaries", kept.files),
                         static_cast<double>(kept.bytes) / (1024.0 * 1024.0),
                         options_.cache.directory()));
    }
    return written;
  }
  const bool counted = bpf_ && options_.bpf;
  const uint64_t left_out = bpf_ ? bpf_->programs().total(&stack_stats::left_out) : 0;
  const uint64_t lost = std::max(lost_ - std::min(lost_, lost_before_), tally_->lost());
  lost_before_ = std::max(lost_, lost_before_);
  if (!written) return written;
  return options_.take(unnamed_.get(),
                       {is_last, tally_->samples(), lost, bpf_ && bpf_->is_incomplete(), counted,
                        left_out - std::exchange(left_out_before_, left_out)});
}

/// Runs until something ends the recording. In turns, a file ends with each of them, and the next
/// begins with what runs then; the events stay as they are.
Result<RecordLoop::End> Recorder::run_turns() {
  using Clock = std::chrono::steady_clock;
  const bool until_targets_end = target_.kind == TargetKind::Threads;
  if (options_.turn_seconds <= 0) return loop_->run(options_, workload_.get(), until_targets_end);
  const auto begin = Clock::now();
  RecordOptions turn = options_;
  for (uint64_t turns = 1;; ++turns) {
    const double so_far = std::chrono::duration<double>(Clock::now() - begin).count();
    const double left = options_.duration_seconds - so_far;
    const bool is_last =
        options_.duration_seconds > 0 &&
        static_cast<double>(turns) * options_.turn_seconds >= options_.duration_seconds;
    // By the clock of the whole, so that turns do not drift.
    const double end = static_cast<double>(turns) * options_.turn_seconds - so_far;
    turn.duration_seconds = std::max(is_last ? left : end, 0.001);
    const auto why = loop_->run(turn, workload_.get(), until_targets_end);
    if (!why || *why != RecordLoop::End::Duration || is_last) return why;
    source().settle();
    loop_->drain();
    note_losses();
    if (auto done = finish_recording(false); !done) return tl::unexpected(done.error());
    if (auto done = open_file(); !done) return tl::unexpected(done.error());
    synthesize();
    turn.delay_ms = 0;
  }
}

Features Recorder::features() const {
  Features features = host_;
  features.sample_time = tally_->sample_time();
  features.build_ids = tally_->build_ids();
  if (features.compression) {
    const auto stats = writer_->stats();
    const uint64_t ratio = stats.bytes_in / std::max<uint64_t>(stats.bytes_out, 1);
    features.compression->ratio = static_cast<uint32_t>(std::max<uint64_t>(ratio, 1));
  }
  return features;
}

void Recorder::describe_result(bool whole) {
  RecordSummary summary{options_,         writer_->stats(), *tally_,
                        loop_->wakeups(), bpf_.get(),       unwinder()};
  summary.is_whole = whole;
  summary.lost = std::max(lost_, tally_->lost());
  summary.shortened = trimmer_->shortened();
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
  if (auto done = open_source(); !done) return tl::unexpected(done.error());
  if (auto done = open_output(); !done) return tl::unexpected(done.error());
  synthesize();
  if (auto done = begin(); !done) return tl::unexpected(done.error());

  const auto end = run_turns();
  if (!end && options_.take) return tl::unexpected(end.error());
  finish_source();
  const auto written = finish_recording(true);
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
